#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1 {

/// What a download must have in common with an earlier one to go on where that one ended.
struct DownloadIdentity {
  std::string location;  ///< Of the store.
  std::string key;
  std::string etag;
  std::uint64_t size = 0;
  std::uint64_t range_size = 0;
};

/// The layout of the record beside a hidden file: which of its ranges have come, and their checksums. A digest of the
/// identity comes first, then 16 bytes for each range in its own place: its CRC64NVME, and a check over that, the
/// range's number and the identity. What is torn, damaged or of another download is not believed, entry by entry.
/// Holds no name and nothing secret. No I/O.
class DownloadRecord {
 public:
  struct Entry {
    std::uint64_t index = 0;
    std::uint64_t crc64nvme = 0;

    bool operator==(const Entry&) const = default;
  };
  static constexpr std::size_t head_size = 32;
  static constexpr std::size_t entry_size = 16;

  explicit DownloadRecord(const DownloadIdentity& identity);

  [[nodiscard]] const std::array<std::byte, head_size>& head() const noexcept { return head_; }
  [[nodiscard]] static std::uint64_t offset_of(std::uint64_t index) noexcept { return head_size + index * entry_size; }
  [[nodiscard]] std::array<std::byte, entry_size> write(const Entry& entry) const noexcept;

  /// Whether a record begins as one of this download.
  [[nodiscard]] bool matches(ByteView record) const noexcept;
  /// The entries that can be believed, by number; none of a record that does not match.
  [[nodiscard]] std::vector<Entry> read(ByteView record, std::uint64_t ranges) const;

 private:
  [[nodiscard]] std::uint64_t check_of(const Entry& entry) const noexcept;

  std::array<std::byte, head_size> head_;
};

}  // namespace docupilot::inline v1
