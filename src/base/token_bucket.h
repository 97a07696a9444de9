#pragma once

#include <algorithm>
#include <mutex>

namespace docupilot::inline v1 {

/// The retry quota that all calls to one endpoint share: when much fails, retries stop before they become an attack.
/// A first try never asks it. Any thread.
class TokenBucket {
 public:
  explicit TokenBucket(unsigned capacity) : capacity_(capacity), left_(capacity) {}

  /// Takes all of `count` or nothing.
  [[nodiscard]] bool take(unsigned count) {
    const std::lock_guard lock(mutex_);
    if (left_ < count) return false;
    left_ -= count;
    return true;
  }
  /// Gives back, never above the capacity.
  void give(unsigned count) {
    const std::lock_guard lock(mutex_);
    left_ += std::min(count, capacity_ - left_);
  }
  [[nodiscard]] unsigned left() const {
    const std::lock_guard lock(mutex_);
    return left_;
  }

 private:
  const unsigned capacity_;
  mutable std::mutex mutex_;
  unsigned left_;
};

}  // namespace docupilot::inline v1
