#pragma once

#include <string>
#include <string_view>

#include <sys/stat.h>

#include <docupilot/base/bytes.h>
#include <docupilot/base/cancel.h>
#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// A descriptor that is closed with this object.
class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) noexcept : fd_(fd) {}
  ~UniqueFd();
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  UniqueFd& operator=(UniqueFd&&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// What an errno means for a source: errno_error, and the numbers that only sources meet. `operation` is a verb.
[[nodiscard]] Error source_error(int number, std::string_view operation, std::string_view target);

/// Whether this is a regular file. Errors: invalid_argument that says what it is instead and what to do about it.
[[nodiscard]] Result<void> check_regular(const struct stat& status, std::string_view operation,
                                         std::string_view target);

/// Every `read` of a source starts with this. Errors: cancelled, timeout, invalid_argument when there is no room.
[[nodiscard]] Result<void> check_read(MutableByteView into, const Context& context);

}  // namespace docupilot::inline v1
