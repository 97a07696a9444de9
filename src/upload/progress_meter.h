#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <docupilot/upload/progress.h>

namespace docupilot::inline v1 {

/// Tells how fast a transfer is, over the last five seconds, how long it will take, and when its caller should hear of
/// it. Has no clock: `now` is the time since any moment that stays the same, and never falls. One thread at a time.
class ProgressMeter {
 public:
  /// From the beginning of the transfer; the first report is due one interval later.
  explicit ProgressMeter(Duration now);

  /// When the next report is due, four times a second.
  [[nodiscard]] Duration due_at() const noexcept { return due_; }
  [[nodiscard]] bool due(Duration now) const noexcept { return now >= due_; }
  /// Fills in rate and remaining time from the bytes that this run has moved or is moving. To be called whenever a
  /// report is due, whether somebody listens or not, and once at the end.
  void measure(Duration now, TransferProgress& progress);

 private:
  struct Sample {
    Duration when;
    std::uint64_t bytes;
  };
  Sample first_;                 // the last one before the window
  std::vector<Sample> samples_;  // in the window, some fifty at the most
  Duration due_;
};

}  // namespace docupilot::inline v1
