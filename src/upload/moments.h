#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// At the end of time at the latest.
[[nodiscard]] constexpr Duration later(Duration now, Duration length) noexcept {
  return Duration(now.nanoseconds() + std::min(INT64_MAX - now.nanoseconds(), length.nanoseconds()));
}

/// Moves `when` forward to `other`, if that is there and comes before it.
constexpr void earliest(std::optional<Duration>& when, const std::optional<Duration>& other) {
  if (other && (!when || *other < *when)) when = other;
}

}  // namespace docupilot::inline v1
