#include <clocale>

#include <doctest/doctest.h>

#include "text.h"
#include "transfer_progress.h"

using namespace docupilot_command;
using docupilot::Duration;

namespace {

TransferState half_way() {
  return {.progress = {.bytes_total = std::uint64_t{1} << 30U,
                       .bytes_done = std::uint64_t{448} << 20U,
                       .bytes_moving = std::uint64_t{64} << 20U,
                       .parts_done = 56,
                       .parts_total = 128,
                       .attempts_failed = 3,
                       .bytes_per_second = 100.0 * (1U << 20U),
                       .remaining = Duration::milliseconds(5'120)},
          .key = "reports/\x1b[2J日本語/quarterly-figures-of-the-northern-branch.pdf"};
}

}  // namespace

TEST_CASE("A line of a transfer leaves the last column free at any width, whatever its state") {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  TransferState waiting = half_way();
  waiting.progress.waiting = true;
  TransferState stream = half_way();
  stream.progress.bytes_total.reset();
  stream.progress.parts_total.reset();
  for (const TransferState& state : {half_way(), waiting, stream, TransferState()}) {
    for (std::size_t columns = 1; columns <= 240; ++columns) {
      CAPTURE(columns);
      CHECK(display_width(transfer_line(state, columns, true, false)) < std::max<std::size_t>(columns, 2));
    }
  }
}

TEST_CASE("A transfer is told by its bytes, rate, time left and parts, and never as documents") {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  const std::string line = transfer_line(half_way(), 200, true, false);
  for (const char* part :
       {" 50%", "512.0 MiB/1.0 GiB", "100.0 MiB/s", "0:05 left", "56/128 parts", "3 again", "\\x1b"}) {
    CAPTURE(part);
    CHECK(line.find(part) != std::string::npos);
  }
  CHECK(plain_transfer(half_way()) ==
        "docupilot: 50%, 512.0 MiB of 1.0 GiB, 100.0 MiB/s, 0:05 left, 56 of 128 parts, 3 again");
  CHECK(json_transfer(half_way()).find("document") == std::string::npos);
}

TEST_CASE("A stream of unknown length has no percent and no bar, but bytes and parts") {
  TransferState state = half_way();
  state.progress.bytes_total.reset();
  state.progress.parts_total.reset();
  state.progress.remaining.reset();
  CHECK(plain_transfer(state) == "docupilot: 512.0 MiB, 100.0 MiB/s, 56 parts, 3 again");
  CHECK(transfer_line(state, 60, false, false).starts_with("512.0 MiB  100.0 MiB/s  56 parts"));
}

TEST_CASE("While it waits or is paused that stands in front, and no rate is told") {
  TransferState state = half_way();
  state.progress.waiting = true;
  state.seconds_waiting = 72;
  const std::string line = transfer_line(state, 80, false, false);
  CHECK(line.find("50%  waiting for the store, 1:12  512.0 MiB/1.0 GiB") != std::string::npos);
  CHECK(line.find("left") == std::string::npos);
  state.progress.waiting = false;
  state.progress.paused = true;
  CHECK(transfer_line(state, 80, false, false).find("50%  paused  512.0") != std::string::npos);
  CHECK(plain_transfer(state).ends_with("3 again, paused"));
}

TEST_CASE("An object of no bytes is all there, and one request is no part") {
  TransferState state;
  state.progress.bytes_total = 0;
  state.progress.parts_total = 1;
  CHECK(state.fraction() == 1.0);
  CHECK(plain_transfer(state) == "docupilot: 100%, 0 B of 0 B");
}
