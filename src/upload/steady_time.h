#pragma once

#include <chrono>

#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// The steady clock, as a length of time: only differences mean something.
[[nodiscard]] inline Duration steady_now() noexcept {
  return Duration(std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

}  // namespace docupilot::inline v1
