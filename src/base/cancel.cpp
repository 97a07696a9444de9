#include <docupilot/base/cancel.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace docupilot::inline v1 {

namespace {

std::int64_t steady_now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Deadline Deadline::after(Duration length) noexcept {
  const std::int64_t now = steady_now();
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - now;
  Deadline deadline;
  deadline.steady_nanoseconds_ = std::max<std::int64_t>(1, now + std::min(length.nanoseconds(), most));
  return deadline;
}

Deadline Deadline::earlier(Deadline a, Deadline b) noexcept {
  if (!a.is_set()) return b;
  if (!b.is_set()) return a;
  return a.steady_nanoseconds_ < b.steady_nanoseconds_ ? a : b;
}

bool Deadline::expired() const noexcept { return is_set() && steady_now() >= steady_nanoseconds_; }

Duration Deadline::remaining() const noexcept {
  if (!is_set()) return Duration(std::numeric_limits<std::int64_t>::max());
  return Duration(std::max<std::int64_t>(0, steady_nanoseconds_ - steady_now()));
}

Result<void> Context::check(std::string_view operation) const {
  if (stop.stop_requested()) return Error(ErrorCode::cancelled, "stopped at the caller's request").operation(operation);
  if (deadline.expired()) {
    return Error(ErrorCode::timeout, "the deadline passed").operation(operation).hint("allow more time, or try again");
  }
  return {};
}

}  // namespace docupilot::inline v1
