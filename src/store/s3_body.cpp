#include "store/s3_body.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "json/base64.h"

namespace docupilot::inline v1::s3 {

namespace {

template <class Word>
std::string base64_of(Word word) {
  std::array<std::byte, sizeof word> bytes;
  for (std::size_t i = 0; i < sizeof word; ++i) bytes[sizeof word - 1 - i] = static_cast<std::byte>(word >> (8 * i));
  return to_base64(bytes);
}

}  // namespace

std::string to_checksum(std::uint64_t crc64nvme) { return base64_of(crc64nvme); }
std::string to_checksum(std::uint32_t crc32c) { return base64_of(crc32c); }

std::optional<std::uint64_t> from_checksum(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != sizeof(std::uint64_t)) return std::nullopt;
  std::uint64_t word = 0;
  for (const std::byte byte : *bytes) word = (word << 8U) | std::to_integer<std::uint64_t>(byte);
  return word;
}

std::optional<std::uint64_t> told_checksum(const http::Headers& headers) {
  if (headers.get("x-amz-checksum-type") == "COMPOSITE") return std::nullopt;
  return from_checksum(headers.get(checksum_header));
}

Result<std::size_t> ExactReader::read(MutableByteView into, const Context& context) {
  const auto wrong = [this] {
    return Error(ErrorCode::corrupted, "the reader said " + std::to_string(size_) + " bytes and gave another number")
        .hint("the data changed while they were read: try again");
  };
  if (rest_ == 0) {
    std::byte one{};
    DOCUPILOT_TRY(const std::size_t more, body_.read({&one, 1}, context));
    if (more != 0) return wrong();
    return std::size_t{0};
  }
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), rest_));
  DOCUPILOT_TRY(const std::size_t count, body_.read(into.first(room), context));
  if (count == 0 || count > room) return wrong();
  rest_ -= count;
  if (rest_ == 0) {
    std::byte one{};
    DOCUPILOT_TRY(const std::size_t more, body_.read({&one, 1}, context));
    if (more != 0) return wrong();
  }
  return count;
}

Result<std::size_t> TappedReader::read(MutableByteView into, const Context& context) {
  begun_ = true;
  auto count = body_.read(into, context);
  if (!count) error_ = count.error();
  return count;
}

}  // namespace docupilot::inline v1::s3
