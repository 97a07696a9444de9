#include "upload/rate_limit.h"

#include <algorithm>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;

namespace {

/// Moves as much as it is let for `seconds` of virtual time, in blocks, and says how much that was.
std::uint64_t move(RateLimit& limit, Duration& now, double seconds, std::uint64_t block) {
  const Duration end(now.nanoseconds() + Duration::from_seconds(seconds).nanoseconds());
  std::uint64_t moved = 0;
  while (now < end) {
    const auto grant = limit.take(now, block);
    REQUIRE(grant.bytes <= block);
    moved += grant.bytes;
    if (grant.bytes < block) REQUIRE(grant.again > now);
    now = std::min(end, grant.again);
  }
  return moved;
}

}  // namespace

TEST_CASE("a rate limit of zero grants everything at once") {
  RateLimit limit;
  const auto grant = limit.take(Duration(5), UINT64_MAX);
  CHECK(grant.bytes == UINT64_MAX);
  CHECK(grant.again == Duration(5));
}

TEST_CASE("a rate limit lets through what it says, whatever the rate and the blocks") {
  for (const std::uint64_t rate : {1ULL, 7ULL, 1'000ULL, 1'000'000ULL, 10'000'000'000ULL}) {
    for (const std::uint64_t block : {1ULL, 100ULL, 65'536ULL, 1ULL << 30U}) {
      if (rate / block > 100'000) continue;  // too many steps
      CAPTURE(rate);
      CAPTURE(block);
      RateLimit limit(rate);
      Duration now(0);
      const double seconds = 20;
      const auto wanted = static_cast<double>(rate) * seconds;
      const auto moved = static_cast<double>(move(limit, now, seconds, block));
      CHECK(moved <= wanted + 1);
      CHECK(moved >= wanted * 0.98 - static_cast<double>(std::min<std::uint64_t>(block, rate)) - 1);
    }
  }
}

TEST_CASE("a rate limit that nobody used saves up a fifth of a second and no more") {
  RateLimit limit(1'000'000);
  CHECK(limit.take(Duration(0), 1).bytes == 0);
  CHECK(limit.take(Duration::milliseconds(3'600'000), 10'000'000).bytes == 200'000);
  CHECK(limit.take(Duration::milliseconds(3'600'000), 10'000'000).bytes == 0);
}

TEST_CASE("a rate limit tells when the bytes have come, and then they have") {
  RateLimit limit(1'000);
  const auto none = limit.take(Duration(0), 10);
  CHECK(none.bytes == 0);
  CHECK(none.again.seconds() == doctest::Approx(0.01));
  CHECK(limit.take(none.again, 10).bytes == 10);
}

TEST_CASE("a rate limit changes at once, and what was saved at a high rate is not spent at a low one") {
  RateLimit limit(1'000'000);
  Duration now(0);
  CHECK(limit.take(now, 1).bytes == 0);  // the clock starts with the first use
  now = Duration::milliseconds(1'000);
  limit.set(now, 1'000);
  CHECK(limit.bytes_per_second() == 1'000);
  CHECK(limit.take(now, 1'000'000).bytes == 200);
  limit.set(now, 0);
  CHECK(limit.take(now, 1'000'000).bytes == 1'000'000);
  limit.set(now, 1'000);
  CHECK(limit.take(now, 1).bytes == 0);
}

TEST_CASE("bytes given back may be taken by another") {
  RateLimit limit(1'000);
  CHECK(limit.take(Duration(0), 100).bytes == 0);
  CHECK(limit.take(Duration::milliseconds(100), 100).bytes == 100);
  limit.give_back(60);
  CHECK(limit.take(Duration::milliseconds(100), 100).bytes == 60);
}

TEST_CASE("a clock that stands still or goes back neither grants nor takes away") {
  RateLimit limit(1'000);
  CHECK(limit.take(Duration::milliseconds(500), 100).bytes == 0);
  CHECK(limit.take(Duration::milliseconds(100), 100).bytes == 0);
  CHECK(limit.take(Duration::milliseconds(500), 100).bytes == 0);
  CHECK(limit.take(Duration::milliseconds(600), 100).bytes == 100);
}

TEST_CASE("many transfers share one rate limit") {
  RateLimit limit(1'000'000);
  std::mt19937 random(7);
  std::vector<Duration> next(16, Duration(0));
  std::vector<std::uint64_t> moved(16, 0);
  const Duration end = Duration::milliseconds(10'000);
  for (;;) {
    const auto turn = std::ranges::min_element(next);
    if (*turn >= end) break;
    const std::uint64_t want = 1 + random() % 65'536;
    const auto grant = limit.take(*turn, want);
    moved[static_cast<std::size_t>(turn - next.begin())] += grant.bytes;
    *turn = std::max(grant.again, Duration(turn->nanoseconds() + 1'000));
  }
  std::uint64_t all = 0;
  for (const std::uint64_t one : moved) {
    CHECK(one > 0);
    all += one;
  }
  CHECK(all <= 10'000'001);
  CHECK(all >= 9'700'000);
}
