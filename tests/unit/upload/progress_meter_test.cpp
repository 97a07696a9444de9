#include "upload/progress_meter.h"

#include <doctest/doctest.h>

using namespace docupilot;

namespace {

TransferProgress at(std::uint64_t done, std::uint64_t resumed = 0, std::uint64_t moving = 0) {
  return {.bytes_total = 10'000, .bytes_done = done, .bytes_resumed = resumed, .bytes_moving = moving};
}

constexpr Duration ms(std::int64_t count) { return Duration::milliseconds(count); }

}  // namespace

TEST_CASE("reports of progress are due four times a second, and late ones are not made up for") {
  ProgressMeter meter(ms(1'000));
  auto progress = at(0);
  CHECK_FALSE(meter.due(ms(1'249)));
  CHECK(meter.due(ms(1'250)));
  meter.measure(ms(1'250), progress);
  CHECK(meter.due_at() == ms(1'500));
  meter.measure(ms(9'000), progress);
  CHECK(meter.due_at() == ms(9'250));
  meter.measure(ms(9'100), progress);  // at the end, before it is due
  CHECK(meter.due_at() == ms(9'250));
}

TEST_CASE("the rate counts what this run moved, with what is on its way") {
  ProgressMeter meter(ms(0));
  auto progress = at(6'000, 5'000, 1'000);
  meter.measure(ms(1'000), progress);
  CHECK(progress.bytes_per_second == doctest::Approx(2'000));
  REQUIRE(progress.remaining);
  CHECK(progress.remaining->seconds() == doctest::Approx(1.5));
}

TEST_CASE("the rate is that of the last five seconds") {
  ProgressMeter meter(ms(0));
  auto progress = at(0);
  for (int second = 1; second <= 10; ++second) {
    progress = at(static_cast<std::uint64_t>(second) * 100);
    meter.measure(ms(second * 1'000), progress);
  }
  CHECK(progress.bytes_per_second == doctest::Approx(100));
  for (int second = 11; second <= 15; ++second) {
    progress = at(1'000 + static_cast<std::uint64_t>(second - 10) * 1'000);
    meter.measure(ms(second * 1'000), progress);
  }
  CHECK(progress.bytes_per_second == doctest::Approx(1'000));
  for (int second = 16; second <= 21; ++second) meter.measure(ms(second * 1'000), progress);
  CHECK(progress.bytes_per_second == 0);
  CHECK_FALSE(progress.remaining);
}

TEST_CASE("no rate comes of no time, of bytes that were taken back, and no remaining time of an unknown size") {
  ProgressMeter meter(ms(5));
  auto progress = at(100);
  meter.measure(ms(5), progress);
  CHECK(progress.bytes_per_second == 0);
  CHECK_FALSE(progress.remaining);
  progress = at(0, 0, 500);
  meter.measure(ms(1'005), progress);
  progress = at(0, 0, 100);
  meter.measure(ms(2'005), progress);
  CHECK(progress.bytes_per_second == doctest::Approx(50));
  progress.bytes_total.reset();
  meter.measure(ms(3'005), progress);
  CHECK(progress.bytes_per_second > 0);
  CHECK_FALSE(progress.remaining);
}

TEST_CASE("however often progress is measured, few samples are kept apart and the rate stays right") {
  ProgressMeter meter(ms(0));
  auto progress = at(0);
  for (int i = 1; i <= 200'000; ++i) {
    progress = at(static_cast<std::uint64_t>(i) / 100);
    meter.measure(Duration(std::int64_t{i} * 100'000), progress);  // 10,000 times a second
  }
  CHECK(progress.bytes_per_second == doctest::Approx(100).epsilon(0.02));
}
