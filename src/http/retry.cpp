#include "http/retry.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/retry_law.h"
#include "base/try.h"
#include "http/retry_after.h"

namespace docupilot::inline v1::http {

namespace {

constexpr unsigned most_corrections = 2;

RetryReason reason_of(Verdict verdict) {
  return verdict == Verdict::throttled ? RetryReason::throttled : RetryReason::transient;
}

/// `error` with `below` as the last of its causes.
Error with_root(Error error, Error below) {
  if (error.cause() == nullptr) {
    error = std::move(error).cause(std::move(below));
    return error;
  }
  Error cause = with_root(*error.cause(), std::move(below));
  error = std::move(error).cause(std::move(cause));
  return error;
}

void add_hint(Error& error, const std::string& hint) {
  const std::string all = error.hint().empty() ? hint : error.hint() + "; " + hint;
  error = std::move(error).hint(all);
}

std::string in_seconds(Duration length) {
  const auto milliseconds = length.nanoseconds() / 1'000'000;
  return std::to_string(milliseconds / 1000) + '.' + std::to_string(milliseconds % 1000 / 100) + " s";
}

}  // namespace

/// One call on its way.
class Retrier::Run {
 public:
  Run(Retrier& retrier, const RetryCall& call, const Context& context)
      : owner_(retrier), options_(retrier.options_), call_(call), context_(context) {}

  Result<Response> operator()();

 private:
  /// Whether to make another attempt; `reason_` says why not. May sleep.
  Result<bool> prepare_next(const Judgement& judgement, const Result<Response>& result);
  bool correct_clock(Verdict verdict);
  Result<bool> wait(const Judgement& judgement, const Result<Response>& result);
  [[nodiscard]] bool may_repeat(Verdict verdict, const Result<Response>& result) const;
  [[nodiscard]] std::optional<ServerHint> hint(const Judgement& judgement, const Result<Response>& result) const;
  void succeeded();
  [[nodiscard]] Error error_of_attempt(Judgement& judgement, Result<Response>& result) const;
  [[nodiscard]] Error final_error(Error last);

  Retrier& owner_;
  const RetrierOptions& options_;
  const RetryCall& call_;
  const Context& context_;
  Attempt attempt_ = {};
  std::optional<Duration> measured_;
  unsigned sent_ = 0;
  unsigned waits_ = 0;
  unsigned last_cost_ = 0;
  unsigned corrections_ = 0;
  bool renewed_ = false;
  bool exhausted_ = false;  // the attempts, on what may pass
  std::string reason_;
  std::vector<Error> trail_;
};

Result<Response> Retrier::Run::operator()() {
  for (;; ++attempt_.number) {
    if (auto going = context_.check(call_.operation); !going) return final_error(std::move(going).error());
    attempt_.clock_offset = owner_.skew_.offset();
    const Timestamp sent = options_.clock->now();
    ++sent_;
    Result<Response> result = call_.send(attempt_, context_);
    const Timestamp received = options_.clock->now();
    Judgement judgement = call_.judge ? call_.judge(result) : http::judge(result);
    if (judgement.verdict == Verdict::done && !result) judgement.verdict = Verdict::final;
    if (judgement.verdict == Verdict::done) {
      succeeded();
      return result;
    }
    measured_ = result ? measured_offset(result->headers, sent, received) : std::nullopt;
    Result<bool> again = prepare_next(judgement, result);
    Error error = error_of_attempt(judgement, result);
    if (again && !*again) return final_error(std::move(error));
    trail_.push_back(std::move(error));
    if (!again) return final_error(std::move(again).error());
  }
}

void Retrier::Run::succeeded() { owner_.bucket_.give(last_cost_ == 0 ? 1 : last_cost_); }

bool Retrier::Run::may_repeat(Verdict verdict, const Result<Response>& result) const {
  if (call_.idempotent || verdict == Verdict::throttled) return true;
  // Without a reply the transport has said whether the request can have been read: then it is `outcome_unknown`.
  return !result && result.error().code() != ErrorCode::outcome_unknown && result.error().http_status() == 0;
}

bool Retrier::Run::correct_clock(Verdict verdict) {
  if (!measured_) {
    if (verdict == Verdict::clock_skew) reason_ = "the reply does not tell the server's time, so it cannot be kept to";
    return false;
  }
  if (verdict == Verdict::maybe_clock_skew && !differs_much(*measured_, attempt_.clock_offset)) return false;
  const bool behind = *measured_ > Duration();
  const Duration length(behind ? measured_->nanoseconds() : -measured_->nanoseconds());
  reason_ = "the clock of this machine is " + in_seconds(length) + (behind ? " behind" : " ahead of") + " the server's";
  if (corrections_ == most_corrections) return false;
  ++corrections_;
  owner_.skew_.set(*measured_);
  return true;
}

Result<bool> Retrier::Run::prepare_next(const Judgement& judgement, const Result<Response>& result) {
  reason_.clear();
  const bool last = attempt_.number >= std::max(1U, options_.policy.attempts);
  switch (judgement.verdict) {
    case Verdict::clock_skew:
    case Verdict::maybe_clock_skew: return correct_clock(judgement.verdict) && !last;
    case Verdict::credentials_expired:
      if (renewed_) return false;
      renewed_ = true;  // for the next call, if not for another attempt of this one
      return call_.renew_credentials && call_.renew_credentials(context_) && !last;
    case Verdict::transient:
    case Verdict::throttled:
      if (last) {
        exhausted_ = may_repeat(judgement.verdict, result);
        if (const auto asked = hint(judgement, result)) {
          reason_ = "the server asks to wait " + in_seconds(std::min(asked->delay, options_.policy.longest_hint));
        }
        return false;
      }
      if (may_repeat(judgement.verdict, result)) return wait(judgement, result);
      reason_ = "it was not tried again, since it may have been done";
      return false;
    case Verdict::done:
    case Verdict::final: return false;
  }
  return false;
}

std::optional<ServerHint> Retrier::Run::hint(const Judgement& judgement, const Result<Response>& result) const {
  std::optional<ServerHint> asked;
  if (result) asked = server_hint(result->headers, options_.clock->now());
  if (asked && asked->aws) return asked;
  if (judgement.retry_delay && *judgement.retry_delay > Duration()) asked = {.delay = *judgement.retry_delay};
  return asked;
}

Result<bool> Retrier::Run::wait(const Judgement& judgement, const Result<Response>& result) {
  const RetryReason why = reason_of(judgement.verdict);
  const Duration length = retry_delay(options_.policy, why, waits_++, options_.random(), hint(judgement, result));
  if (length >= options_.sleeper->remaining(context_.deadline)) {
    reason_ = "the deadline comes before the next attempt, " + in_seconds(length) + " from here";
    return false;
  }
  const unsigned cost = retry_cost(why);
  if (!owner_.bucket_.take(cost)) {
    reason_ = "too much has failed at this endpoint, so it was not tried again";
    return false;
  }
  last_cost_ = cost;
  DOCUPILOT_CHECK(options_.sleeper->sleep(length, context_, call_.operation));
  return true;
}

Error Retrier::Run::error_of_attempt(Judgement& judgement, Result<Response>& result) const {
  if (!result) return judgement.error ? *std::move(judgement.error) : std::move(result).error();
  Error error = judgement.error ? *std::move(judgement.error) : error_of(*result, judgement.said);
  // Something was done with it or not: a caller that repeats it blindly could do it twice.
  if (judgement.verdict == Verdict::transient && !call_.idempotent) {
    Error unknown(ErrorCode::outcome_unknown, error.message());
    unknown = std::move(unknown).service(error.http_status(), error.service_code(), error.request_id());
    return unknown;
  }
  return error;
}

Error Retrier::Run::final_error(Error last) {
  if (exhausted_) {
    if (sent_ > 1) add_hint(last, "it was tried " + std::to_string(sent_) + " times");
    last = std::move(last).retryable(true);
  }
  if (!reason_.empty()) add_hint(last, reason_);
  if (!call_.operation.empty()) last = std::move(last).operation(call_.operation);
  if (!call_.backend.empty()) last = std::move(last).backend(call_.backend);
  if (!call_.target.empty()) last = std::move(last).target(call_.target);
  Error error = std::move(last);
  const auto tried = static_cast<int>(std::max(1U, sent_));
  error = std::move(error).attempts(tried);
  std::optional<Error> trail;
  for (std::size_t i = 0; i < trail_.size(); ++i) {
    Error earlier = std::move(trail_[i]);
    earlier = std::move(earlier).operation("attempt " + std::to_string(i + 1));
    trail = trail ? with_root(std::move(earlier), *std::move(trail)) : std::move(earlier);
  }
  return trail ? with_root(std::move(error), *std::move(trail)) : error;
}

Retrier::Retrier(RetrierOptions options) : options_(std::move(options)), bucket_(options_.policy.bucket) {}

Result<Response> Retrier::run(const RetryCall& call, const Context& context) { return Run(*this, call, context)(); }

}  // namespace docupilot::inline v1::http
