#pragma once

#include <stop_token>
#include <string_view>

#include <docupilot/base/result.h>
#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// The moment after which a call gives up, on the steady clock: a change of the wall clock does not move it.
class DOCUPILOT_EXPORT Deadline {
 public:
  /// No deadline.
  constexpr Deadline() noexcept = default;
  /// From now on; a length of zero or less has passed already.
  [[nodiscard]] static Deadline after(Duration length) noexcept;
  /// The earlier of the two.
  [[nodiscard]] static Deadline earlier(Deadline a, Deadline b) noexcept;

  [[nodiscard]] bool is_set() const noexcept { return steady_nanoseconds_ != 0; }
  [[nodiscard]] bool expired() const noexcept;
  /// What is left, never negative; about 292 years when not set.
  [[nodiscard]] Duration remaining() const noexcept;

 private:
  std::int64_t steady_nanoseconds_ = 0;  // 0: not set
};

/// How long a call may take and how to stop it. The last argument of every call that can block.
///
///     std::stop_source stop;
///     client.ingest("big.pdf", {}, {.deadline = Deadline::after(30s), .stop = stop.get_token()});
///
/// A call looks at both at least every 250 ms while it works, and then returns `timeout` or `cancelled`.
struct Context {
  Deadline deadline = {};     ///< Default: none.
  std::stop_token stop = {};  ///< Default: cannot be stopped.

  /// `cancelled` or `timeout`, naming `operation`, once the call should end.
  [[nodiscard]] DOCUPILOT_EXPORT Result<void> check(std::string_view operation) const;
};

}  // namespace docupilot::inline v1
