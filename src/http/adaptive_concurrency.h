#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace docupilot::inline v1::http {

/// How many requests an endpoint bears at a time, as its answers tell: "slow down" halves it, every 10 successes add
/// one. The requests that were under way when it was halved do not halve it again, since they say nothing about the new
/// number. Only counts, holds nobody back: the uploader asks `limit` before it starts another. Any thread.
class AdaptiveConcurrency {
 public:
  /// Between 1 and `most`, which is also the start.
  explicit AdaptiveConcurrency(unsigned most) : most_(std::max(1U, most)), limit_(most_) {}

  [[nodiscard]] unsigned limit() const {
    const std::lock_guard lock(mutex_);
    return limit_;
  }
  /// To be read before a request is sent and given back with its outcome.
  [[nodiscard]] std::uint64_t epoch() const {
    const std::lock_guard lock(mutex_);
    return epoch_;
  }
  void succeeded() {
    const std::lock_guard lock(mutex_);
    if (++successes_ < 10) return;
    successes_ = 0;
    limit_ = std::min(limit_ + 1, most_);
  }
  void throttled(std::uint64_t sent_in) {
    const std::lock_guard lock(mutex_);
    if (sent_in != epoch_) return;
    ++epoch_;
    successes_ = 0;
    limit_ = std::max(1U, limit_ / 2);
  }

 private:
  const unsigned most_;
  mutable std::mutex mutex_;
  unsigned limit_;
  unsigned successes_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace docupilot::inline v1::http
