#pragma once

#include <functional>
#include <string_view>

#include <docupilot/base/retry.h>
#include <docupilot/base/time.h>

#include "base/token_bucket.h"
#include "crypto/random.h"
#include "http/clock_skew.h"
#include "http/sleeper.h"
#include "http/verdict.h"

namespace docupilot::inline v1::http {

/// What one attempt has to know.
struct Attempt {
  unsigned number = 1;    ///< From 1.
  Duration clock_offset;  ///< To be added to this machine's clock when signing. Presigned URLs are never shifted.
};

/// One call, described so that it can be made several times.
struct RetryCall {
  // For errors; what they name must live as long as the call.
  std::string_view operation;
  std::string_view backend = {};
  std::string_view target = {};
  /// Whether doing it twice is the same as doing it once. When not, it is made again only after a failure in which
  /// nothing can have reached the server, or after an explicit refusal (throttled). `send` must give the same to
  /// Request::idempotent: by it the transport knows when to answer `outcome_unknown`.
  bool idempotent = true;
  /// Makes one attempt: takes the credentials, signs afresh, rewinds the body and sends.
  std::function<Result<Response>(const Attempt&, const Context&)> send;
  /// What came of it. Default: `http::judge` without a service code.
  std::function<Judgement(const Result<Response>&)> judge = {};
  /// Drops the credentials that were just refused and sees to others; false when there are no others. Called once at
  /// the most. Default: there are none.
  std::function<bool(const Context&)> renew_credentials = {};
};

struct RetrierOptions {
  RetryPolicy policy = {};
  Clock* clock = &Clock::system();
  Sleeper* sleeper = &Sleeper::system();
  std::function<double()> random = crypto::random_part;  ///< In [0, 1).
};

/// The one retry loop of the library, one object for each endpoint. Calls may run on any number of threads; they share
/// the token bucket and what is known of the server's clock.
///
/// A retry takes 14 tokens (5 when throttled), a success gives back what the last retry took, or 1 when there was none.
/// Corrections of the clock (two at the most) and the renewal of credentials (one) count as attempts but are neither
/// waited for nor paid: they mend the cause.
class Retrier {
 public:
  explicit Retrier(RetrierOptions options = {});

  /// The reply that was judged `done`. Else the last attempt's error, with the number of attempts, a hint why there was
  /// no further one, and the errors of the earlier attempts as causes, the latest first. When only the attempts ran out
  /// it is retryable. Never sleeps past the deadline: when the wait would end behind it, the error comes at once, its
  /// code kept.
  [[nodiscard]] Result<Response> run(const RetryCall& call, const Context& context = {});

  /// What is known of the server's clock, shared with whoever makes attempts of his own.
  [[nodiscard]] ClockSkew& clock_skew() noexcept { return skew_; }
  [[nodiscard]] unsigned tokens_left() const { return bucket_.left(); }

 private:
  class Run;

  RetrierOptions options_;
  TokenBucket bucket_;
  ClockSkew skew_;
};

}  // namespace docupilot::inline v1::http
