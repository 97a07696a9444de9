#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// A length of time in nanoseconds. Any std::chrono::duration converts to it, so `std::chrono::seconds(5)` and
/// `5s` can be passed wherever one is asked for, without this header paying for <chrono>. Lengths beyond about
/// 292 years become the longest there is; fractions of a nanosecond are dropped.
class Duration {
 public:
  constexpr Duration() noexcept = default;
  constexpr explicit Duration(std::int64_t nanoseconds) noexcept : nanoseconds_(nanoseconds) {}
  template <class Chrono>
    requires requires(Chrono d) {
      d.count();
      Chrono::period::den;
    }
  constexpr Duration(Chrono d) noexcept  // NOLINT(google-explicit-constructor): meant to convert
      : nanoseconds_(saturate(static_cast<long double>(d.count()) * 1'000'000'000.0L * Chrono::period::num /
                              Chrono::period::den)) {}

  [[nodiscard]] constexpr std::int64_t nanoseconds() const noexcept { return nanoseconds_; }
  [[nodiscard]] constexpr double seconds() const noexcept { return static_cast<double>(nanoseconds_) / 1e9; }
  static constexpr Duration from_seconds(double s) noexcept { return Duration(saturate(s * 1e9L)); }
  static constexpr Duration milliseconds(std::int64_t ms) noexcept { return Duration(ms * 1'000'000); }

  constexpr auto operator<=>(const Duration&) const noexcept = default;

 private:
  static constexpr std::int64_t saturate(long double nanoseconds) noexcept {
    if (nanoseconds >= 0x1p63L) return INT64_MAX;
    if (nanoseconds < -0x1p63L) return INT64_MIN;
    return nanoseconds == nanoseconds ? static_cast<std::int64_t>(nanoseconds) : 0;  // NaN: 0
  }
  std::int64_t nanoseconds_ = 0;
};

/// A moment of the calendar: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX).
/// Microseconds, because that is what every supported database keeps. Zero means "not set".
struct Timestamp {
  std::int64_t microseconds = 0;

  /// The wall clock's time now.
  [[nodiscard]] DOCUPILOT_EXPORT static Timestamp now() noexcept;
  /// From RFC 3339 text such as "2026-01-31T09:30:00.25Z" or with an offset, years 0001 to 9999.
  /// Errors: invalid_argument. Digits beyond microseconds are dropped.
  [[nodiscard]] DOCUPILOT_EXPORT static Result<Timestamp> parse(std::string_view rfc3339);
  /// RFC 3339 in UTC with as many of 0, 3 or 6 fraction digits as are needed. Moments outside the years 0001 to 9999,
  /// which it cannot write, show as the first or last of these.
  [[nodiscard]] DOCUPILOT_EXPORT std::string to_string() const;

  constexpr auto operator<=>(const Timestamp&) const noexcept = default;
};

/// Where the wall clock's time comes from; tests give their own. May be called from any thread.
class DOCUPILOT_EXPORT Clock {
 public:
  virtual ~Clock();
  [[nodiscard]] virtual Timestamp now() = 0;
  /// The operating system's clock; lives as long as the program.
  [[nodiscard]] static Clock& system() noexcept;
};

}  // namespace docupilot::inline v1
