#include "upload/window.h"

#include <doctest/doctest.h>

using namespace docupilot;

namespace {

constexpr Duration second = Duration::milliseconds(1'000);

/// All connections in use for a second, at this rate.
void busy_second(Window& window, Duration& now, std::uint64_t bytes_per_second) {
  window.succeeded(0, window.limit(), now);
  now = Duration(now.nanoseconds() + second.nanoseconds());
  window.succeeded(bytes_per_second, window.limit(), now);
}

}  // namespace

TEST_CASE("slow down halves the window once for all that were under way, and ten successes add one") {
  Window window(16, 64);
  const auto epoch = window.epoch();
  window.throttled(epoch);
  window.throttled(epoch);
  CHECK(window.limit() == 8);
  window.throttled(window.epoch());
  CHECK(window.limit() == 4);
  for (int i = 0; i < 9; ++i) window.succeeded(1, 4, {});
  CHECK(window.limit() == 4);
  window.succeeded(1, 4, {});
  CHECK(window.limit() == 5);
}

TEST_CASE("the window never goes below one, nor back above where it began by successes alone") {
  Window window(2, 2);
  for (int i = 0; i < 5; ++i) window.throttled(window.epoch());
  CHECK(window.limit() == 1);
  for (int i = 0; i < 100; ++i) window.succeeded(1, 1, {});
  CHECK(window.limit() == 2);
}

TEST_CASE("the window grows while more connections bring more, and goes back where they do not") {
  Window window(16, 64);
  Duration now = second;
  busy_second(window, now, 1'000);
  CHECK(window.limit() == 20);
  busy_second(window, now, 1'250);
  CHECK(window.limit() == 25);  // and the next trial has begun
  busy_second(window, now, 1'300);
  CHECK(window.limit() == 20);
}

TEST_CASE("trials that bring nothing become rare, however long it goes on") {
  Window window(16, 64);
  Duration now = second;
  int trials = 0;
  for (int i = 0; i < 1'000; ++i) {
    const unsigned before = window.limit();
    busy_second(window, now, 1'000);
    trials += window.limit() > before ? 1 : 0;
    CHECK(window.limit() <= 20);
  }
  CHECK(trials >= 10);
  CHECK(trials <= 25);
}

TEST_CASE("a window that is not full does not grow, nor one past its end") {
  Window window(16, 18);
  Duration now = second;
  window.succeeded(1'000'000, 3, now);
  now = Duration(5 * second.nanoseconds());
  window.succeeded(1'000'000, 3, now);
  CHECK(window.limit() == 16);
  for (std::uint64_t rate = 1'000; rate < 100'000; rate *= 2) busy_second(window, now, rate);
  CHECK(window.limit() == 18);
}
