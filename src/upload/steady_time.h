#pragma once

#include <chrono>

#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// The steady clock as what has no clock of its own wants it: the time since a moment that stays the same.
[[nodiscard]] inline Duration steady_time() noexcept {
  return Duration(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

}  // namespace docupilot::inline v1
