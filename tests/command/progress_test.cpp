#include "progress.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>

#include <doctest/doctest.h>

#include "text.h"

using namespace docupilot_command;
using namespace std::chrono_literals;

namespace {

ProgressState busy_state() {
  ProgressState state;
  state.documents_done = 123'456;
  state.documents_total = 1'234'567;
  state.documents_failed = 12;
  state.bytes_done = 1u << 30;
  state.bytes_total = 10'000'000'000;
  state.fraction = 0.1234;
  state.documents_per_second = 1234.5;
  state.bytes_per_second = 123'456'789;
  state.seconds_left = 4000;
  state.current = "reports/日本語のとても長い名前/\x1b[2J/quarterly-figures-of-the-northern-branch.pdf";
  return state;
}

/// What the terminal shows of the line: without colours.
std::string visible(std::string text) {
  for (std::size_t at = 0; (at = text.find('\x1b', at)) != std::string::npos;) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  return text;
}

/// Standard error goes into a pipe for as long as this lives.
class CapturedError {
 public:
  CapturedError() : saved_(dup(STDERR_FILENO)) {
    REQUIRE(pipe2(ends_, O_NONBLOCK) == 0);
    dup2(ends_[1], STDERR_FILENO);
  }
  ~CapturedError() {
    dup2(saved_, STDERR_FILENO);
    for (const int end : {saved_, ends_[0], ends_[1]}) close(end);
  }
  CapturedError(const CapturedError&) = delete;
  CapturedError& operator=(const CapturedError&) = delete;

  std::string take() {
    char buffer[65536];
    const ssize_t got = read(ends_[0], buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
  }

 private:
  int saved_;
  int ends_[2] = {-1, -1};
};

docupilot::IngestProgress at(std::uint64_t done, std::uint64_t total) {
  docupilot::IngestProgress progress;
  progress.documents_done = done;
  progress.documents_total = total;
  progress.bytes_done = done * 1000;
  progress.bytes_total = total * 1000;
  progress.current = "name.txt";
  return progress;
}

}  // namespace

TEST_CASE("A progress line leaves the last column free at any width") {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  for (std::size_t columns = 1; columns <= 240; ++columns) {
    for (const bool unicode : {false, true}) {
      for (const bool colour : {false, true}) {
        CAPTURE(columns);
        const std::string line = visible(progress_line(busy_state(), columns, unicode, colour));
        CHECK(display_width(line) < columns);
        CHECK(line.find('\n') == std::string::npos);
      }
    }
  }
}

TEST_CASE("The most important parts stay when there is little room") {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  const ProgressState state = busy_state();
  CHECK(progress_line(state, 10, true, false) == " 12%");
  const std::string narrow = progress_line(state, 40, true, false);
  CHECK(narrow.find("123,456/1,234,567") != std::string::npos);
  const std::string usual = progress_line(state, 80, true, false);
  CHECK(usual.find("█") != std::string::npos);
  CHECK(usual.find(" 12%") != std::string::npos);
  CHECK(usual.find("123,456/1,234,567  12 failed") != std::string::npos);
  CHECK(usual.find("1:06:40 left") != std::string::npos);
  const std::string wide = progress_line(state, 200, true, false);
  for (const char* part : {"1,235/s", "117.7 MiB/s", "branch.pdf", "\\x1b[2J"}) {
    CAPTURE(part);
    CHECK(wide.find(part) != std::string::npos);
  }
  CHECK(progress_line(state, 80, false, false).find("[#") != std::string::npos);
}

TEST_CASE("The bar grows by eighths of a column and ends full") {
  ProgressState state;
  state.documents_total = 1;
  std::string before = progress_line(state, 80, true, false);
  int changes = 0;
  for (int i = 1; i <= 1000; ++i) {
    state.fraction = i / 1000.0;
    std::string line = progress_line(state, 80, true, false);
    line.resize(line.find('%') - 3);
    changes += line != before ? 1 : 0;
    before = line;
  }
  CHECK(changes >= 15 * 8 - 1);
  CHECK(before.find(' ') == before.size() - 1);  // full: the only space is behind it
}

TEST_CASE("A log gets a line every five seconds, with rates and the time left") {
  CapturedError captured;
  Output output(GlobalArguments{});
  const auto start = Progress::Clock::now();
  Progress progress(output, ProgressMode::plain, start);
  for (int tenth = 1; tenth <= 120; ++tenth) {
    progress.update(at(static_cast<std::uint64_t>(tenth), 240), start + tenth * 100ms);
  }
  progress.finish();
  CHECK(captured.take() ==
        "docupilot: 20%, 50 of 240 documents, 48.8 KiB of 234.4 KiB, 10/s, 9.8 KiB/s, 0:19 left\n"
        "docupilot: 41%, 100 of 240 documents, 97.7 KiB of 234.4 KiB, 10/s, 9.8 KiB/s, 0:14 left\n");
}

TEST_CASE("A bar hides the cursor once, is drawn ten times a second at most, and leaves a clean line") {
  CapturedError captured;
  Output output(GlobalArguments{});
  const auto start = Progress::Clock::now();
  Progress progress(output, ProgressMode::bar, start);
  for (int ms = 0; ms < 1000; ++ms) progress.update(at(static_cast<std::uint64_t>(ms), 1000), start + ms * 1ms);
  const std::string drawn = captured.take();
  CHECK(drawn.starts_with("\x1b[?25l\r"));
  CHECK(drawn.find("\x1b[?25l", 1) == std::string::npos);
  CHECK(std::ranges::count(drawn, '\r') == 10);
  CHECK_FALSE(Output::mend_terminal().empty());
  output.note("in between");
  const std::string noted = captured.take();
  CHECK(noted.starts_with("\r\x1b[Kin between\n\r"));
  progress.finish();
  CHECK(captured.take() == "\r\x1b[K\x1b[?25h");
  CHECK(Output::mend_terminal().empty());
  progress.update(at(1000, 1000), start + 5s);
  CHECK(captured.take().empty());
}

TEST_CASE("Progress never falls back, whatever is reported") {
  Output output(GlobalArguments{});
  const auto start = Progress::Clock::now();
  Progress progress(output, ProgressMode::none, start);
  progress.update(at(50, 100), start + 1s);
  progress.update(at(40, 100), start + 2s);
  CHECK(progress.state().documents_done == 50);
  CHECK(progress.state().fraction == doctest::Approx(0.5));
  auto reading = at(50, 100);
  reading.bytes_done = 200'000;  // more than all: a file grew
  progress.update(reading, start + 3s);
  CHECK(progress.state().fraction < 0.52);  // small documents cost more than their bytes
  progress.update(at(100, 100), start + 4s);
  CHECK(progress.state().fraction == doctest::Approx(1.0));
}

TEST_CASE("A large document is told by its bytes, small ones by their number") {
  Output output(GlobalArguments{});
  const auto start = Progress::Clock::now();
  Progress large(output, ProgressMode::none, start);
  large.update({.documents_total = 1, .bytes_done = 1U << 29U, .bytes_total = 1U << 30U}, start + 1s);
  CHECK(large.state().fraction == doctest::Approx(0.5).epsilon(0.01));
  Progress small(output, ProgressMode::none, start);
  small.update({.documents_done = 1, .documents_total = 600, .bytes_done = 600'000, .bytes_total = 600'000},
               start + 1s);
  CHECK(small.state().fraction < 0.05);
}

TEST_CASE("JSON progress is one object a line") {
  CapturedError captured;
  Output output(GlobalArguments{});
  const auto start = Progress::Clock::now();
  Progress progress(output, ProgressMode::json, start);
  progress.update(at(1, 2), start + 1s);
  const std::string line = captured.take();
  CHECK(line.starts_with(R"({"progress":{"documents_done":1,"documents_total":2,"documents_failed":0,)"));
  CHECK(line.ends_with("}}\n"));
}
