#include "http/http_date.h"

#include <array>
#include <chrono>

namespace docupilot::inline v1::http {

namespace {

constexpr std::array<std::string_view, 7> days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Takes the text apart from its front; a step that does not fit makes the whole of it bad.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void literal(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) return fail();
    rest_.remove_prefix(wanted.size());
  }
  [[nodiscard]] bool next_is(char c) const { return good_ && rest_.starts_with(c); }
  int number(std::size_t digits) {
    int value = 0;
    if (rest_.size() < digits) return fail(), 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return fail(), 0;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  int month() {
    const std::size_t at = rest_.size() < 3 ? std::string_view::npos : months.find(rest_.substr(0, 3));
    if (at == std::string_view::npos || at % 3 != 0) return fail(), 0;
    rest_.remove_prefix(3);
    return static_cast<int>(at / 3) + 1;
  }
  /// The name of a day, "Sun" or "Sunday".
  void day_name(bool& whole) {
    for (const std::string_view name : days) {
      if (!rest_.starts_with(name.substr(0, 3))) continue;
      whole = rest_.starts_with(name);
      rest_.remove_prefix(whole ? name.size() : 3);
      return;
    }
    fail();
  }
  [[nodiscard]] bool all_taken() const { return good_ && rest_.empty(); }

 private:
  void fail() {
    good_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool good_ = true;
};

struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

void scan_time(Scanner& scan, Parts& parts) {
  parts.hour = scan.number(2);
  scan.literal(":");
  parts.minute = scan.number(2);
  scan.literal(":");
  parts.second = scan.number(2);
}

std::optional<Timestamp> timestamp_of(const Parts& p) {
  using namespace std::chrono;
  const year_month_day date{year(p.year), month(static_cast<unsigned>(p.month)), day(static_cast<unsigned>(p.day))};
  if (p.year < 1 || !date.ok() || p.hour > 23 || p.minute > 59 || p.second > 60) return std::nullopt;
  const auto time = sys_days(date).time_since_epoch() + hours(p.hour) + minutes(p.minute) + seconds(p.second);
  return Timestamp{microseconds(time).count()};
}

int year_of(Timestamp now) {
  const std::string text = now.to_string();
  return (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
}

}  // namespace

std::optional<Timestamp> parse_http_date(std::string_view text, Timestamp now) {
  Scanner scan(text);
  Parts p;
  bool whole_name = false;
  scan.day_name(whole_name);
  if (scan.next_is(',')) {
    scan.literal(", ");
    p.day = scan.number(2);
    const char* const between = whole_name ? "-" : " ";
    scan.literal(between);
    p.month = scan.month();
    scan.literal(between);
    p.year = scan.number(whole_name ? 2 : 4);
    if (whole_name) {
      const int this_year = year_of(now);
      p.year += this_year / 100 * 100;
      if (p.year > this_year + 50) p.year -= 100;
    }
    scan.literal(" ");
    scan_time(scan, p);
    scan.literal(" GMT");
  } else {
    scan.literal(" ");
    p.month = scan.month();
    scan.literal(" ");
    if (scan.next_is(' ')) {
      scan.literal(" ");
      p.day = scan.number(1);
    } else {
      p.day = scan.number(2);
    }
    scan.literal(" ");
    scan_time(scan, p);
    scan.literal(" ");
    p.year = scan.number(4);
  }
  if (!scan.all_taken()) return std::nullopt;
  return timestamp_of(p);
}

}  // namespace docupilot::inline v1::http
