#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include <docupilot/ingest.h>

#include "progress_show.h"

namespace docupilot_command {

/// How far it has come, and how fast; all that a progress line shows.
struct ProgressState {
  std::uint64_t documents_done = 0;
  std::uint64_t documents_total = 0;
  std::uint64_t documents_failed = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
  std::string current;
  double fraction = 0;              ///< 0 to 1; never falls.
  double documents_per_second = 0;  ///< Over the last seconds.
  double bytes_per_second = 0;
  double seconds_left = -1;  ///< Below zero: not known yet.
};

/// The line for a terminal of so many columns: bar, percent, documents, rates, time left and the file under way, as
/// much of it as fits into `columns - 1`, so that the terminal never wraps.
[[nodiscard]] std::string progress_line(const ProgressState& state, std::size_t columns, bool unicode, bool colour);
/// The line for a log.
[[nodiscard]] std::string plain_progress(const ProgressState& state);
[[nodiscard]] std::string json_progress(const ProgressState& state);

/// Shows how documents get on, in the way that was asked for. Calls may come from any thread.
class Progress {
 public:
  using Clock = ProgressClock;

  Progress(Output& output, ProgressMode mode, Clock::time_point now = Clock::now());
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const docupilot::IngestProgress& progress, Clock::time_point now = Clock::now());
  /// Takes the bar away. Nothing is shown afterwards.
  void finish();
  [[nodiscard]] ProgressState state() const;
  [[nodiscard]] double seconds(Clock::time_point now = Clock::now()) const;

 private:
  struct Sample {
    Clock::time_point when;
    std::uint64_t documents;
    std::uint64_t bytes;
  };
  void measure(Clock::time_point now);
  [[nodiscard]] ProgressTexts texts() const;

  const Clock::time_point start_;
  mutable std::mutex mutex_;
  ProgressShow show_;
  ProgressState state_;
  std::deque<Sample> samples_;
};

}  // namespace docupilot_command
