#pragma once

#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// The bytes that stores read, write and check for an end at a time.
inline constexpr std::size_t store_block = std::size_t{256} << 10U;

/// The parts that one object may have, numbered from 1 (Amazon S3 User Guide, multipart upload limits).
inline constexpr int most_parts = 10'000;

/// What every store refuses alike, as invalid_argument or too_large. The caller adds operation, backend and target.
/// An ETag travels in headers and, in a multipart upload, in its id: no blanks, quotes or controls. "" is none.
[[nodiscard]] Result<void> check_etag(std::string_view etag);
[[nodiscard]] Result<void> check_put_options(const PutOptions& options);
[[nodiscard]] Result<void> check_list_options(const ListOptions& options);
[[nodiscard]] Result<void> check_part_number(int number);
/// The parts in the order of their numbers. Errors: invalid_argument when there are none or two of one number.
[[nodiscard]] Result<std::vector<PartInfo>> parts_in_order(std::vector<PartInfo> parts);
[[nodiscard]] std::uint64_t total_size(const std::vector<PartInfo>& parts) noexcept;
/// CRC-64/NVME of the parts one behind the other, in their order here, where that of each is known.
[[nodiscard]] std::optional<std::uint64_t> joined_crc64nvme(const std::vector<PartInfo>& parts) noexcept;
/// Whether the object's size and checksum are known to be those of the parts joined.
[[nodiscard]] bool is_made_of(const ObjectInfo& object, const std::vector<PartInfo>& parts) noexcept;
/// Where a range ends, at most at `size`. Errors: invalid_argument when it begins behind that.
[[nodiscard]] Result<std::uint64_t> end_of_range(const GetOptions& options, std::uint64_t size);

/// Counts what a reader gives and compares it with the size that it said.
class BodyCounter {
 public:
  explicit BodyCounter(const Reader& body) : said_(body.size()) {}
  /// Room worth offering to the reader: one byte more than it said, so that a longer one is noticed.
  [[nodiscard]] std::size_t block() const noexcept;
  /// Takes a count that the reader returned for `room` bytes. Errors: corrupted once it is more than it said.
  [[nodiscard]] Result<void> add(std::size_t count, std::size_t room);
  /// At the reader's end. Errors: corrupted when it gave less than it said.
  [[nodiscard]] Result<std::uint64_t> finish() const;

 private:
  std::optional<std::uint64_t> said_;
  std::uint64_t count_ = 0;
};

/// User metadata with names in lower case.
[[nodiscard]] std::map<std::string, std::string> with_lower_names(const std::map<std::string, std::string>& attributes);

}  // namespace docupilot::inline v1
