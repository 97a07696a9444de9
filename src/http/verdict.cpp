#include "http/verdict.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace docupilot::inline v1::http {

namespace {

using Codes = std::span<const std::string_view>;

constexpr std::array<std::string_view, 15> throttling{"BandwidthLimitExceeded",
                                                      "EC2ThrottledException",
                                                      "LimitExceededException",
                                                      "PriorRequestNotComplete",
                                                      "ProvisionedThroughputExceededException",
                                                      "RequestLimitExceeded",
                                                      "RequestThrottled",
                                                      "RequestThrottledException",
                                                      "RESOURCE_EXHAUSTED",
                                                      "SlowDown",
                                                      "ThrottledException",
                                                      "Throttling",
                                                      "ThrottlingException",
                                                      "TooManyRequestsException",
                                                      "TransactionInProgressException"};
constexpr std::array<std::string_view, 5> passing{"IDPCommunicationError", "InternalError", "RequestTimeout",
                                                  "RequestTimeoutException", "ServiceUnavailable"};
constexpr std::array<std::string_view, 3> skewed{"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"};
constexpr std::array<std::string_view, 3> perhaps_skewed{"AuthFailure", "InvalidSignatureException",
                                                         "SignatureDoesNotMatch"};
constexpr std::array<std::string_view, 4> expired{"ExpiredToken", "ExpiredTokenException", "InvalidToken",
                                                  "TokenRefreshRequired"};
constexpr std::array<std::string_view, 2> unknown_keys{"InvalidAccessKeyId", "UnrecognizedClientException"};

bool is_one_of(std::string_view code, Codes codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

Verdict verdict_of(const Response& reply, std::string_view code) {
  if (reply.status >= 200 && reply.status < 300) return Verdict::done;
  if (reply.status == 429 || is_one_of(code, throttling)) return Verdict::throttled;
  if (is_one_of(code, skewed)) return Verdict::clock_skew;
  if (is_one_of(code, perhaps_skewed)) return Verdict::maybe_clock_skew;
  if (is_one_of(code, expired)) return Verdict::credentials_expired;
  if (is_one_of(code, passing)) return Verdict::transient;
  if (reply.status == 408 || reply.status == 500 || (reply.status >= 502 && reply.status <= 504)) {
    return Verdict::transient;
  }
  // The reply to a HEAD has no body that could name the reason.
  if (code.empty() && reply.status == 403) return Verdict::maybe_clock_skew;
  return Verdict::final;
}

ErrorCode code_of(const Response& reply, std::string_view code) {
  if (is_one_of(code, throttling)) return ErrorCode::rate_limited;
  if (is_one_of(code, skewed) || is_one_of(code, perhaps_skewed) || is_one_of(code, expired) ||
      is_one_of(code, unknown_keys)) {
    return ErrorCode::unauthenticated;
  }
  if (is_one_of(code, passing)) return ErrorCode::unavailable;
  switch (reply.status) {
    case 401:
    case 407: return ErrorCode::unauthenticated;
    case 403: return ErrorCode::permission_denied;
    case 404:
    case 410: return ErrorCode::not_found;
    case 408: return ErrorCode::timeout;
    case 409: return ErrorCode::conflict;
    case 304:
    case 412: return ErrorCode::precondition_failed;
    case 413: return ErrorCode::too_large;
    case 429: return ErrorCode::rate_limited;
    case 405:
    case 501: return ErrorCode::unsupported;
    case 507: return ErrorCode::exhausted;
    default: return reply.status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid_argument;
  }
}

std::string_view hint_of(const Response& reply, std::string_view code) {
  if (is_one_of(code, expired)) return "get fresh credentials";
  if (is_one_of(code, skewed)) return "set the clock of this machine";
  if (is_one_of(code, perhaps_skewed)) return "check the secret key, the region and the clock of this machine";
  if (is_one_of(code, unknown_keys)) return "check the access key and that it belongs to this endpoint";
  if (reply.status == 429 || is_one_of(code, throttling)) return "send less at a time, or try again later";
  if (reply.status == 407) return "give the proxy's user and password";
  if (reply.status >= 300 && reply.status < 400 && reply.status != 304) {
    return "redirects are not followed: name the endpoint and region that the server redirects to";
  }
  return {};
}

}  // namespace

Judgement judge(const Result<Response>& result, ServiceError said) {
  if (result) {
    const Verdict verdict = verdict_of(*result, said.code);
    return {.verdict = verdict, .said = std::move(said)};
  }
  const Error& error = result.error();
  if (error.code() == ErrorCode::cancelled) return {.verdict = Verdict::final};
  return {.verdict = error.retryable() ? Verdict::transient : Verdict::final};
}

Judgement judge_unsigned(const Result<Response>& result, ServiceError said) {
  Judgement judgement = judge(result, std::move(said));
  const Verdict verdict = judgement.verdict;
  if (verdict == Verdict::clock_skew || verdict == Verdict::maybe_clock_skew ||
      verdict == Verdict::credentials_expired) {
    judgement.verdict = Verdict::final;
  }
  return judgement;
}

Error error_of(const Response& response, const ServiceError& said) {
  std::string message = said.message;
  if (message.empty()) message = "the server answered with status " + std::to_string(response.status);
  std::string id = said.request_id;
  if (id.empty()) id = response.headers.get("x-amz-request-id");
  if (id.empty()) id = response.headers.get("x-request-id");
  Error error(code_of(response, said.code), std::move(message));
  error = std::move(error).service(response.status, said.code, id);
  if (const auto hint = hint_of(response, said.code); !hint.empty()) error = std::move(error).hint(hint);
  return error;
}

}  // namespace docupilot::inline v1::http
