#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "http/sleeper.h"

namespace docupilot_test {

/// A wall clock and a steady clock that stand still until somebody sleeps or the test moves them. Any thread.
class VirtualTime {
 public:
  explicit VirtualTime(docupilot::Timestamp start = {1'750'000'000'000'000}) : wall_(start.microseconds) {}

  docupilot::Clock& clock() { return clock_; }
  docupilot::http::Sleeper& sleeper() { return sleeper_; }
  void advance(docupilot::Duration length) {
    const std::lock_guard lock(mutex_);
    passed_ += length.nanoseconds();
    wall_ += length.nanoseconds() / 1000;
  }
  /// The wall clock alone jumps.
  void jump(docupilot::Duration length) {
    const std::lock_guard lock(mutex_);
    wall_ += length.nanoseconds() / 1000;
  }
  [[nodiscard]] docupilot::Timestamp wall() const {
    const std::lock_guard lock(mutex_);
    return {wall_};
  }
  /// How long each sleep was, in the order they began.
  [[nodiscard]] std::vector<docupilot::Duration> sleeps() const {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }
  /// Called at the start of each sleep, before time passes.
  std::function<void()> on_sleep = {};

 private:
  class VirtualClock final : public docupilot::Clock {
   public:
    explicit VirtualClock(VirtualTime& owner) : owner_(owner) {}
    docupilot::Timestamp now() override { return owner_.wall(); }

   private:
    VirtualTime& owner_;
  };
  class VirtualSleeper final : public docupilot::http::Sleeper {
   public:
    explicit VirtualSleeper(VirtualTime& owner) : owner_(owner) {}
    docupilot::Duration now() override {
      const std::lock_guard lock(owner_.mutex_);
      return docupilot::Duration(owner_.passed_);
    }
    docupilot::Duration remaining(const docupilot::Deadline& deadline) override {
      if (!deadline.is_set()) return docupilot::Duration(INT64_MAX);
      return docupilot::Duration(std::max<std::int64_t>(0, deadline.remaining().nanoseconds() - now().nanoseconds()));
    }
    docupilot::Result<void> sleep(docupilot::Duration length, const docupilot::Context& context,
                                  std::string_view operation) override {
      if (owner_.on_sleep) owner_.on_sleep();
      {
        const std::lock_guard lock(owner_.mutex_);
        owner_.sleeps_.push_back(length);
      }
      if (auto going = context.check(operation); !going) return going;
      owner_.advance(length);
      return {};
    }

   private:
    VirtualTime& owner_;
  };

  mutable std::mutex mutex_;
  std::int64_t wall_;
  std::int64_t passed_ = 0;
  std::vector<docupilot::Duration> sleeps_;
  VirtualClock clock_{*this};
  VirtualSleeper sleeper_{*this};
};

}  // namespace docupilot_test
