#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "http/clock_skew.h"
#include "http/http_date.h"
#include "http/retry_after.h"

using namespace docupilot;
using namespace docupilot::http;
using namespace std::chrono_literals;

namespace {

Timestamp at(const char* text) { return Timestamp::parse(text).value(); }

const Timestamp now = at("2026-11-21T10:00:00Z");

std::string date_of(const char* text) {
  const auto date = parse_http_date(text, now);
  return date ? date->to_string() : "none";
}

/// The hint in milliseconds; "aws " in front of AWS's own, "none" for none.
std::string hint_of(const Headers& headers) {
  const auto hint = server_hint(headers, now);
  if (!hint) return "none";
  return (hint->aws ? "aws " : "") + std::to_string(hint->delay.nanoseconds() / 1'000'000);
}

}  // namespace

TEST_CASE("an HTTP date is read in all three forms") {
  CHECK(date_of("Sun, 06 Nov 1994 08:49:37 GMT") == "1994-11-06T08:49:37Z");
  CHECK(date_of("Sunday, 06-Nov-94 08:49:37 GMT") == "1994-11-06T08:49:37Z");
  CHECK(date_of("Sun Nov  6 08:49:37 1994") == "1994-11-06T08:49:37Z");
  CHECK(date_of("Wed Nov 16 08:49:37 1994") == "1994-11-16T08:49:37Z");
  CHECK(date_of("Tuesday, 01-Dec-76 00:00:00 GMT") == "2076-12-01T00:00:00Z");  // 50 years on, and no more
  CHECK(date_of("Saturday, 01-Jan-77 00:00:00 GMT") == "1977-01-01T00:00:00Z");
  CHECK(date_of("Sat, 29 Feb 2020 23:59:60 GMT") == "2020-03-01T00:00:00Z");  // a leap second
}

TEST_CASE("what is no HTTP date is none") {
  for (const char* text :
       {"", "now", "Sun", "Sun, ", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 199x 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994", "1994-11-06T08:49:37Z", "Sun, 06 ovD 1994 08:49:37 GMT"}) {
    INFO(text);
    CHECK(date_of(text) == "none");
  }
}

TEST_CASE("every form of Retry-After is read") {
  CHECK(hint_of({}) == "none");
  CHECK(hint_of({{"x-amz-retry-after", "1500"}}) == "aws 1500");
  CHECK(hint_of({{"X-Amz-Retry-After", "0"}}) == "aws 0");
  CHECK(hint_of({{"retry-after-ms", "250"}}) == "250");
  CHECK(hint_of({{"Retry-After", "30"}}) == "30000");
  CHECK(hint_of({{"Retry-After", " 1.5 "}}) == "1500");
  CHECK(hint_of({{"Retry-After", "86400"}}) == "86400000");
  CHECK(hint_of({{"Retry-After", "Sat, 21 Nov 2026 10:00:07 GMT"}}) == "7000");
  // The server's own clock counts when it tells it.
  CHECK(hint_of({{"Retry-After", "Sat, 21 Nov 2026 12:00:07 GMT"}, {"Date", "Sat, 21 Nov 2026 12:00:00 GMT"}}) ==
        "7000");
  CHECK(hint_of({{"Retry-After", "9"}, {"retry-after-ms", "250"}, {"x-amz-retry-after", "80"}}) == "aws 80");
  CHECK(hint_of({{"Retry-After", "9"}, {"retry-after-ms", "250"}}) == "250");
}

TEST_CASE("a hint that makes no sense is none") {
  for (const char* text : {"", "-1", "+1", "0", "1e3", "0x10", "soon", "1 s", ".5", "5.", "1.2.3", "86401",
                           "1000000000", "99999999999999999999999999999999", "nan", "Sat, 21 Nov 2026 09:59:59 GMT",
                           "Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 9026 10:00:00 GMT"}) {
    INFO(text);
    CHECK(hint_of({{"Retry-After", text}}) == "none");
  }
  CHECK(hint_of({{"retry-after-ms", "-5"}}) == "none");
  CHECK(hint_of({{"retry-after-ms", "100000000"}}) == "none");
  CHECK(hint_of({{"x-amz-retry-after", "-5"}}) == "none");
  CHECK(hint_of({{"x-amz-retry-after", "later"}}) == "none");
}

TEST_CASE("Google's retryDelay is read") {
  CHECK(parse_retry_delay("30s")->seconds() == 30);
  CHECK(parse_retry_delay("1.5s")->seconds() == 1.5);
  CHECK(parse_retry_delay("0.25s")->nanoseconds() == 250'000'000);
  for (const char* text : {"", "s", "30", "-1s", "1m", "30 s", "1000000000s", "0s"}) {
    INFO(text);
    CHECK_FALSE(parse_retry_delay(text).has_value());
  }
}

TEST_CASE("the offset of the clock is the Date less the middle of the round trip") {
  const auto offset = [](const Headers& headers, const char* sent, const char* received) {
    const auto measured = measured_offset(headers, at(sent), at(received));
    return measured ? std::to_string(measured->nanoseconds() / 1'000'000) : "none";
  };
  const Headers date{{"Date", "Sat, 21 Nov 2026 10:00:00 GMT"}};
  CHECK(offset(date, "2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z") == "0");
  CHECK(offset(date, "2026-11-21T09:00:00Z", "2026-11-21T09:00:04Z") == "3598000");
  CHECK(offset(date, "2026-11-21T11:00:00Z", "2026-11-21T11:00:01Z") == "-3600500");
  CHECK(offset(date, "2016-11-21T10:00:00Z", "2016-11-21T10:00:00Z") == "315532800000");
  CHECK(offset(date, "2026-11-21T10:00:00Z", "2026-11-21T10:15:00Z") == "-450000");
  CHECK(offset(date, "2026-11-21T10:00:00Z", "2026-11-21T10:15:00.000001Z") == "none");
  CHECK(offset(date, "2026-11-21T10:00:01Z", "2026-11-21T10:00:00Z") == "none");  // the clock was set back meanwhile
  CHECK(offset({}, "2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z") == "none");
  CHECK(offset({{"Date", "today"}}, "2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z") == "none");
  CHECK(offset({{"Date", "Sat, 21 Nov 2026 10:00:00 GMT"}, {"Age", "0"}}, "2026-11-21T09:00:00Z",
               "2026-11-21T09:00:00Z") == "none");
}

TEST_CASE("an offset differs much from four minutes on") {
  CHECK_FALSE(differs_much(Duration(240s), Duration()));
  CHECK(differs_much(Duration(240s + 1ns), Duration()));
  CHECK(differs_much(Duration(), Duration(241s)));
  CHECK(differs_much(Duration(INT64_MAX), Duration(INT64_MIN)));
}
