#include "store/s3_body.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "crypto/crc32c.h"
#include "crypto/crc64nvme.h"
#include "json/base64.h"
#include "store/store_rules.h"

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

void ResumableWriter::restart() {
  skip_ = taken_;
  again_ = 0;
}

Result<void> ResumableWriter::write(ByteView bytes) {
  if (skip_ > 0) {
    const ByteView seen = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size())));
    again_ = crc::crc64nvme(seen, again_);
    skip_ -= seen.size();
    bytes = bytes.subspan(seen.size());
    if (skip_ == 0 && again_ != crc64_) {
      error_ = Error(ErrorCode::conflict, "the object was replaced while it was read").hint("read it again");
      return *error_;
    }
  }
  while (!bytes.empty()) {
    DOCUPILOT_CHECK(context_.check("get"));
    const ByteView block = bytes.first(std::min(bytes.size(), store_block));
    bytes = bytes.subspan(block.size());
    if (auto taken = into_.write(block); !taken) {
      error_ = taken.error();
      return taken;
    }
    taken_ += block.size();
    crc64_ = crc::crc64nvme(block, crc64_);
    crc32c_ = crc::crc32c(block, crc32c_);
  }
  return {};
}

Result<void> ResumableWriter::verify(const http::Headers& headers) {
  if (headers.get("x-amz-checksum-type") == "COMPOSITE") return {};
  const auto differs = [&](std::string_view name, const std::string& ours) {
    const auto theirs = headers.find(name);
    // One with a dash is made of the parts' checksums and says nothing about the whole.
    return theirs && theirs->find('-') == std::string_view::npos && *theirs != ours;
  };
  if (!differs("x-amz-checksum-crc64nvme", base64_of(crc64_)) &&
      !differs("x-amz-checksum-crc32c", base64_of(crc32c_))) {
    return {};
  }
  return Error(ErrorCode::corrupted, "the bytes that came are not those that were stored")
      .hint("throw them away and read the object again");
}

}  // namespace docupilot::inline v1::s3
