#include "extract/arena.h"

#include <algorithm>
#include <new>

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t first_block = 32U << 10U;  // doubled each time, up to
constexpr std::size_t largest_block = 1U << 20U;
constexpr std::uint32_t calls_between_checks = 4096;

}  // namespace

Arena::Arena(std::size_t limit, const Context& context) : limit_(limit), context_(context) {
  // So that adding a block never throws through the library; the first ones are smaller than the largest.
  blocks_.reserve(limit / largest_block + 8);
}

void Arena::leave(bool limit_passed) noexcept {
  limit_passed_ = limit_passed;
  std::longjmp(escape, 1);  // NOLINT: the only way out of a C library that does not look for null
}

void Arena::grow(std::size_t size) noexcept {
  const std::size_t next_block = std::min(largest_block, first_block << std::min<std::size_t>(blocks_.size(), 16));
  const std::size_t wanted = std::max(size, next_block);
  if (wanted > limit_ - used_) leave(true);
  std::byte* block = new (std::nothrow) std::byte[wanted];
  if (block == nullptr || blocks_.size() == blocks_.capacity()) {
    delete[] block;
    leave(true);
  }
  blocks_.emplace_back(block);
  used_ += wanted;
  next_ = block;
  left_ = wanted;
}

void* Arena::allocate(std::size_t size) noexcept {
  if (++calls_ % calls_between_checks == 0 && !context_.check("extract")) leave(false);
  constexpr std::size_t unit = alignof(std::max_align_t);
  if (size > limit_) leave(true);
  const std::size_t rounded = (size + unit - 1) / unit * unit;
  if (rounded > left_) grow(rounded);
  std::byte* const given = next_;
  next_ += rounded;
  left_ -= rounded;
  return given;
}

Error Arena::failure() const {
  if (limit_passed_) {
    return Error(ErrorCode::too_large,
                 "the elements of the page take more than " + std::to_string(limit_ >> 20U) + " MiB of memory")
        .hint("split the page, or save it as plain text");
  }
  auto ended = context_.check("extract");
  return ended ? Error(ErrorCode::cancelled, "stopped at the caller's request") : std::move(ended).error();
}

}  // namespace docupilot::inline v1
