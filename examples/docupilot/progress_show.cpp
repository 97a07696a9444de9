#include "progress_show.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "text.h"

namespace docupilot_command {

namespace {

using namespace std::chrono_literals;

constexpr auto bar_interval = 100ms;
constexpr auto json_interval = 500ms;
constexpr auto plain_interval = 5s;
constexpr auto patience = 300ms;  // what is over sooner shows no bar

std::string bar(double fraction, std::size_t columns, bool unicode) {
  const auto eighths = static_cast<std::size_t>(fraction * static_cast<double>(columns * 8));
  const std::size_t full = std::min(eighths / 8, columns);
  std::string text;
  if (!unicode) {
    text.append(full, '#');
    return text.append(columns - full, '.');
  }
  constexpr const char* parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  for (std::size_t i = 0; i < full; ++i) text += "█";
  std::size_t used = full;
  if (full < columns && eighths % 8 != 0) {
    text += parts[eighths % 8];
    ++used;
  }
  return text.append(columns - used, ' ');
}

}  // namespace

std::string percent(double fraction) { return fmt::format("{:.0f}%", std::floor(fraction * 100)); }

std::string drawn_progress(std::optional<double> fraction, const std::vector<std::string>& fields,
                           std::string_view current, std::size_t columns, bool unicode, bool colour) {
  const std::size_t room = columns > 1 ? columns - 1 : 0;
  std::string line;
  std::size_t used = 0;
  if (fraction) {
    const std::size_t bar_columns = room < 30 ? 0 : std::clamp<std::size_t>(room / 5, 8, 30);
    if (bar_columns > 0) {
      const std::string drawn = bar(*fraction, bar_columns, unicode);
      line += colour ? fmt::format("\x1b[32m{}\x1b[0m ", drawn) : unicode ? drawn + ' ' : fmt::format("[{}] ", drawn);
      used += bar_columns + (unicode || colour ? 1 : 3);
    }
    const std::string number = fmt::format("{:>4}", percent(*fraction));
    if (used + number.size() <= room) {
      line += number;
      used += number.size();
    }
  }
  for (const std::string& field : fields) {
    const std::size_t gap = used > 0 ? 2 : 0;
    if (used + gap + display_width(field) > room) break;
    line.append(gap, ' ') += field;
    used += gap + display_width(field);
  }
  if (!current.empty() && used + 2 + 8 <= room) {
    const std::string name = shortened_middle(escaped(current), room - used - 2);
    line += "  " + (colour ? fmt::format("\x1b[2m{}\x1b[0m", name) : name);
  }
  return line;
}

ProgressShow::ProgressShow(Output& output, ProgressMode mode, ProgressClock::duration log_interval,
                           ProgressClock::time_point now)
    : output_(output),
      mode_(mode),
      patient_(mode == ProgressMode::automatic),
      interval_(plain_interval),
      start_(now),
      shown_(now) {
  if (mode_ == ProgressMode::bar) shown_ -= bar_interval;  // asked for: drawn from the first report on
  if (mode_ == ProgressMode::automatic) {
    mode_ = output.quiet() ? ProgressMode::none : output.err().redraws ? ProgressMode::bar : ProgressMode::plain;
    interval_ = log_interval;
  }
}

bool ProgressShow::is_due(ProgressClock::time_point now) const {
  switch (mode_) {
    case ProgressMode::none:
    case ProgressMode::automatic: return false;
    case ProgressMode::bar: return (!patient_ || now - start_ >= patience) && now - shown_ >= bar_interval;
    case ProgressMode::plain: return now - shown_ >= interval_;
    case ProgressMode::json: return now - shown_ >= json_interval;
  }
  return false;
}

void ProgressShow::update(ProgressClock::time_point now, const ProgressTexts& texts, bool notable) {
  output_.flush();
  if (finished_ || !(is_due(now) || (notable && mode_ == ProgressMode::plain))) return;
  shown_ = now;
  if (mode_ == ProgressMode::bar) output_.progress(texts.line(output_.err()));
  else output_.complaint(mode_ == ProgressMode::json ? texts.json() : texts.plain());
}

void ProgressShow::finish(const ProgressTexts& texts) {
  if (finished_) return;
  if (mode_ == ProgressMode::json) output_.complaint(texts.json());
  finished_ = true;
  output_.end_progress();
}

}  // namespace docupilot_command
