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

constexpr auto log_interval = 5s;
constexpr auto rate_window = 5s;  // rates are of so long

std::string documents_per_second(double rate) {
  return rate >= 9.95 ? fmt::format("{}/s", human_count(static_cast<std::uint64_t>(std::llround(rate))))
                      : fmt::format("{:.1f}/s", rate);
}

}  // namespace

std::string progress_line(const ProgressState& state, std::size_t columns, bool unicode, bool colour) {
  // From the most to the least important; each is kept while the line has room for it.
  std::vector<std::string> fields = {
      fmt::format("{}/{}", human_count(state.documents_done), human_count(state.documents_total))};
  if (state.documents_failed > 0) fields.push_back(fmt::format("{} failed", human_count(state.documents_failed)));
  if (state.seconds_left >= 0) fields.push_back(human_time(state.seconds_left) + " left");
  if (state.documents_per_second > 0) fields.push_back(documents_per_second(state.documents_per_second));
  if (state.bytes_per_second > 0) fields.push_back(human_size(state.bytes_per_second) + "/s");
  return drawn_progress(state.fraction, fields, state.current, columns, unicode, colour);
}

std::string plain_progress(const ProgressState& state) {
  std::string line = fmt::format("docupilot: {}, {} of {}", percent(state.fraction), human_count(state.documents_done),
                                 counted(state.documents_total, "document"));
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
    : start_(now), show_(output, mode, log_interval, now) {}

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

ProgressTexts Progress::texts() const {
  return {.line =
              [this](const Terminal& terminal) {
                return progress_line(state_, terminal.width(), terminal.unicode, terminal.colour);
              },
          .plain = [this] { return plain_progress(state_); },
          .json = [this] { return json_progress(state_); }};
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
  show_.update(now, texts());
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  show_.finish(texts());
}

ProgressState Progress::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

double Progress::seconds(Clock::time_point now) const { return std::chrono::duration<double>(now - start_).count(); }

}  // namespace docupilot_command
