#pragma once

#include <algorithm>
#include <optional>

#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

struct PatienceOptions {
  Duration give_up = Duration::milliseconds(900'000);       ///< Without progress. Default 15 min.
  Duration shortest_probe = Duration::milliseconds(1'000);  ///< Default 1 s.
  Duration longest_probe = Duration::milliseconds(20'000);  ///< Default 20 s.
};

/// What keeps a long upload alive through an outage that outlasts the attempts of a call: the transfer pauses, one
/// probe goes out now and then, and it fails only after a long time without an acknowledged byte. Only decides, waits
/// for nothing; times are those of one steady clock. For one thread.
class Patience {
 public:
  Patience(PatienceOptions options, Duration now) noexcept : options_(options), last_progress_(now) {}

  /// Bytes were acknowledged.
  void progressed(Duration now) noexcept { last_progress_ = now; }
  /// How long to wait before the next probe, `random` being in [0, 1), and not less than `at_least`, which the server
  /// may have asked for. Nothing: give up, the probe would come after the time without progress has run out.
  [[nodiscard]] std::optional<Duration> next_probe(Duration now, double random, Duration at_least = {}) const noexcept {
    const auto span = static_cast<double>(options_.longest_probe.nanoseconds() - options_.shortest_probe.nanoseconds());
    const Duration drawn(options_.shortest_probe.nanoseconds() + static_cast<std::int64_t>(span * random));
    const Duration wait = std::max(drawn, at_least);
    const std::int64_t idle = now.nanoseconds() - last_progress_.nanoseconds();
    if (idle + wait.nanoseconds() > options_.give_up.nanoseconds()) return std::nullopt;
    return wait;
  }

 private:
  PatienceOptions options_;
  Duration last_progress_;
};

}  // namespace docupilot::inline v1
