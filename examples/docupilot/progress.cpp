#include "progress.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "json_line.h"
#include "text.h"

namespace docupilot_command {

namespace {

using namespace std::chrono_literals;

constexpr auto bar_interval = 100ms;
constexpr auto json_interval = 500ms;
constexpr auto plain_interval = 5s;
constexpr auto patience = 300ms;  // what is over sooner shows no bar
constexpr auto rate_window = 5s;  // rates are of so long

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

std::string documents_per_second(double rate) {
  return rate >= 9.95 ? fmt::format("{}/s", human_count(static_cast<std::uint64_t>(std::llround(rate))))
                      : fmt::format("{:.1f}/s", rate);
}

}  // namespace

std::string progress_line(const ProgressState& state, std::size_t columns, bool unicode, bool colour) {
  const std::size_t room = columns > 1 ? columns - 1 : 0;
  const std::string percent = fmt::format("{:3.0f}%", std::floor(state.fraction * 100));
  // From the most to the least important; each is kept while the line has room for it.
  std::vector<std::string> fields = {
      fmt::format("{}/{}", human_count(state.documents_done), human_count(state.documents_total))};
  if (state.documents_failed > 0) fields.push_back(fmt::format("{} failed", human_count(state.documents_failed)));
  if (state.seconds_left >= 0) fields.push_back(human_time(state.seconds_left) + " left");
  if (state.documents_per_second > 0) fields.push_back(documents_per_second(state.documents_per_second));
  if (state.bytes_per_second > 0) fields.push_back(human_size(state.bytes_per_second) + "/s");

  const std::size_t bar_columns = room < 30 ? 0 : std::clamp<std::size_t>(room / 5, 8, 30);
  std::string line;
  std::size_t used = 0;
  if (bar_columns > 0) {
    const std::string drawn = bar(state.fraction, bar_columns, unicode);
    line += colour ? fmt::format("\x1b[32m{}\x1b[0m ", drawn) : unicode ? drawn + ' ' : fmt::format("[{}] ", drawn);
    used += bar_columns + (unicode || colour ? 1 : 3);
  }
  if (used + percent.size() <= room) {
    line += percent;
    used += percent.size();
  }
  for (const std::string& field : fields) {
    if (used + 2 + display_width(field) > room) break;
    line += "  " + field;
    used += 2 + display_width(field);
  }
  if (!state.current.empty() && used + 2 + 8 <= room) {
    const std::string name = shortened_middle(escaped(state.current), room - used - 2);
    line += "  " + (colour ? fmt::format("\x1b[2m{}\x1b[0m", name) : name);
  }
  return line;
}

std::string plain_progress(const ProgressState& state) {
  std::string line = fmt::format("docupilot: {:.0f}%, {} of {}", std::floor(state.fraction * 100),
                                 human_count(state.documents_done), counted(state.documents_total, "document"));
  if (state.documents_failed > 0) line += fmt::format(", {} failed", human_count(state.documents_failed));
  line += fmt::format(", {}", human_size(static_cast<double>(state.bytes_done)));
  if (state.bytes_total > 0) line += fmt::format(" of {}", human_size(static_cast<double>(state.bytes_total)));
  if (state.documents_per_second > 0) line += ", " + documents_per_second(state.documents_per_second);
  if (state.bytes_per_second > 0) line += ", " + human_size(state.bytes_per_second) + "/s";
  if (state.seconds_left >= 0) line += ", " + human_time(state.seconds_left) + " left";
  return line;
}

std::string json_progress(const ProgressState& state) {
  JsonLine inner;
  inner.number("documents_done", state.documents_done)
      .number("documents_total", state.documents_total)
      .number("documents_failed", state.documents_failed)
      .number("bytes_done", state.bytes_done)
      .number("bytes_total", state.bytes_total)
      .real("fraction", state.fraction)
      .real("documents_per_second", state.documents_per_second)
      .real("bytes_per_second", state.bytes_per_second);
  if (state.seconds_left >= 0) inner.real("seconds_left", state.seconds_left);
  if (!state.current.empty()) inner.text("current", state.current);
  return JsonLine().raw("progress", inner.str()).str();
}

Progress::Progress(Output& output, ProgressMode mode, Clock::time_point now)
    : output_(output), mode_(mode), patient_(mode == ProgressMode::automatic), start_(now), shown_(now) {
  if (mode_ == ProgressMode::bar) shown_ -= bar_interval;  // asked for: drawn from the first report on
  if (mode_ == ProgressMode::automatic) {
    mode_ = output.quiet() ? ProgressMode::none : output.err().redraws ? ProgressMode::bar : ProgressMode::plain;
  }
}

Progress::~Progress() { finish(); }

void Progress::measure(Clock::time_point now) {
  samples_.push_back({now, state_.documents_done, state_.bytes_done});
  while (samples_.size() > 2 && now - samples_[1].when > rate_window) samples_.pop_front();
  const Sample& first = samples_.front();
  const double seconds = std::chrono::duration<double>(now - first.when).count();
  if (seconds > 0.05) {
    state_.documents_per_second = static_cast<double>(state_.documents_done - first.documents) / seconds;
    state_.bytes_per_second = static_cast<double>(state_.bytes_done - first.bytes) / seconds;
  }
  // A document costs its bytes, which are read ahead, and as much time as so many more, until its group is committed.
  const auto work = [](std::uint64_t documents, std::uint64_t bytes) {
    constexpr double cost_of_document = 64 * 1024;
    return static_cast<double>(documents) * cost_of_document + static_cast<double>(bytes);
  };
  const double total = work(state_.documents_total, state_.bytes_total);
  const double done = work(state_.documents_done, std::min(state_.bytes_done, state_.bytes_total));
  state_.fraction = std::max(state_.fraction, total == 0 ? 0.0 : std::min(1.0, done / total));
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  if (elapsed >= 0.5 && state_.fraction > 0) {
    state_.seconds_left = elapsed * (1 - state_.fraction) / state_.fraction;
  }
}

bool Progress::is_due(Clock::time_point now) {
  if (finished_) return false;
  switch (mode_) {
    case ProgressMode::none:
    case ProgressMode::automatic: return false;
    case ProgressMode::bar: return (!patient_ || now - start_ >= patience) && now - shown_ >= bar_interval;
    case ProgressMode::plain: return now - shown_ >= plain_interval;
    case ProgressMode::json: return now - shown_ >= json_interval;
  }
  return false;
}

void Progress::update(const docupilot::IngestProgress& progress, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  state_.documents_done = std::max(state_.documents_done, progress.documents_done);
  state_.documents_total = progress.documents_total;
  state_.documents_failed = progress.documents_failed;
  state_.bytes_done = std::max(state_.bytes_done, progress.bytes_done);
  state_.bytes_total = progress.bytes_total;
  state_.current = progress.current;
  measure(now);
  output_.flush();
  if (!is_due(now)) return;
  shown_ = now;
  if (mode_ == ProgressMode::bar) {
    const Terminal& terminal = output_.err();
    output_.progress(progress_line(state_, terminal.width(), terminal.unicode, terminal.colour));
  } else {
    output_.complaint(mode_ == ProgressMode::json ? json_progress(state_) : plain_progress(state_));
  }
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  if (mode_ == ProgressMode::json) output_.complaint(json_progress(state_));
  finished_ = true;
  output_.end_progress();
}

ProgressState Progress::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

double Progress::seconds(Clock::time_point now) const { return std::chrono::duration<double>(now - start_).count(); }

}  // namespace docupilot_command
