#include "job/object_reader.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t block_size = 1U << 20U;
constexpr std::uint64_t head_size = 4096;

}  // namespace

Result<std::string> ObjectReader::read_head(const Context& context) {
  MemoryWriter head;
  if (size_ > 0) DOCUPILOT_CHECK(store_.get(key_, head, {.length = std::min(head_size, size_)}, context));
  return std::move(head).text();
}

Result<std::size_t> ObjectReader::read(MutableByteView into, const Context& context) {
  if (used_ == block_.size()) {
    if (fetched_ == size_) return 0;
    MemoryWriter block(block_size);
    const std::uint64_t length = std::min(block_size, size_ - fetched_);
    DOCUPILOT_CHECK(store_.get(key_, block, {.offset = fetched_, .length = length}, context));
    if (block.text().size() != length) {
      return Error(ErrorCode::corrupted, "the object is shorter than it was").operation("read object").target(key_);
    }
    block_ = std::move(block).text();
    used_ = 0;
    fetched_ += length;
  }
  const std::size_t count = std::min(into.size(), block_.size() - used_);
  std::memcpy(into.data(), block_.data() + used_, count);
  used_ += count;
  return count;
}

}  // namespace docupilot::inline v1
