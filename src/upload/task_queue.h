#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
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

  /// Any thread. The task may be what the queue's end waits for.
  void post(Task task) {
    const std::shared_ptr<State> state = state_;  // held, since the queue may end as soon as the task is in
    bool is_first = false;
    {
      const std::lock_guard lock(state->mutex);
      is_first = state->tasks.empty();
      state->tasks.push_back(std::move(task));
    }
    // Who is woken under the lock is stopped by it at once. Whoever posted the first has told.
    if (is_first) state->changed.notify_one();
  }

  /// All there are, once there are any or the moment has come; into `taken`, which is emptied first.
  void wait(std::vector<Task>& taken, std::optional<Moment> until) {
    taken.clear();
    std::unique_lock lock(state_->mutex);
    const auto any = [this] { return !state_->tasks.empty(); };
    if (until) state_->changed.wait_until(lock, *until, any);
    else state_->changed.wait(lock, any);
    state_->tasks.swap(taken);
  }

  /// In a child after a fork, before the end of the queue: who waits there has not come along, and nobody may wait for
  /// that.
  void abandon() { [[maybe_unused]] const auto* const kept = new std::shared_ptr<State>(state_); }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Task> tasks;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace docupilot::inline v1
