#include <docupilot/base/time.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

using namespace docupilot;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t day = 86'400'000'000;

std::int64_t parsed(const char* text) {
  CAPTURE(std::string(text));
  const auto time = Timestamp::parse(text);
  REQUIRE(time.has_value());
  return time->microseconds;
}

}  // namespace

TEST_CASE("times are read with every form of RFC 3339") {
  CHECK(parsed("1970-01-01T00:00:00Z") == 0);
  CHECK(parsed("1970-01-02T00:00:00Z") == day);
  CHECK(parsed("1969-12-31T23:59:59.999999Z") == -1);
  CHECK(parsed("1970-01-01t00:00:00z") == 0);
  CHECK(parsed("1970-01-01 00:00:00Z") == 0);
  CHECK(parsed("1970-01-01T01:00:00+01:00") == 0);
  CHECK(parsed("1969-12-31T22:29:00-01:31") == 0);
  CHECK(parsed("1970-01-01T00:00:00-00:00") == 0);
  CHECK(parsed("1970-01-01T00:00:00.5Z") == 500'000);
  CHECK(parsed("1970-01-01T00:00:00.000001Z") == 1);
  CHECK(parsed("1970-01-01T00:00:00.0000019Z") == 1);
  CHECK(parsed("1970-01-01T00:00:00.00000000000000000000000000009Z") == 0);
  CHECK(parsed("2026-01-31T09:30:00.25Z") == 1'769'851'800'250'000);
  CHECK(parsed("2016-12-31T23:59:60Z") == parsed("2017-01-01T00:00:00Z"));
  CHECK(parsed("2024-02-29T00:00:00Z") == 1'709'164'800'000'000);
  CHECK(parsed("2000-02-29T12:00:00Z") - parsed("2000-02-28T12:00:00Z") == day);
}

TEST_CASE("the years go from 0001 to 9999, in UTC") {
  CHECK(parsed("0001-01-01T00:00:00Z") == -62'135'596'800'000'000);
  CHECK(parsed("9999-12-31T23:59:59.999999Z") == 253'402'300'799'999'999);
  CHECK(parsed("0001-01-01T00:00:00-00:01") == -62'135'596'740'000'000);
  for (const char* text :
       {"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(Timestamp::parse(text).has_value());
  }
}

TEST_CASE("what is not a time is refused") {
  for (const char* text : {"",
                           "x",
                           "2026",
                           "2026-01-31",
                           "2026-01-31T",
                           "2026-01-31T09",
                           "2026-01-31T09:30",
                           "2026-01-31T09:30:00",
                           "2026-00-31T09:30:00Z",
                           "2026-13-31T09:30:00Z",
                           "2026-01-00T09:30:00Z",
                           "2026-01-32T09:30:00Z",
                           "2026-02-29T09:30:00Z",
                           "1900-02-29T09:30:00Z",
                           "2026-04-31T09:30:00Z",
                           "2026-01-31T24:00:00Z",
                           "2026-01-31T09:60:00Z",
                           "2026-01-31T09:30:61Z",
                           "2026-01-31T09:30:00.Z",
                           "2026-01-31T09:30:00,5Z",
                           "2026-01-31T09:30:00+1:00",
                           "2026-01-31T09:30:00+24:00",
                           "2026-01-31T09:30:00+01:60",
                           "2026-01-31T09:30:00+0100",
                           "2026-01-31T09:30:00Z ",
                           " 2026-01-31T09:30:00Z",
                           "2026-01-31T09:30:00ZZ",
                           "2026-1-31T09:30:00Z",
                           "02026-01-31T09:30:00Z",
                           "-026-01-31T09:30:00Z",
                           "2026/01/31T09:30:00Z",
                           "2026-01-31_09:30:00Z",
                           "+026-01-31T09:30:00Z",
                           "2026-01-31T09:30:00+",
                           "2026-01-31T 9:30:00Z"}) {
    CAPTURE(std::string(text));
    const auto time = Timestamp::parse(text);
    REQUIRE_FALSE(time.has_value());
    CHECK(time.error().code() == ErrorCode::invalid_argument);
    CHECK_FALSE(time.error().hint().empty());
  }
  CHECK_FALSE(Timestamp::parse(std::string_view("2026-01-31T09:30:00Z\0", 21)).has_value());
}

TEST_CASE("times are written with as many digits as they need") {
  CHECK(Timestamp{}.to_string() == "1970-01-01T00:00:00Z");
  CHECK(Timestamp{1}.to_string() == "1970-01-01T00:00:00.000001Z");
  CHECK(Timestamp{-1}.to_string() == "1969-12-31T23:59:59.999999Z");
  CHECK(Timestamp{1'000}.to_string() == "1970-01-01T00:00:00.001Z");
  CHECK(Timestamp{250'000}.to_string() == "1970-01-01T00:00:00.250Z");
  CHECK(Timestamp{1'001'000}.to_string() == "1970-01-01T00:00:01.001Z");
  CHECK(Timestamp{253'402'300'799'999'999}.to_string() == "9999-12-31T23:59:59.999999Z");
  CHECK(Timestamp{253'402'300'800'000'000}.to_string() == "9999-12-31T23:59:59.999999Z");
  CHECK(Timestamp{INT64_MAX}.to_string() == "9999-12-31T23:59:59.999999Z");
  CHECK(Timestamp{-62'135'596'800'000'000}.to_string() == "0001-01-01T00:00:00Z");
  CHECK(Timestamp{INT64_MIN}.to_string() == "0001-01-01T00:00:00Z");
}

TEST_CASE("what is written is read as the same moment") {
  for (std::int64_t micros = -62'135'596'800'000'000; micros < 253'402'300'799'999'999; micros += 31'556'952'123'457) {
    REQUIRE(Timestamp::parse(Timestamp{micros}.to_string()).value().microseconds == micros);
  }
}

TEST_CASE("any chrono duration converts to nanoseconds") {
  CHECK(Duration(5s).nanoseconds() == 5'000'000'000);
  CHECK(Duration(1ns).nanoseconds() == 1);
  CHECK(Duration(-3ms).nanoseconds() == -3'000'000);
  CHECK(Duration(1h) == Duration(3'600'000ms));
  CHECK(Duration(std::chrono::days(106'751)).nanoseconds() == std::int64_t{9'223'286'400} * 1'000'000'000);
  CHECK(Duration(1.5s).nanoseconds() == 1'500'000'000);
  CHECK(Duration(std::chrono::duration<int, std::ratio<1, 3>>(1)).nanoseconds() == 333'333'333);
  CHECK(Duration(9'223'372'036'854'775'807ns).nanoseconds() == INT64_MAX);
  CHECK(Duration(9'223'372'036'854'775'806ns).nanoseconds() == INT64_MAX - 1);
}

TEST_CASE("durations out of range become the longest there is") {
  CHECK(Duration(std::chrono::hours::max()).nanoseconds() == INT64_MAX);
  CHECK(Duration(std::chrono::seconds::min()).nanoseconds() == INT64_MIN);
  CHECK(Duration(std::chrono::days(106'752)).nanoseconds() == INT64_MAX);
  CHECK(Duration::from_seconds(1e300).nanoseconds() == INT64_MAX);
  CHECK(Duration::from_seconds(-std::numeric_limits<double>::infinity()).nanoseconds() == INT64_MIN);
  CHECK(Duration::from_seconds(std::nan("")).nanoseconds() == 0);
  CHECK(Duration::from_seconds(0.25).nanoseconds() == 250'000'000);
  CHECK(Duration::milliseconds(2).seconds() == doctest::Approx(0.002));
}

TEST_CASE("the clock of the system gives the time of the system") {
  const Timestamp before = Timestamp::now();
  const Timestamp between = Clock::system().now();
  CHECK(before <= between);
  CHECK(between <= Timestamp::now());
  CHECK(before.microseconds > 1'700'000'000'000'000);
}
