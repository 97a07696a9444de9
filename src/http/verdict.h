#pragma once

#include <optional>
#include <string>

#include <docupilot/http/transport.h>

namespace docupilot::inline v1::http {

/// What came of one attempt.
enum class Verdict {
  done,                 ///< Over and well: the reply is for the caller, whatever its status.
  transient,            ///< Trouble on the way or at the server: the same again may succeed.
  throttled,            ///< Explicitly refused for now, nothing was done: the same again, later and less of it.
  clock_skew,           ///< Refused because our clock is wrong.
  maybe_clock_skew,     ///< Refused for a reason that a wrong clock can cause as well.
  credentials_expired,  ///< Refused because the credentials no longer hold: the same again with fresh ones.
  final                 ///< Refused for good.
};

/// What the body of a reply says about an error; the caller reads its XML or JSON. Empty parts are not known.
struct ServiceError {
  std::string code;        ///< "SlowDown", "ExpiredToken", "RESOURCE_EXHAUSTED"
  std::string message;     ///< For people. Whoever reads it from the reply keeps secrets out.
  std::string request_id;  ///< Default: the header x-amz-request-id or x-request-id.
};

struct Judgement {
  Verdict verdict = Verdict::done;
  ServiceError said = {};
  /// What to tell the caller when it ends here. Default: the error of the attempt, or `error_of(reply, said)`.
  std::optional<Error> error = {};
  /// A hint that the body gave (Google's RetryInfo.retryDelay); those in headers need not be named.
  std::optional<Duration> retry_delay = {};
};

/// The verdict as HTTP and the codes of AWS have it; S3's codes are among them. Successes (2xx) are done; whoever knows
/// that one can hold an error gives a `Response` with the right status, or judges himself.
[[nodiscard]] Judgement judge(const Result<Response>& result, ServiceError said = {});
/// Likewise for a request without a signature, which neither a clock nor other credentials can mend: final then.
[[nodiscard]] Judgement judge_unsigned(const Result<Response>& result, ServiceError said = {});
/// The error that a reply which is no success stands for: code by status and service code, with a hint where one helps.
[[nodiscard]] Error error_of(const Response& response, const ServiceError& said = {});

}  // namespace docupilot::inline v1::http
