#include "http/retry_after.h"

#include <algorithm>
#include <cstdint>

#include "http/header_text.h"
#include "http/http_date.h"

namespace docupilot::inline v1::http {

namespace {

constexpr Duration longest_sensible = Duration::milliseconds(86'400'000);

/// A decimal number without sign or exponent, in units of `unit` nanoseconds. Large ones become the longest duration.
std::optional<Duration> decimal(std::string_view text, std::int64_t unit) {
  if (text.empty() || text.size() > 64 || text.front() < '0' || text.front() > '9') return std::nullopt;
  long double value = 0;
  long double place = 0;  // 0: before the point
  for (const char c : text) {
    if (c == '.' && place == 0) {
      place = 1;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    if (place == 0) value = value * 10 + static_cast<long double>(c - '0');
    else value += (place /= 10) * static_cast<long double>(c - '0');
  }
  if (text.back() == '.') return std::nullopt;
  value *= static_cast<long double>(unit);
  return value >= 0x1p62L ? Duration(INT64_MAX) : Duration(static_cast<std::int64_t>(value));
}

std::optional<Duration> sensible(std::optional<Duration> delay) {
  if (!delay || *delay <= Duration() || *delay > longest_sensible) return std::nullopt;
  return delay;
}

std::optional<Duration> until_date(std::string_view text, const Headers& headers, Timestamp now) {
  const auto then = parse_http_date(text, now);
  if (!then) return std::nullopt;
  const Timestamp from = parse_http_date(trim_blanks(headers.get("date")), now).value_or(now);
  const std::int64_t microseconds = then->microseconds - from.microseconds;
  return Duration(std::clamp<std::int64_t>(microseconds, INT64_MIN / 1000, INT64_MAX / 1000) * 1000);
}

}  // namespace

std::optional<ServerHint> server_hint(const Headers& headers, Timestamp now) {
  if (const auto text = headers.find("x-amz-retry-after")) {
    if (const auto delay = decimal(trim_blanks(*text), 1'000'000)) return ServerHint{.delay = *delay, .aws = true};
    return std::nullopt;
  }
  std::optional<Duration> delay;
  if (const auto text = headers.find("retry-after-ms")) {
    delay = decimal(trim_blanks(*text), 1'000'000);
  } else if (const auto after = headers.find("retry-after")) {
    delay = decimal(trim_blanks(*after), 1'000'000'000);
    if (!delay) delay = until_date(trim_blanks(*after), headers, now);
  }
  delay = sensible(delay);
  if (!delay) return std::nullopt;
  return ServerHint{.delay = *delay};
}

std::optional<Duration> parse_retry_delay(std::string_view text) {
  text = trim_blanks(text);
  if (!text.ends_with('s')) return std::nullopt;
  text.remove_suffix(1);
  return sensible(decimal(text, 1'000'000'000));
}

}  // namespace docupilot::inline v1::http
