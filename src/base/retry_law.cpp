#include "base/retry_law.h"

#include <algorithm>
#include <cmath>

namespace docupilot::inline v1 {

namespace {

constexpr std::int64_t aws_hint_span = 5'000'000'000;  // nanoseconds

}  // namespace

Duration retry_delay(const RetryPolicy& policy, RetryReason reason, unsigned waits, double random,
                     const std::optional<ServerHint>& hint) noexcept {
  const Duration base = reason == RetryReason::throttled ? policy.throttle_base : policy.transient_base;
  const double grown = std::ldexp(static_cast<double>(base.nanoseconds()), static_cast<int>(std::min(waits, 62U)));
  const double most = std::min(grown, static_cast<double>(policy.longest_delay.nanoseconds()));
  const Duration own(static_cast<std::int64_t>(most * random));
  if (!hint) return own;
  // The hint, if it lies within [own, own + 5 s]; else whichever end of that is nearer.
  if (hint->aws) return std::clamp(hint->delay, own, Duration(own.nanoseconds() + aws_hint_span));
  return std::min(hint->delay, policy.longest_hint);
}

}  // namespace docupilot::inline v1
