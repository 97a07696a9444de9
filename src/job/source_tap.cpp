#include "job/source_tap.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t head_size = 4096;

}  // namespace

Result<std::string_view> SourceTap::peek(const Context& context) {
  while (head_.size() < head_size) {
    const std::size_t filled = head_.size();
    head_.resize(head_size);
    auto count = source_.read({reinterpret_cast<std::byte*>(head_.data()) + filled, head_size - filled}, context);
    head_.resize(filled + (count ? *count : 0));
    if (!count) {
      source_failed_ = true;
      return std::move(count).error();
    }
    if (*count == 0) break;
  }
  return std::string_view(head_);
}

Result<std::size_t> SourceTap::read(MutableByteView into, const Context& context) {
  std::size_t count = 0;
  if (head_used_ < head_.size()) {
    count = std::min(into.size(), head_.size() - head_used_);
    std::memcpy(into.data(), head_.data() + head_used_, count);
    head_used_ += count;
  } else {
    auto read = source_.read(into, context);
    if (!read) {
      source_failed_ = true;
      return std::move(read).error();
    }
    count = *read;
  }
  hash_.update(into.first(count));
  if (count > 0 && on_bytes_) on_bytes_(count);
  return count;
}

}  // namespace docupilot::inline v1
