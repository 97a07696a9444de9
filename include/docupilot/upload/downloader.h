#pragma once

#include <functional>
#include <memory>
#include <string>

#include <docupilot/store/object_store.h>
#include <docupilot/upload/progress.h>

namespace docupilot::inline v1 {

struct DownloaderOptions {
  unsigned connections = 8;  ///< Ranges of one object at a time, 1 to 64. Default 8.
  /// 64 KiB to 1 GiB; larger for objects of more than 65,536 ranges. Smaller objects come in one request. Default 8
  /// MiB.
  std::uint64_t range_size = std::uint64_t{8} << 20U;
  std::uint64_t bytes_per_second = 0;  ///< Of all downloads together. 0: no limit.
  /// Keeps the ranges that have come of a download that fails or is killed, beside the target under a hidden name, and
  /// goes on from there next time if object, version and store are the same: what is on the disk is read back and
  /// compared, never only believed. Kept is nothing that another try has no use for: after corrupted, not_found,
  /// precondition_failed and errors of the disk. Default true. Without it nothing is kept or used.
  bool resume = true;
};

struct DownloadResult {
  ObjectInfo object;
  std::uint64_t crc64nvme = 0;      ///< Of the bytes as they came, or as they were read back from the disk.
  bool verified = false;            ///< Compared with a checksum that the store keeps of the whole object.
  std::uint64_t bytes_resumed = 0;  ///< That were on the disk already.
  unsigned attempts_failed = 0;     ///< Ranges that came damaged and were fetched again.
};

struct DownloadOptions {
  std::string if_match = {};  ///< Only this etag, else `precondition_failed`.
  /// What the SHA-256 of the whole must be, in small hexadecimal digits, else `corrupted`. All is read back for it
  /// before the file takes its place. Empty: any.
  std::string sha256 = {};
  /// Called a few times a second and once at the end, by the thread that called: must not block or throw. Done bytes
  /// fall only when all has to be fetched again (see Downloader).
  std::function<void(const TransferProgress&)> on_progress = {};
};

/// Brings objects into files: in ranges, several at a time, all of one version (If-Match), verified against the
/// store's own checksum where it tells one, written where they belong in a hidden file of mode 0600 that takes the
/// target's name, durably, when it is whole. Room is set aside before the first byte comes. A range that comes damaged
/// is fetched again once; and once all of them, when only the whole is not what the store says.
///
/// Calls may be made from any thread at any time. No thread before the first call, none after the last.
class DOCUPILOT_EXPORT Downloader {
 public:
  virtual ~Downloader();
  /// To a file of the caller's choice. Errors: those of ObjectStore::head and get; of the disk (exhausted when it is
  /// full: the target stays untouched); corrupted when the bytes are not those that were stored; precondition_failed
  /// when the object changes meanwhile; conflict while another download, of any process, brings something to the same
  /// place; cancelled, timeout.
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
