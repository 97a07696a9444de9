#include "transfer_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "json_line.h"
#include "text.h"

namespace docupilot_command {

namespace {

using namespace std::chrono_literals;

constexpr auto log_interval = 10s;

std::string size_of(std::uint64_t bytes) { return human_size(static_cast<double>(bytes)); }

/// What is not as usual; empty when nothing is.
std::string condition(const TransferState& state) {
  if (state.progress.paused) return "paused";
  if (state.progress.waiting) return "waiting for the store, " + human_time(state.seconds_waiting);
  return {};
}

/// How fast it is, and how long it will take; nothing while it stands still.
std::vector<std::string> speed(const TransferState& state) {
  std::vector<std::string> fields;
  const docupilot::TransferProgress& progress = state.progress;
  if (progress.paused || progress.waiting || !(progress.bytes_per_second > 0)) return fields;
  fields.push_back(human_size(progress.bytes_per_second) + "/s");
  if (progress.remaining) fields.push_back(human_time(progress.remaining->seconds()) + " left");
  return fields;
}

}  // namespace

std::optional<double> TransferState::fraction() const {
  if (!progress.bytes_total) return {};
  if (*progress.bytes_total == 0) return 1.0;
  return std::min(1.0, static_cast<double>(bytes()) / static_cast<double>(*progress.bytes_total));
}

std::string transfer_line(const TransferState& state, std::size_t columns, bool unicode, bool colour) {
  const docupilot::TransferProgress& progress = state.progress;
  std::vector<std::string> fields;  // from the most to the least important
  if (std::string what = condition(state); !what.empty()) fields.push_back(std::move(what));
  fields.push_back(progress.bytes_total ? fmt::format("{}/{}", size_of(state.bytes()), size_of(*progress.bytes_total))
                                        : size_of(state.bytes()));
  for (std::string& field : speed(state)) fields.push_back(std::move(field));
  if (progress.parts_total.value_or(2) > 1) {
    fields.push_back(progress.parts_total ? fmt::format("{}/{} parts", human_count(progress.parts_done),
                                                        human_count(*progress.parts_total))
                                          : counted(progress.parts_done, "part"));
  }
  if (progress.attempts_failed > 0) fields.push_back(fmt::format("{} again", human_count(progress.attempts_failed)));
  return drawn_progress(state.fraction(), fields, state.key, columns, unicode, colour);
}

std::string plain_transfer(const TransferState& state) {
  const docupilot::TransferProgress& progress = state.progress;
  std::string line = "docupilot: ";
  if (const auto fraction = state.fraction()) line += percent(*fraction) + ", ";
  line += size_of(state.bytes());
  if (progress.bytes_total) line += " of " + size_of(*progress.bytes_total);
  for (const std::string& field : speed(state)) line += ", " + field;
  if (progress.parts_total.value_or(2) > 1) {
    line += ", " + (progress.parts_total ? fmt::format("{} of {} parts", human_count(progress.parts_done),
                                                       human_count(*progress.parts_total))
                                         : counted(progress.parts_done, "part"));
  }
  if (progress.attempts_failed > 0) line += fmt::format(", {} again", human_count(progress.attempts_failed));
  if (const std::string what = condition(state); !what.empty()) line += ", " + what;
  return line;
}

std::string json_transfer(const TransferState& state) {
  const docupilot::TransferProgress& progress = state.progress;
  JsonLine inner;
  inner.number("bytes_done", progress.bytes_done).number("bytes_moving", progress.bytes_moving);
  inner.number("bytes_resumed", progress.bytes_resumed);
  if (progress.bytes_total) inner.number("bytes_total", *progress.bytes_total);
  inner.number("parts_done", progress.parts_done);
  if (progress.parts_total) inner.number("parts_total", *progress.parts_total);
  inner.number("attempts_failed", progress.attempts_failed);
  if (const auto fraction = state.fraction()) inner.real("fraction", *fraction);
  inner.real("bytes_per_second", progress.bytes_per_second);
  if (progress.remaining) inner.real("seconds_left", progress.remaining->seconds());
  if (progress.paused) inner.boolean("paused", true);
  if (progress.waiting) inner.real("seconds_waiting", state.seconds_waiting);
  if (progress.trouble) inner.raw("trouble", error_json(*progress.trouble));
  return JsonLine().raw("progress", inner.text("current", state.key).str()).str();
}

TransferShow::TransferShow(Output& output, ProgressMode mode, std::string key, Clock::time_point now)
    : output_(output),
      start_(now),
      show_(output, mode, log_interval, now),
      state_{.progress = {}, .key = std::move(key)} {}

TransferShow::~TransferShow() { finish(); }

ProgressTexts TransferShow::texts() const {
  return {.line =
              [this](const Terminal& terminal) {
                return transfer_line(state_, terminal.width(), terminal.unicode, terminal.colour);
              },
          .plain = [this] { return plain_transfer(state_); },
          .json = [this] { return json_transfer(state_); }};
}

void TransferShow::update(const docupilot::TransferProgress& progress, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const bool was_waiting = state_.progress.waiting;
  if (progress.waiting && !was_waiting) waits_since_ = now;
  state_.progress = progress;
  state_.seconds_waiting = progress.waiting ? std::chrono::duration<double>(now - waits_since_).count() : 0;
  if (progress.trouble && !was_waiting && show_.is_for_people()) {
    output_.warning(*progress.trouble, "the store is out of reach, and asked again now and then");
  }
  show_.update(now, texts(), was_waiting && !progress.waiting);
}

void TransferShow::finish() {
  const std::lock_guard lock(mutex_);
  show_.finish(texts());
}

double TransferShow::seconds(Clock::time_point now) const {
  return std::chrono::duration<double>(now - start_).count();
}

}  // namespace docupilot_command
