#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>

namespace docupilot::inline v1::testing {

class Waker;

/// What all connections of one server have in common: the word to stop, and the word to let go of what is stalled.
class Control {
 public:
  /// Every wait, now and later, ends with `stopped`.
  void stop();
  /// Ends the stalls that began before.
  void release();
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(); }
  /// How often `release` was called.
  [[nodiscard]] std::uint64_t releases() const noexcept { return releases_.load(); }

 private:
  friend class Waker;
  std::mutex mutex_;
  std::set<Waker*> wakers_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> releases_{0};
};

/// The one place where a thread of the kit waits; other threads can interrupt it. One for each thread.
class Waker {
 public:
  /// Throws std::runtime_error when the system has no descriptor left.
  explicit Waker(Control& control);
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// Waits for one of poll's `events` on `fd` (none for -1) or for `nudge`. True when `fd` is ready. Ends after
  /// `timeout`, unless that is negative. Throws ConnectionEnded once the server stops or `interrupt` was called.
  bool wait(int fd, short events, std::chrono::milliseconds timeout = std::chrono::milliseconds(-1));
  /// Waits for that long; returns early only by throwing.
  void sleep(std::chrono::milliseconds time);
  /// How often things were released so far. Asked for before a stall is made known, so that no release is missed.
  [[nodiscard]] std::uint64_t releases() const noexcept { return control_.releases(); }
  /// Waits until there were more releases than `before`. Throws likewise, and when the other side of `fd` went away.
  void stall(int fd, std::uint64_t before);

  /// Ends the current wait, or the next. Any thread.
  void nudge() noexcept;
  /// Ends this and every later wait with an exception. Any thread.
  void interrupt() noexcept;

 private:
  void check() const;

  Control& control_;
  int event_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace docupilot::inline v1::testing
