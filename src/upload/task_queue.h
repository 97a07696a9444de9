#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace docupilot::inline v1 {

/// What other threads want done by one thread: functions, run in the order in which they came.
class TaskQueue {
 public:
  using Task = std::function<void()>;
  using Moment = std::chrono::steady_clock::time_point;

  /// Any thread.
  void post(Task task) {
    // Told under the lock: the task may be what the queue's end waits for.
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (tasks_.size() == 1) changed_.notify_one();  // whoever posted the first has told
  }

  /// All there are, once there are any or the moment has come; into `taken`, which is emptied first.
  void wait(std::vector<Task>& taken, std::optional<Moment> until) {
    taken.clear();
    std::unique_lock lock(mutex_);
    const auto any = [this] { return !tasks_.empty(); };
    if (until) changed_.wait_until(lock, *until, any);
    else changed_.wait(lock, any);
    tasks_.swap(taken);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> tasks_;
};

}  // namespace docupilot::inline v1
