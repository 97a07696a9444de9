#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include <docupilot/http/transport.h>

namespace docupilot_test {

/// Waits for the end of one transfer, and counts how often it was told.
class HttpWaiter {
 public:
  [[nodiscard]] docupilot::http::Transport::Done done() {
    return [this](docupilot::Result<docupilot::http::Response> result) {
      const std::lock_guard lock(mutex_);
      ++calls_;
      result_.emplace(std::move(result));
      changed_.notify_all();
    };
  }
  [[nodiscard]] docupilot::Result<docupilot::http::Response> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return result_.has_value(); });
    return std::move(*result_);
  }
  [[nodiscard]] int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<docupilot::Result<docupilot::http::Response>> result_;
  int calls_ = 0;
};

}  // namespace docupilot_test
