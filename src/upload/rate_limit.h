#pragma once

#include <cstdint>
#include <mutex>

#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// A cap on bytes a second that any number of transfers share: a bucket that fills at the rate and holds what comes in
/// a fifth of a second. Has no clock: `now` is the time since any moment that stays the same, and never falls. Any
/// thread.
class RateLimit {
 public:
  struct Grant {
    std::uint64_t bytes = 0;  ///< May move now; at most as many as were wanted.
    Duration again = {};      ///< When to ask next, if not all were granted: a `now`, later than this one.
  };

  /// 0: no limit.
  explicit RateLimit(std::uint64_t bytes_per_second = 0) noexcept;
  RateLimit(const RateLimit&) = delete;
  RateLimit& operator=(const RateLimit&) = delete;

  /// From now on. What waits should ask again, since `again` of an earlier grant may be far too late.
  void set(Duration now, std::uint64_t bytes_per_second) noexcept;
  [[nodiscard]] std::uint64_t bytes_per_second() const noexcept;
  /// Some of what is wanted, or nothing while that would be only crumbs. What is granted counts as moved.
  [[nodiscard]] Grant take(Duration now, std::uint64_t want) noexcept;
  /// Of a grant, that did not move after all.
  void give_back(std::uint64_t bytes) noexcept;

 private:
  void fill(Duration now) noexcept;

  mutable std::mutex mutex_;
  std::uint64_t rate_;  // 0: no limit
  double held_ = 0;     // bytes
  Duration filled_ = Duration(INT64_MIN);
};

}  // namespace docupilot::inline v1
