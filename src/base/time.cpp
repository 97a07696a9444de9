#include <docupilot/base/time.h>

#include <algorithm>
#include <chrono>

namespace docupilot::inline v1 {

namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::int64_t first_microsecond = -62'135'596'800'000'000;  // 0001-01-01T00:00:00Z
constexpr std::int64_t last_microsecond = 253'402'300'799'999'999;   // 9999-12-31T23:59:59.999999Z

// Reads exactly `count` digits at the front of `rest`.
bool take_number(std::string_view& rest, std::size_t count, int& number) {
  if (rest.size() < count) return false;
  number = 0;
  for (const char c : rest.substr(0, count)) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  rest.remove_prefix(count);
  return true;
}

bool take(std::string_view& rest, char wanted) {
  if (rest.empty() || (rest[0] != wanted && rest[0] != (wanted | 0x20))) return false;
  rest.remove_prefix(1);
  return true;
}

class SystemClock final : public Clock {
 public:
  Timestamp now() override { return Timestamp::now(); }
};

}  // namespace

Timestamp Timestamp::now() noexcept {
  return {std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

Result<Timestamp> Timestamp::parse(std::string_view text) {
  const auto bad = [&](const char* what) {
    return Error(ErrorCode::invalid_argument, what)
        .operation("parse time")
        .target(text.substr(0, 64))
        .hint("write a time as 2026-01-31T09:30:00Z (RFC 3339)");
  };
  std::string_view rest = text;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (!take_number(rest, 4, y) || !take(rest, '-') || !take_number(rest, 2, mo) || !take(rest, '-') ||
      !take_number(rest, 2, d)) {
    return bad("this is not a time");
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (y < 1 || !date.ok()) return bad("there is no such day");
  if (rest.empty() || (rest[0] != 'T' && rest[0] != 't' && rest[0] != ' ')) return bad("this is not a time");
  rest.remove_prefix(1);
  if (!take_number(rest, 2, h) || !take(rest, ':') || !take_number(rest, 2, mi) || !take(rest, ':') ||
      !take_number(rest, 2, s)) {
    return bad("this is not a time");
  }
  if (h > 23 || mi > 59 || s > 60) return bad("there is no such time of day");
  std::int64_t micros = 0;
  if (take(rest, '.')) {
    std::int64_t unit = 100'000;
    std::size_t digits = 0;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits, unit /= 10) {
      micros += unit * (rest[digits] - '0');
    }
    if (digits == 0) return bad("there are no digits behind the point");
    rest.remove_prefix(digits);
  }
  std::int64_t offset_minutes = 0;
  if (!take(rest, 'Z')) {
    if (rest.empty() || (rest[0] != '+' && rest[0] != '-')) return bad("the offset from UTC is missing");
    const int sign = rest[0] == '-' ? -1 : 1;
    rest.remove_prefix(1);
    int oh = 0, om = 0;
    if (!take_number(rest, 2, oh) || !take(rest, ':') || !take_number(rest, 2, om) || oh > 23 || om > 59) {
      return bad("the offset from UTC is wrong");
    }
    offset_minutes = sign * (oh * 60 + om);
  }
  if (!rest.empty()) return bad("there is something behind the time");
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + h * 3'600 + mi * 60 + s - offset_minutes * 60;
  const Timestamp time{seconds * 1'000'000 + micros};
  if (time.microseconds < first_microsecond || time.microseconds > last_microsecond) {
    return bad("in UTC this is not in the years 0001 to 9999");
  }
  return time;
}

std::string Timestamp::to_string() const {
  const std::chrono::sys_time<std::chrono::microseconds> moment{
      std::chrono::microseconds(std::clamp(microseconds, first_microsecond, last_microsecond))};
  const auto midnight = std::chrono::floor<std::chrono::days>(moment);
  const year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{moment - midnight};
  std::string text;
  text.reserve(28);
  const auto append = [&text](char before, std::int64_t number, std::int64_t unit) {
    if (before != '\0') text += before;
    for (; unit > 0; unit /= 10) text += static_cast<char>('0' + number / unit % 10);
  };
  append('\0', static_cast<int>(date.year()), 1'000);
  append('-', static_cast<unsigned>(date.month()), 10);
  append('-', static_cast<unsigned>(date.day()), 10);
  append('T', clock.hours().count(), 10);
  append(':', clock.minutes().count(), 10);
  append(':', clock.seconds().count(), 10);
  const std::int64_t fraction = clock.subseconds().count();
  if (fraction % 1'000 != 0) append('.', fraction, 100'000);
  else if (fraction != 0) append('.', fraction / 1'000, 100);
  text += 'Z';
  return text;
}

Clock::~Clock() = default;

Clock& Clock::system() noexcept {
  static SystemClock clock;
  return clock;
}

}  // namespace docupilot::inline v1
