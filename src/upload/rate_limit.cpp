#include "upload/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace docupilot::inline v1 {

namespace {

constexpr double room_seconds = 0.2;
constexpr double crumb_seconds = 0.02;  // what comes in that time is worth a turn

double room_of(std::uint64_t rate) { return std::max(1.0, static_cast<double>(rate) * room_seconds); }

}  // namespace

RateLimit::RateLimit(std::uint64_t bytes_per_second) noexcept : rate_(bytes_per_second) {}

void RateLimit::fill(Duration now) noexcept {
  if (filled_.nanoseconds() != INT64_MIN && now > filled_) {
    const auto passed = static_cast<double>(now.nanoseconds()) - static_cast<double>(filled_.nanoseconds());
    held_ = std::min(room_of(rate_), held_ + static_cast<double>(rate_) * passed / 1e9);
  }
  filled_ = std::max(filled_, now);
}

void RateLimit::set(Duration now, std::uint64_t bytes_per_second) noexcept {
  const std::scoped_lock lock(mutex_);
  fill(now);
  rate_ = bytes_per_second;
  held_ = std::min(held_, rate_ == 0 ? 0 : room_of(rate_));
}

std::uint64_t RateLimit::bytes_per_second() const noexcept {
  const std::scoped_lock lock(mutex_);
  return rate_;
}

RateLimit::Grant RateLimit::take(Duration now, std::uint64_t want) noexcept {
  const std::scoped_lock lock(mutex_);
  if (rate_ == 0) return {.bytes = want, .again = now};
  fill(now);
  const auto rate = static_cast<double>(rate_);
  // No more than the bucket can hold, so that what is waited for does come.
  const double least =
      std::ceil(std::min({static_cast<double>(want), std::max(1.0, rate * crumb_seconds), room_of(rate_)}));
  Grant grant;
  if (held_ >= least) {
    grant.bytes = std::min(want, static_cast<std::uint64_t>(held_));
    held_ -= static_cast<double>(grant.bytes);
  }
  if (grant.bytes < want) {
    const double missing = std::max(0.0, std::min(static_cast<double>(want - grant.bytes), least) - held_);
    const auto wait = std::max<std::int64_t>(1, Duration::from_seconds(missing / rate).nanoseconds() + 1);
    grant.again = Duration(now.nanoseconds() > INT64_MAX - wait ? INT64_MAX : now.nanoseconds() + wait);
  } else {
    grant.again = now;
  }
  return grant;
}

void RateLimit::give_back(std::uint64_t bytes) noexcept {
  const std::scoped_lock lock(mutex_);
  if (rate_ != 0) held_ = std::min(room_of(rate_), held_ + static_cast<double>(bytes));
}

}  // namespace docupilot::inline v1
