#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/sanitizer.h"

namespace docupilot_test {

/// How much of what takes long is done: all of it when the environment says DOCUPILOT_FAULTS=all, else a share that
/// begins at a random place. The seed is told, and DOCUPILOT_FAULTS_SEED=N repeats a run.
class Thoroughness {
 public:
  Thoroughness() {
    const char* const all = std::getenv("DOCUPILOT_FAULTS");
    all_ = all != nullptr && std::string_view(all) == "all";
    const char* const seed = std::getenv("DOCUPILOT_FAULTS_SEED");
    seed_ = seed != nullptr ? std::strtoull(seed, nullptr, 10) : std::random_device()();
    random.seed(seed_);
    MESSAGE("DOCUPILOT_FAULTS_SEED=" << seed_);
  }
  /// Of `all`, how many are done.
  [[nodiscard]] int of(int all) const { return all_ ? all : std::max(1, all / share / slower); }
  /// Every so many-th of a range is done; 1: every one.
  [[nodiscard]] std::uint64_t stride() const { return all_ ? 1 : 4 * share * slower; }

  std::mt19937_64 random;

 private:
#ifdef DOCUPILOT_LIVE_SERVERS
  static constexpr int share = 64;
#else
  static constexpr int share = 16;
#endif
  static constexpr int slower = under_sanitizer ? 16 : 1;

  bool all_ = false;
  std::uint64_t seed_ = 0;
};

}  // namespace docupilot_test
