#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include <docupilot/upload/progress.h>

#include "progress_show.h"

namespace docupilot_command {

/// How far one object has come, and how fast; all that a line about it shows.
struct TransferState {
  docupilot::TransferProgress progress;
  std::string key;
  double seconds_waiting = 0;  ///< Since the store went out of reach, while progress.waiting.

  /// On their way or there; what is on its way may have to go again.
  [[nodiscard]] std::uint64_t bytes() const { return progress.bytes_done + progress.bytes_moving; }
  /// 0 to 1; nothing while the size is not known.
  [[nodiscard]] std::optional<double> fraction() const;
};

/// The line for a terminal of so many columns, as much of it as fits: bar and percent, what it waits for, bytes, rate,
/// time left, parts, and the key.
[[nodiscard]] std::string transfer_line(const TransferState& state, std::size_t columns, bool unicode, bool colour);
/// The line for a log.
[[nodiscard]] std::string plain_transfer(const TransferState& state);
[[nodiscard]] std::string json_transfer(const TransferState& state);

/// Shows how an upload or download gets on, in the way that was asked for. A log gets a line every ten seconds unless
/// more was asked for. People are told once when the store goes out of reach, and why. Calls may come from any thread.
class TransferShow {
 public:
  using Clock = ProgressClock;

  TransferShow(Output& output, ProgressMode mode, std::string key, Clock::time_point now = Clock::now());
  ~TransferShow();
  TransferShow(const TransferShow&) = delete;
  TransferShow& operator=(const TransferShow&) = delete;

  void update(const docupilot::TransferProgress& progress, Clock::time_point now = Clock::now());
  /// Takes the bar away. Nothing is shown afterwards.
  void finish();
  [[nodiscard]] double seconds(Clock::time_point now = Clock::now()) const;

 private:
  [[nodiscard]] ProgressTexts texts() const;

  Output& output_;
  const Clock::time_point start_;
  std::mutex mutex_;
  ProgressShow show_;
  TransferState state_;
  Clock::time_point waits_since_;
};

}  // namespace docupilot_command
