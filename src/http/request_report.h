#pragma once

#include <chrono>
#include <cstdint>

#include <docupilot/base/log.h>
#include <docupilot/http/transport.h>

namespace docupilot::inline v1::http {

/// A request that has ended, with a reply or without.
struct EndedRequest {
  const Result<Response>& result;
  std::chrono::nanoseconds taken;
  std::uint64_t bytes_sent = 0;      ///< Of the body.
  std::uint64_t bytes_received = 0;  ///< Of the body.
};

/// Tells the hooks of it: `docupilot_http_requests_total` by "2xx", "4xx", ... or the error's code,
/// `docupilot_http_request_seconds`, the bytes, whether the connection was a new one, and a span "http.request".
/// No URL, header or name is among them.
void report(const Hooks& hooks, const EndedRequest& ended);

}  // namespace docupilot::inline v1::http
