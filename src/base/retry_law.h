#pragma once

#include <optional>

#include <docupilot/base/retry.h>

namespace docupilot::inline v1 {

/// How long a server asks to wait.
struct ServerHint {
  Duration delay;
  /// It came as `x-amz-retry-after`, which AWS means as a floor and a ceiling for our own delay.
  bool aws = false;
};

/// Why an attempt is made again.
enum class RetryReason {
  transient,  ///< Trouble on the way or at the server.
  throttled,  ///< Refused for now.
};

/// What a retry takes from the TokenBucket: 14, or 5 when throttled. A success gives back what its last retry took.
[[nodiscard]] constexpr unsigned retry_cost(RetryReason reason) noexcept {
  return reason == RetryReason::throttled ? 5 : 14;
}

/// The one law of how long to wait before the next attempt, after `waits` earlier waits of the same call: a `random`
/// part (in [0, 1)) of RetryPolicy's base, which doubles with each wait up to the longest. A server's hint is kept to
/// instead, up to the longest hint; one of AWS's own counts between our own delay and 5 s more.
[[nodiscard]] Duration retry_delay(const RetryPolicy& policy, RetryReason reason, unsigned waits, double random,
                                   const std::optional<ServerHint>& hint = {}) noexcept;

}  // namespace docupilot::inline v1
