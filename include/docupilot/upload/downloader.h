#pragma once

#include <functional>
#include <memory>
#include <string>

#include <docupilot/store/object_store.h>
#include <docupilot/upload/progress.h>

namespace docupilot::inline v1 {

struct DownloaderOptions {
  unsigned connections = 8;                            ///< Ranges of one object at a time, 1 to 64. Default 8.
  std::uint64_t range_size = std::uint64_t{8} << 20U;  ///< 64 KiB to 1 GiB. Smaller objects come in one request.
  std::uint64_t bytes_per_second = 0;                  ///< 0: no limit.
  /// Keeps what has come of a download that fails or is killed, beside its target under a hidden name, and goes on from
  /// there next time if the object is still the same. Default true. Without it such a file is removed.
  bool resume = true;
};

struct DownloadResult {
  ObjectInfo object;
  std::uint64_t crc64nvme = 0;      ///< Of the bytes as they came, or as they were found on the disk.
  bool verified = false;            ///< Compared with a checksum that the store keeps of the whole object.
  std::uint64_t bytes_resumed = 0;  ///< That were on the disk already.
};

struct DownloadOptions {
  std::string if_match = {};                                      ///< Only this etag, else `precondition_failed`.
  std::function<void(const TransferProgress&)> on_progress = {};  ///< Never two at a time; must not block or throw.
};

/// Brings objects into files: in ranges, several at a time, all of one version (If-Match), verified against the
/// store's own checksum, written where they belong in a hidden file of mode 0600 that takes the target's name, durably,
/// when it is whole. Any thread.
class DOCUPILOT_EXPORT Downloader {
 public:
  virtual ~Downloader();
  /// To a file of the caller's choice. Errors: those of ObjectStore::get; of the disk (exhausted when it is full: the
  /// target stays untouched); corrupted when the bytes are not those that were stored; precondition_failed when the
  /// object changes meanwhile; conflict when another process brings the same object to the same place; cancelled.
  [[nodiscard]] virtual Result<DownloadResult> to_file(const std::string& key, const std::string& path,
                                                       const DownloadOptions& options = {},
                                                       const Context& context = {}) = 0;
  /// Below a folder under the object's own key, by the rules of get_into_folder.
  [[nodiscard]] virtual Result<DownloadResult> into_folder(const std::string& key, const std::string& folder,
                                                           const DownloadOptions& options = {},
                                                           const Context& context = {}) = 0;
  /// Changes the bandwidth of all downloads together, at once. 0: no limit.
  virtual void limit_rate(std::uint64_t bytes_per_second) = 0;
};

/// Errors: invalid_argument for options that cannot be right.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<Downloader>> make_downloader(std::shared_ptr<ObjectStore> store,
                                                                                   DownloaderOptions options = {});

}  // namespace docupilot::inline v1
