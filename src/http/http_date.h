#pragma once

#include <optional>
#include <string_view>

#include <docupilot/base/time.h>

namespace docupilot::inline v1::http {

/// A moment as HTTP headers write it (RFC 9110, 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT" or one of the two old forms,
/// "Sunday, 06-Nov-94 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994". Nothing for anything else. A year of two digits
/// that would be more than 50 years after `now` is one of the century before.
[[nodiscard]] std::optional<Timestamp> parse_http_date(std::string_view text, Timestamp now);

}  // namespace docupilot::inline v1::http
