#include "http/clock_skew.h"

#include "http/http_date.h"

namespace docupilot::inline v1::http {

std::optional<Duration> measured_offset(const Headers& headers, Timestamp sent, Timestamp received) {
  constexpr std::int64_t longest_trip = 15LL * 60 * 1'000'000;
  const std::int64_t trip = received.microseconds - sent.microseconds;
  if (trip < 0 || trip > longest_trip || headers.find("age")) return std::nullopt;
  const auto date = parse_http_date(headers.get("date"), received);
  if (!date) return std::nullopt;
  const std::int64_t microseconds = date->microseconds - (sent.microseconds + trip / 2);
  // A clock that is off by more than a Duration can say is nothing that an offset could mend.
  if (microseconds > INT64_MAX / 1000 || microseconds < INT64_MIN / 1000) return std::nullopt;
  return Duration(microseconds * 1000);
}

bool differs_much(Duration a, Duration b) noexcept {
  const long double seconds =
      (static_cast<long double>(a.nanoseconds()) - static_cast<long double>(b.nanoseconds())) / 1e9L;
  return seconds > 240 || seconds < -240;
}

}  // namespace docupilot::inline v1::http
