#include "job/crew.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t waiting_text = 32U << 20U;              // bytes of text that may wait for the next commit
constexpr auto commit_delay = std::chrono::milliseconds(30);  // for others to join a group

struct Ready {
  std::size_t index = 0;
  Prepared work;
  std::optional<Pipeline::Failure> failure;  // of the preparation
};

class Crew {
 public:
  Crew(const Pipeline& pipeline, std::vector<Task> tasks, const CrewOptions& options, const OnEnd& on_end,
       const Context& context)
      : pipeline_(pipeline), tasks_(std::move(tasks)), options_(options), on_end_(on_end), context_(context) {}

  void run() {
    const std::size_t workers = std::min<std::size_t>(options_.concurrency, tasks_.size());
    if (workers <= 1) return run_alone();
    std::vector<std::jthread> threads;
    working_ = workers;
    for (std::size_t i = 0; i < workers; ++i) threads.emplace_back([this] { work(); });
    for (;;) {
      std::vector<Ready> group = next_group();
      if (group.empty()) return;
      commit(group);
    }
  }

 private:
  Ready prepare(Task& task) const {
    Ready ready{.index = task.index, .work = {.job = std::move(task.job)}, .failure = {}};
    if (auto go = context_.check("ingest"); !go) {
      ready.failure = backend_failure(ready.work.job, std::move(go).error());
    } else {
      ready.failure = pipeline_.prepare(ready.work, task.source, context_);
    }
    return ready;
  }

  void run_alone() {
    std::vector<Ready> group;
    std::size_t text = 0;
    for (Task& task : tasks_) {
      group.push_back(prepare(task));
      text += group.back().work.text.size();
      if (group.size() < options_.group && text < waiting_text && &task != &tasks_.back()) continue;
      commit(group);
      group.clear();
      text = 0;
    }
  }

  void work() {
    for (;;) {
      const std::size_t next = next_task_.fetch_add(1);
      if (next >= tasks_.size()) break;
      Ready ready = prepare(tasks_[next]);
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return text_waiting_ < waiting_text; });
      text_waiting_ += ready.work.text.size();
      queue_.push_back(std::move(ready));
      something_.notify_one();
    }
    const std::lock_guard lock(mutex_);
    --working_;
    something_.notify_one();
  }

  // Waits for the first that is ready, then a moment for more; empty at the end.
  std::vector<Ready> next_group() {
    std::unique_lock lock(mutex_);
    something_.wait(lock, [&] { return !queue_.empty() || working_ == 0; });
    something_.wait_for(lock, commit_delay, [&] {
      return queue_.size() >= options_.group || working_ == 0 || text_waiting_ >= waiting_text;
    });
    std::vector<Ready> group;
    while (!queue_.empty() && group.size() < options_.group) {
      text_waiting_ -= queue_.front().work.text.size();
      group.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    room_.notify_all();
    return group;
  }

  void commit(std::vector<Ready>& group) {
    std::vector<Prepared> good;
    for (Ready& ready : group) {
      if (!ready.failure) good.push_back(std::move(ready.work));
    }
    auto failures = pipeline_.commit(good, context_);
    auto next = good.begin();
    for (Ready& ready : group) {
      if (ready.failure) continue;
      ready.failure = std::move(failures[static_cast<std::size_t>(next - good.begin())]);
      ready.work = std::move(*next++);
    }
    std::vector<Pipeline::Failed> given_up;
    for (const Ready& ready : group) {
      if (ready.failure) given_up.push_back({ready.work.job, *ready.failure});
    }
    pipeline_.give_up(given_up);
    for (Ready& ready : group) on_end_(ready.index, ready.work, ready.failure);
  }

  const Pipeline& pipeline_;
  std::vector<Task> tasks_;
  CrewOptions options_;
  const OnEnd& on_end_;
  const Context& context_;

  std::atomic<std::size_t> next_task_ = 0;
  std::mutex mutex_;  // guards the following
  std::condition_variable something_, room_;
  std::deque<Ready> queue_;
  std::size_t text_waiting_ = 0;
  std::size_t working_ = 0;
};

}  // namespace

void run_crew(const Pipeline& pipeline, std::vector<Task> tasks, const CrewOptions& options, const OnEnd& on_end,
              const Context& context) {
  if (!tasks.empty()) Crew(pipeline, std::move(tasks), options, on_end, context).run();
}

}  // namespace docupilot::inline v1
