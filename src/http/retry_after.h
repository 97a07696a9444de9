#pragma once

#include <optional>
#include <string_view>

#include <docupilot/base/time.h>
#include <docupilot/http/transport.h>

#include "base/retry_law.h"

namespace docupilot::inline v1::http {

/// Reads `x-amz-retry-after` (milliseconds), `retry-after-ms` (milliseconds) and `Retry-After` (seconds or an HTTP
/// date), the first of these that is there. A date counts from the reply's own Date, or else from `now`. Nothing when
/// there is none, or when it makes no sense: negative, past, zero, no number, or (where AWS's limits do not tame it)
/// more than a day; then our own delay holds.
[[nodiscard]] std::optional<ServerHint> server_hint(const Headers& headers, Timestamp now);

/// Google's RetryInfo.retryDelay, a protobuf duration in JSON: "30s", "1.5s". Nothing when it makes no sense.
[[nodiscard]] std::optional<Duration> parse_retry_delay(std::string_view text);

}  // namespace docupilot::inline v1::http
