#pragma once

#include <cstdlib>

namespace docupilot_test {

/// Ends a fuzz target that found a breach.
inline void insist(bool holds) {
  if (!holds) std::abort();
}

}  // namespace docupilot_test
