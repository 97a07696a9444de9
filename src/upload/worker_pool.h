#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace docupilot::inline v1 {

/// Threads for calls that block. One is started when there is work and none is idle, up to a number; they end with the
/// pool, which first does all that was given to it.
class WorkerPool {
 public:
  explicit WorkerPool(unsigned most) : most_(most) {}
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Any thread. Where no thread can be started at all, the work is done by the caller.
  void run(std::function<void()> work);

 private:
  void loop();

  const unsigned most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool closed_ = false;
};

}  // namespace docupilot::inline v1
