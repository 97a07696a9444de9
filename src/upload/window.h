#pragma once

#include <algorithm>
#include <cstdint>

#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// How many requests are sent at a time. "Slow down" halves it, and those that were on their way by then do not halve
/// it again; ten successes add one, up to where it began. Beyond that more are tried: a quarter more, for a second in
/// which all are in use. They stay when the rate is a tenth better than before, else they go, and the next trial comes
/// after twice as many seconds. For one thread; times are those of one steady clock.
class Window {
 public:
  /// `first` to begin with, never more than `most`.
  Window(unsigned first, unsigned most) : first_(std::max(1U, first)), most_(std::max(first_, most)), limit_(first_) {}

  [[nodiscard]] unsigned limit() const noexcept { return limit_; }
  [[nodiscard]] bool has_room(unsigned in_use) const noexcept { return in_use < limit_; }
  /// To be read before a request is sent and given back with its outcome.
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }

  void throttled(std::uint64_t sent_in) noexcept {
    if (sent_in != epoch_) return;
    ++epoch_;
    successes_ = 0;
    limit_ = std::max(1U, limit_ / 2);
    before_trial_ = 0;
    begin_interval({});
  }

  /// A request ended well that carried so many bytes; `in_use` requests were under way with it.
  void succeeded(std::uint64_t bytes, unsigned in_use, Duration now) noexcept {
    if (limit_ < first_ && ++successes_ >= 10) {
      successes_ = 0;
      ++limit_;
      return;
    }
    if (limit_ < first_) return;
    if (in_use < limit_ || began_ == Duration()) return begin_interval(now);
    bytes_ += bytes;
    const double seconds = Duration(now.nanoseconds() - began_.nanoseconds()).seconds();
    if (seconds < 1) return;
    const double rate = static_cast<double>(bytes_) / seconds;
    begin_interval(now);
    if (before_trial_ != 0) end_trial(rate);
    else if (rest_ > 0 && --rest_ > 0) return;
    if (before_trial_ == 0 && rest_ == 0 && limit_ < most_) begin_trial(rate);
  }

 private:
  void begin_interval(Duration now) noexcept {
    began_ = now;
    bytes_ = 0;
  }
  void begin_trial(double rate) noexcept {
    rate_ = rate;
    before_trial_ = limit_;
    limit_ = std::min(most_, limit_ + std::max(1U, limit_ / 4));
  }
  void end_trial(double rate) noexcept {
    if (rate < rate_ * 1.1) {
      limit_ = before_trial_;
      rests_ = std::min(2 * rests_, 64U);
      rest_ = rests_;
    }
    before_trial_ = 0;
  }

  const unsigned first_;
  const unsigned most_;
  unsigned limit_;
  unsigned successes_ = 0;
  std::uint64_t epoch_ = 0;
  Duration began_;  // of the interval that is measured; zero: none
  std::uint64_t bytes_ = 0;
  unsigned before_trial_ = 0;  // the limit; zero: there is no trial
  double rate_ = 0;            // before the trial
  unsigned rest_ = 0;          // intervals until the next one
  unsigned rests_ = 1;
};

}  // namespace docupilot::inline v1
