#include "http/request_report.h"

#include <array>

namespace docupilot::inline v1::http {

namespace {

std::string_view outcome_of(const Result<Response>& result) {
  static constexpr std::array<std::string_view, 6> classes = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  if (!result) return to_string(result.error().code());
  const auto first = static_cast<std::size_t>(result->status) / 100;
  return first < classes.size() ? classes.at(first) : classes.front();
}

void measure(const Hooks& hooks, const EndedRequest& ended) {
  using Kind = MetricRecord::Kind;
  const std::string_view outcome = outcome_of(ended.result);
  const auto tell = [&](Kind kind, std::string_view name, double value, std::string_view label = {}) {
    hooks.metric({.kind = kind, .name = name, .value = value, .label = label});
  };
  tell(Kind::counter, "docupilot_http_requests_total", 1, outcome);
  tell(Kind::histogram, "docupilot_http_request_seconds", std::chrono::duration<double>(ended.taken).count(), outcome);
  tell(Kind::counter, "docupilot_http_sent_bytes_total", static_cast<double>(ended.bytes_sent));
  tell(Kind::counter, "docupilot_http_received_bytes_total", static_cast<double>(ended.bytes_received));
  if (ended.result && !ended.result->connection_was_reused) {
    tell(Kind::counter, "docupilot_http_connections_total", 1);
  }
}

}  // namespace

void report(const Hooks& hooks, const EndedRequest& ended) {
  if (hooks.metric) measure(hooks, ended);
  if (!hooks.span) return;
  const std::int64_t taken = std::chrono::floor<std::chrono::microseconds>(ended.taken).count();
  hooks.span({.name = "http.request",
              .start_microseconds = Timestamp::now().microseconds - taken,
              .duration_microseconds = taken,
              .failed = !ended.result.has_value()});
}

}  // namespace docupilot::inline v1::http
