#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "output.h"

namespace docupilot_command {

using ProgressClock = std::chrono::steady_clock;

/// How far something has come, told in each of the three ways.
struct ProgressTexts {
  std::function<std::string(const Terminal&)> line;  ///< Narrower than the terminal.
  std::function<std::string()> plain;
  std::function<std::string()> json;
};

/// Decides whether and when progress is shown, and shows it on standard error. One thread at a time.
class ProgressShow {
 public:
  /// `log_interval`: between two lines where there is no terminal and nobody asked for anything.
  ProgressShow(Output& output, ProgressMode mode, ProgressClock::duration log_interval, ProgressClock::time_point now);

  /// Shows it if it is time.
  /// `notable`: a log hears of it at once.
  void update(ProgressClock::time_point now, const ProgressTexts& texts, bool notable = false);
  /// Takes the bar away; programs get the last state. Nothing is shown afterwards.
  void finish(const ProgressTexts& texts);
  /// Whether people read it, rather than nobody or a program.
  [[nodiscard]] bool is_for_people() const { return mode_ == ProgressMode::bar || mode_ == ProgressMode::plain; }

 private:
  [[nodiscard]] bool is_due(ProgressClock::time_point now) const;

  Output& output_;
  ProgressMode mode_;
  const bool patient_;  // nothing is shown of what is over at once
  ProgressClock::duration interval_;
  const ProgressClock::time_point start_;
  ProgressClock::time_point shown_;
  bool finished_ = false;
};

/// A line of at most `columns - 1`, so that the terminal never wraps: bar and percent where they are known, of the
/// fields, the most important first, those that have room, and what is under way, shortened as it must be.
[[nodiscard]] std::string drawn_progress(std::optional<double> fraction, const std::vector<std::string>& fields,
                                         std::string_view current, std::size_t columns, bool unicode, bool colour);
/// "12%", rounded down: 100 is all.
[[nodiscard]] std::string percent(double fraction);

}  // namespace docupilot_command
