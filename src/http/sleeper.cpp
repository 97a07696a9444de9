#include "http/sleeper.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace docupilot::inline v1::http {

namespace {

class SystemSleeper final : public Sleeper {
 public:
  Duration now() override { return std::chrono::steady_clock::now().time_since_epoch(); }
  Duration remaining(const Deadline& deadline) override { return deadline.remaining(); }
  Result<void> sleep(Duration length, const Context& context, std::string_view operation) override {
    // Nobody else knows of the two: the stop token wakes the wait, and nothing else does.
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    const auto end = std::chrono::steady_clock::now() +
                     std::chrono::nanoseconds(std::min(length, context.deadline.remaining()).nanoseconds());
    woken.wait_until(lock, context.stop, end, [] { return false; });
    return context.check(operation);
  }
};

}  // namespace

Sleeper::~Sleeper() = default;

Sleeper& Sleeper::system() noexcept {
  static SystemSleeper sleeper;
  return sleeper;
}

}  // namespace docupilot::inline v1::http
