#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <docupilot/base/cancel.h>

namespace docupilot::inline v1 {

/// Memory for one run of a C library that allocates through callbacks, trusts them to succeed, and may be sent into
/// allocating without end. It hands memory out in order and gives all of it back at once, which also spares the
/// library's recursive clean-up. Past `limit` bytes, or when the call should end, it jumps out of the library to
/// `escape`.
class Arena {
 public:
  Arena(std::size_t limit, const Context& context);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Aligned for anything, never null. Call it only while `escape` holds a frame without destructors above it.
  [[nodiscard]] void* allocate(std::size_t size) noexcept;
  /// Why it jumped.
  [[nodiscard]] Error failure() const;

  std::jmp_buf escape;

 private:
  [[noreturn]] void leave(bool limit_passed) noexcept;
  void grow(std::size_t size) noexcept;

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
  std::size_t limit_;
  Context context_;
  std::uint32_t calls_ = 0;
  bool limit_passed_ = false;
};

}  // namespace docupilot::inline v1
