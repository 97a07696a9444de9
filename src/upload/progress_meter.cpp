#include "upload/progress_meter.h"

#include <algorithm>

namespace docupilot::inline v1 {

namespace {

constexpr Duration interval = Duration::milliseconds(250);
constexpr Duration window = Duration::milliseconds(5'000);

constexpr Duration operator+(Duration a, Duration b) noexcept { return Duration(a.nanoseconds() + b.nanoseconds()); }
constexpr Duration operator-(Duration a, Duration b) noexcept { return Duration(a.nanoseconds() - b.nanoseconds()); }

/// Of this run. Bytes on their way count: parts may be large, and a rate that jumps with each helps nobody.
std::uint64_t moved(const TransferProgress& progress) noexcept {
  return progress.bytes_done - std::min(progress.bytes_done, progress.bytes_resumed) + progress.bytes_moving;
}

}  // namespace

ProgressMeter::ProgressMeter(Duration now) : first_{now, 0}, due_(now + interval) {}

void ProgressMeter::measure(Duration now, TransferProgress& progress) {
  if (due_ <= now) due_ = now + interval;
  const std::uint64_t bytes = moved(progress);
  // The last one before the window stays: the rate is over the whole window, however seldom this is called.
  while (!samples_.empty() && now - samples_.front().when >= window) {
    first_ = samples_.front();
    samples_.erase(samples_.begin());
  }
  const Duration passed = now - first_.when;
  // An attempt that failed takes its bytes back; that is no negative rate.
  const std::uint64_t gained = bytes - std::min(bytes, first_.bytes);
  progress.bytes_per_second = passed.nanoseconds() > 0 ? static_cast<double>(gained) / passed.seconds() : 0;
  progress.remaining.reset();
  if (progress.bytes_total && progress.bytes_per_second > 0) {
    const std::uint64_t there = progress.bytes_done + progress.bytes_moving;
    const std::uint64_t left = *progress.bytes_total - std::min(*progress.bytes_total, there);
    progress.remaining = Duration::from_seconds(static_cast<double>(left) / progress.bytes_per_second);
  }
  if (now - (samples_.empty() ? first_ : samples_.back()).when >= Duration::milliseconds(100))
    samples_.push_back({now, bytes});
}

}  // namespace docupilot::inline v1
