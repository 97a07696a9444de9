#include "upload/worker_pool.h"

#include <system_error>
#include <utility>

namespace docupilot::inline v1 {

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::run(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (work_.size() >= idle_ && threads_.size() < most_) {
      try {
        threads_.emplace_back([this] { loop(); });
        ++idle_;  // it will look for work before it waits
      } catch (const std::system_error&) {
        // Those that there are do it, later.
      }
    }
    if (!threads_.empty()) {
      work_.push_back(std::move(work));
      work = nullptr;
    }
  }
  if (work) work();
  else changed_.notify_one();
}

void WorkerPool::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !work_.empty(); });
    if (work_.empty()) return;
    std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    --idle_;
    lock.unlock();
    work();
    work = nullptr;  // with all it owns, before the lock
    lock.lock();
    ++idle_;
  }
}

}  // namespace docupilot::inline v1
