#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <docupilot/base/cancel.h>

#include "base/part_file.h"
#include "upload/download_record.h"

namespace docupilot::inline v1 {

/// The hidden file that a download fills in any order, with room for all of it from the beginning, and the record of
/// what has come. The record is written as ranges come and needs no order on the disk: nothing in it is believed
/// before the bytes have been read back. After an error of its own nothing of it is of use to another run.
class DownloadFile {
 public:
  explicit DownloadFile(std::unique_ptr<PartFile> file) noexcept : file_(std::move(file)) {}

  /// Returns what an earlier run has left, to be looked at. Errors: those of PartFile::open_again; exhausted when there
  /// is no room for the size.
  [[nodiscard]] Result<std::vector<DownloadRecord::Entry>> open(const DownloadIdentity& identity, std::uint64_t ranges);

  // Any thread, each for ranges of its own.
  [[nodiscard]] Result<void> write(std::uint64_t offset, ByteView bytes);
  /// The range is whole: the record may tell of it, and the disk may have it.
  [[nodiscard]] Result<void> came(std::uint64_t offset, std::uint64_t length, const DownloadRecord::Entry& entry);
  /// CRC64NVME of what is on the disk; nothing when it cannot be read. Errors: cancelled, timeout.
  [[nodiscard]] Result<std::optional<std::uint64_t>> checksum(std::uint64_t offset, std::uint64_t length,
                                                              const Context& context) const;

  /// In hexadecimal digits, of the first bytes of the file. Errors: those of the disk; cancelled, timeout.
  [[nodiscard]] Result<std::string> sha256(std::uint64_t size, const Context& context);

  /// Empties the record: the bytes are not what they should be.
  [[nodiscard]] Result<void> forget();
  /// Makes it durable and puts it in its place.
  [[nodiscard]] Result<void> keep();
  /// Lets it stay for another run, unless the disk failed.
  void leave() noexcept;

 private:
  [[nodiscard]] Result<void> reserve(std::uint64_t size);
  [[nodiscard]] Result<void> write_at(int file, std::uint64_t offset, ByteView bytes);
  [[nodiscard]] Error failed(std::string_view what);

  std::unique_ptr<PartFile> file_;
  std::optional<DownloadRecord> record_;
  FileDescriptor record_file_;
  std::atomic<bool> failed_ = false;
};

}  // namespace docupilot::inline v1
