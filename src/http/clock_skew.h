#pragma once

#include <atomic>
#include <optional>

#include <docupilot/base/time.h>
#include <docupilot/http/transport.h>

namespace docupilot::inline v1::http {

/// What has to be added to this machine's clock to get the server's. Any thread.
class ClockSkew {
 public:
  [[nodiscard]] Duration offset() const noexcept { return Duration(nanoseconds_.load(std::memory_order_relaxed)); }
  void set(Duration offset) noexcept { nanoseconds_.store(offset.nanoseconds(), std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> nanoseconds_ = 0;
};

/// The offset that a reply tells: its Date less the middle of the round trip, `sent` and `received` being read from
/// this machine's clock as it is. Nothing without a Date that can be read, when a cache gave it (Age), or when the trip
/// took more than 15 minutes or less than nothing.
[[nodiscard]] std::optional<Duration> measured_offset(const Headers& headers, Timestamp sent, Timestamp received);

/// Whether the two differ by more than 4 minutes: only then can a refusal that may have other reasons be blamed on the
/// clock.
[[nodiscard]] bool differs_much(Duration a, Duration b) noexcept;

}  // namespace docupilot::inline v1::http
