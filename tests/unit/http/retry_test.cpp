#include "http/retry.h"

#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "support/virtual_time.h"

using namespace docupilot;
using namespace docupilot::http;
using namespace docupilot_test;
using namespace std::chrono_literals;

namespace {

Response reply(int status, Headers headers = {}) { return {.status = status, .headers = std::move(headers)}; }
Error lost() { return Error(ErrorCode::unavailable, "no connection").hint("the name was not found"); }

/// A retrier in virtual time, and a call whose attempts answer as scripted.
struct Bench {
  VirtualTime time;
  std::deque<double> parts;  ///< Of the random source; 0.5 when there are no more.
  RetryPolicy policy = {};
  std::unique_ptr<Retrier> retrier;

  std::deque<Result<Response>> script;
  std::vector<Attempt> attempts;
  Duration trip = {};  ///< How long each attempt takes.
  std::function<std::string(const Response&)> service_code = {};
  bool idempotent = true;
  int renewals = 0;
  bool can_renew = true;

  Retrier& get() {
    if (!retrier) {
      retrier = std::make_unique<Retrier>(
          RetrierOptions{.policy = policy, .clock = &time.clock(), .sleeper = &time.sleeper(), .random = [this] {
                           return next_part();
                         }});
    }
    return *retrier;
  }
  double next_part() {
    if (parts.empty()) return 0.5;
    const double part = parts.front();
    parts.pop_front();
    return part;
  }
  Result<Response> run(const Context& context = {}) {
    RetryCall call{.operation = "get",
                   .backend = "s3",
                   .target = "b/k",
                   .idempotent = idempotent,
                   .send =
                       [this](const Attempt& attempt, const Context&) {
                         attempts.push_back(attempt);
                         time.advance(trip);
                         REQUIRE_FALSE(script.empty());
                         Result<Response> next = std::move(script.front());
                         script.pop_front();
                         return next;
                       },
                   .renew_credentials =
                       [this](const Context&) {
                         ++renewals;
                         return can_renew;
                       }};
    if (service_code) {
      call.judge = [this](const Result<Response>& result) {
        return result ? judge(result, {.code = service_code(*result)}) : judge(result);
      };
    }
    return get().run(call, context);
  }
  std::vector<std::int64_t> waits() const {
    std::vector<std::int64_t> all;
    for (const Duration sleep : time.sleeps()) all.push_back(sleep.nanoseconds() / 1'000'000);
    return all;
  }
};

using Waits = std::vector<std::int64_t>;

/// The service code is what the header "code" says.
std::string code_in_header(const Response& response) { return std::string(response.headers.get("code")); }

}  // namespace

TEST_CASE("a success is returned at once") {
  Bench bench;
  bench.script = {reply(204)};
  const auto result = bench.run();
  REQUIRE(result.has_value());
  CHECK(result->status == 204);
  CHECK(bench.attempts.size() == 1);
  CHECK(bench.waits().empty());
  CHECK(bench.get().tokens_left() == 500);
}

TEST_CASE("transient trouble waits a random part of 50 ms, then of 100 ms") {
  Bench bench;
  bench.parts = {0.5, 0.25};
  bench.script = {reply(500), lost(), reply(200)};
  REQUIRE(bench.run().has_value());
  CHECK(bench.waits() == Waits{25, 25});
  CHECK(bench.attempts.at(2).number == 3);
  CHECK(bench.get().tokens_left() == 500 - 14);  // two were taken, the last one given back
}

TEST_CASE("throttling waits a random part of 1 s, then of 2 s") {
  Bench bench;
  bench.parts = {0.5, 0.999};
  bench.script = {reply(429), reply(429), reply(200)};
  REQUIRE(bench.run().has_value());
  CHECK(bench.waits() == Waits{500, 1998});
  CHECK(bench.get().tokens_left() == 500 - 5);
}

TEST_CASE("no own delay is longer than 20 s") {
  Bench bench;
  bench.policy.attempts = 9;
  bench.parts = std::deque<double>(8, 1.0 - 0x1p-53);
  for (int i = 0; i < 8; ++i) bench.script.push_back(reply(429));
  bench.script.push_back(reply(200));
  REQUIRE(bench.run().has_value());
  CHECK(bench.waits() == Waits{999, 1999, 3999, 7999, 15999, 19999, 19999, 19999});
}

TEST_CASE("after three attempts the error tells all of them") {
  Bench bench;
  bench.service_code = code_in_header;
  bench.script = {lost(), reply(500, {{"x-amz-request-id", "one"}}),
                  reply(503, {{"code", "SlowDown"}, {"x-amz-request-id", "two"}})};
  const auto result = bench.run();
  REQUIRE_FALSE(result.has_value());
  const Error& error = result.error();
  CHECK(error.code() == ErrorCode::rate_limited);
  CHECK(error.attempts() == 3);
  CHECK(error.operation() == "get");
  CHECK(error.backend() == "s3");
  CHECK(error.target() == "b/k");
  CHECK(error.http_status() == 503);
  CHECK(error.service_code() == "SlowDown");
  CHECK(error.request_id() == "two");
  CHECK(error.retryable());
  CHECK(error.hint().ends_with("; it was tried 3 times"));
  REQUIRE(error.cause() != nullptr);
  CHECK(error.cause()->operation() == "attempt 2");
  CHECK(error.cause()->http_status() == 500);
  CHECK(error.cause()->request_id() == "one");
  REQUIRE(error.cause()->cause() != nullptr);
  CHECK(error.cause()->cause()->operation() == "attempt 1");
  CHECK(error.cause()->cause()->code() == ErrorCode::unavailable);
  CHECK(error.cause()->cause()->cause() == nullptr);
}

TEST_CASE("when the attempts ran out on what may pass, the error is retryable and tells what the server asked for") {
  Bench bench;
  RetryCall call{
      .operation = "put",
      .send = [](const Attempt&, const Context&) -> Result<Response> { return reply(409, {{"Retry-After", "7"}}); },
      .judge =
          [](const Result<Response>&) {
            return Judgement{.verdict = Verdict::transient, .error = Error(ErrorCode::conflict, "busy")};
          }};
  const auto result = bench.get().run(call);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == ErrorCode::conflict);
  CHECK(result.error().retryable());
  CHECK(result.error().hint() == "it was tried 3 times; the server asks to wait 7.0 s");
  CHECK(bench.waits() == Waits{7'000, 7'000});

  call.idempotent = false;  // and what may have been done is not, whatever the caller's judgement calls it
  call.send = [](const Attempt&, const Context&) -> Result<Response> { return reply(500); };
  const auto unknown = bench.get().run(call);
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code() == ErrorCode::outcome_unknown);
  CHECK(unknown.error().message() == "busy");
  CHECK_FALSE(unknown.error().retryable());
}

TEST_CASE("the causes of each attempt stay in the trail") {
  Bench bench;
  bench.policy.attempts = 2;
  bench.script = {Error(lost()).cause(Error(ErrorCode::internal, "deep")), lost()};
  const auto result = bench.run();
  REQUIRE_FALSE(result.has_value());
  REQUIRE(result.error().cause() != nullptr);
  REQUIRE(result.error().cause()->cause() != nullptr);
  CHECK(result.error().cause()->cause()->message() == "deep");
}

TEST_CASE("what is refused for good is not tried again") {
  for (const int status : {301, 400, 401, 404, 405, 409, 412, 413, 416, 501, 505, 507}) {
    CAPTURE(status);
    Bench bench;
    bench.script = {reply(status)};
    const auto result = bench.run();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().http_status() == status);
    CHECK(result.error().attempts() == 1);
    CHECK(bench.attempts.size() == 1);
  }
  Bench bench;
  bench.script = {Error(ErrorCode::permission_denied, "the certificate is not trusted")};
  CHECK(bench.run().error().code() == ErrorCode::permission_denied);
  CHECK(bench.attempts.size() == 1);
}

TEST_CASE("statuses and transport errors that pass are tried again") {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    CAPTURE(status);
    Bench bench;
    bench.script = {reply(status), reply(200)};
    CHECK(bench.run().has_value());
  }
  for (const ErrorCode code : {ErrorCode::unavailable, ErrorCode::timeout}) {
    Bench bench;
    bench.script = {Error(code, "gone"), reply(200)};
    CHECK(bench.run().has_value());
  }
  Bench cut;  // a reply that was cut; one that is no HTTP is final
  cut.script = {Error(ErrorCode::corrupted, "cut").retryable(true), Error(ErrorCode::corrupted, "no HTTP")};
  CHECK(cut.run().error().message() == "no HTTP");
  CHECK(cut.attempts.size() == 2);
}

TEST_CASE("a server's hint is kept to") {
  const auto wait_after = [](Response refused) {
    Bench bench;
    bench.script = {std::move(refused), reply(200)};
    REQUIRE(bench.run().has_value());
    return bench.waits().at(0);
  };
  CHECK(wait_after(reply(503, {{"Retry-After", "7"}})) == 7'000);
  CHECK(wait_after(reply(429, {{"retry-after-ms", "30"}})) == 30);
  CHECK(wait_after(reply(429, {{"Retry-After", "61"}})) == 60'000);
  // AWS's own: between our delay (25 ms here) and 5 s more.
  CHECK(wait_after(reply(503, {{"x-amz-retry-after", "1000"}})) == 1'000);
  CHECK(wait_after(reply(503, {{"x-amz-retry-after", "1"}})) == 25);
  CHECK(wait_after(reply(503, {{"x-amz-retry-after", "1000000000"}})) == 5'025);
  for (const char* absurd : {"-3", "1000000000", "Mon, 01 Jan 2001 00:00:00 GMT", "in a while"}) {
    CAPTURE(absurd);
    CHECK(wait_after(reply(429, {{"Retry-After", absurd}})) == 500);
  }
}

TEST_CASE("a hint from the body is kept to, up to a minute") {
  for (const auto& [hint, wait] : {std::pair{Duration(2s), 2'000}, {Duration(600s), 60'000}, {Duration(-1s), 500}}) {
    Bench bench;
    RetryCall call{.operation = "commit",
                   .send = [&](const Attempt& attempt, const Context&) -> Result<Response> {
                     return reply(attempt.number == 1 ? 429 : 200);
                   },
                   .judge =
                       [&](const Result<Response>& result) {
                         Judgement judgement = judge(result);
                         judgement.retry_delay = hint;
                         return judgement;
                       }};
    REQUIRE(bench.get().run(call).has_value());
    CHECK(bench.waits() == Waits{wait});
  }
}

TEST_CASE("it never sleeps past the deadline") {
  Bench bench;
  bench.script = {reply(503, {{"Retry-After", "40"}})};
  const auto result = bench.run({.deadline = Deadline::after(30s)});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == ErrorCode::unavailable);
  CHECK(result.error().hint().find("the deadline comes before the next attempt") != std::string::npos);
  CHECK(result.error().attempts() == 1);
  CHECK(bench.waits().empty());
  CHECK(bench.get().tokens_left() == 500);

  bench.script = {reply(503, {{"Retry-After", "40"}}), reply(200)};
  CHECK(bench.run({.deadline = Deadline::after(3600s)}).has_value());
}

TEST_CASE("a call that has to end is not begun, and ends while it waits") {
  Bench bench;
  std::stop_source stop;
  bench.time.on_sleep = [&] { stop.request_stop(); };
  bench.script = {lost()};
  const auto result = bench.run({.stop = stop.get_token()});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == ErrorCode::cancelled);
  CHECK(result.error().attempts() == 1);
  REQUIRE(result.error().cause() != nullptr);
  CHECK(result.error().cause()->message() == "no connection");

  const auto again = bench.run({.stop = stop.get_token()});
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code() == ErrorCode::cancelled);
  CHECK(bench.attempts.size() == 1);
}

TEST_CASE("the system's sleeper wakes for the stop token and for the deadline") {
  std::stop_source stop;
  stop.request_stop();
  CHECK(Sleeper::system().sleep(Duration(3600s), {.stop = stop.get_token()}, "x").error().code() ==
        ErrorCode::cancelled);
  CHECK(Sleeper::system().sleep(Duration(3600s), {.deadline = Deadline::after(1ms)}, "x").error().code() ==
        ErrorCode::timeout);
  CHECK(Sleeper::system().sleep(Duration(1us), {}, "x").has_value());
  for (int i = 0; i < 1000; ++i) {
    const double part = crypto::random_part();
    REQUIRE(part >= 0);
    REQUIRE(part < 1);
  }
}

TEST_CASE("when all fails the bucket ends the retries: 35 of them, and 100 when throttled") {
  for (const auto& [status, retries] : {std::pair{500, 35U}, {429, 100U}}) {
    CAPTURE(status);
    Bench bench;
    for (int call = 0; call < 100; ++call) {
      bench.script = std::deque<Result<Response>>(3, reply(status));
      REQUIRE_FALSE(bench.run().has_value());
    }
    CHECK(bench.attempts.size() == 100 + retries);
    bench.script = {reply(status)};
    CHECK(bench.run().error().hint().find("too much has failed at this endpoint") != std::string::npos);
    // Successes earn the next retry.
    const unsigned cost = status == 429 ? 5 : 14;
    while (bench.get().tokens_left() < cost) {
      bench.script = {reply(200)};
      REQUIRE(bench.run().has_value());
    }
    bench.script = {reply(status), reply(200)};
    CHECK(bench.run().has_value());
  }
}

TEST_CASE("a call that must not happen twice is repeated only when it cannot have happened") {
  Bench bench;
  bench.idempotent = false;
  bench.service_code = code_in_header;
  SUBCASE("no connection") { bench.script = {lost(), reply(200)}; }
  SUBCASE("the connect limit") { bench.script = {Error(ErrorCode::timeout, "connecting took too long"), reply(200)}; }
  SUBCASE("refused by 429") { bench.script = {reply(429), reply(200)}; }
  SUBCASE("refused by SlowDown") { bench.script = {reply(503, {{"code", "SlowDown"}}), reply(200)}; }
  CHECK(bench.run().has_value());
  CHECK(bench.attempts.size() == 2);
}

TEST_CASE("a call that must not happen twice ends when it may have happened") {
  for (const int status : {500, 502, 503, 504}) {
    CAPTURE(status);
    Bench bench;
    bench.idempotent = false;
    bench.script = {reply(status)};
    const auto result = bench.run();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code() == ErrorCode::outcome_unknown);
    CHECK(result.error().http_status() == status);
    CHECK_FALSE(result.error().retryable());
    CHECK(bench.attempts.size() == 1);
  }
  Bench bench;
  bench.idempotent = false;
  bench.script = {Error(ErrorCode::outcome_unknown, "the connection broke").retryable(true)};
  const auto result = bench.run();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == ErrorCode::outcome_unknown);
  CHECK(bench.attempts.size() == 1);
}

TEST_CASE("a wrong clock is corrected from the reply, and stays corrected") {
  Bench bench;
  bench.service_code = code_in_header;
  bench.trip = Duration(2s);
  const Timestamp server{bench.time.wall().microseconds + 3'600'000'000};
  REQUIRE(server.to_string() == "2025-06-15T16:06:40Z");
  bench.script = {reply(403, {{"code", "RequestTimeTooSkewed"}, {"Date", "Sun, 15 Jun 2025 16:06:40 GMT"}}), reply(200),
                  reply(200)};
  REQUIRE(bench.run().has_value());
  REQUIRE(bench.run().has_value());
  CHECK(bench.attempts.at(0).clock_offset == Duration());
  CHECK(bench.attempts.at(1).clock_offset == Duration(3599s));
  CHECK(bench.attempts.at(2).clock_offset == Duration(3599s));
  CHECK(bench.waits().empty());
  CHECK(bench.get().tokens_left() == 500);
}

TEST_CASE("the clock is corrected twice at the most, within the attempts") {
  Bench bench;
  bench.service_code = code_in_header;
  bench.policy.attempts = 10;
  const Headers skewed{{"code", "RequestTimeTooSkewed"}, {"Date", "Sun, 15 Jun 2025 16:06:40 GMT"}};
  bench.script = {reply(403, skewed), reply(403, skewed), reply(403, skewed)};
  const auto result = bench.run();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == ErrorCode::unauthenticated);
  CHECK(result.error().attempts() == 3);
  CHECK(result.error().hint().find("the clock of this machine is 3600.0 s behind the server's") != std::string::npos);

  Bench two;
  two.policy.attempts = 2;
  two.service_code = code_in_header;
  two.script = {reply(403, skewed), reply(403, skewed)};
  CHECK(two.run().error().attempts() == 2);
}

TEST_CASE("a clock is not corrected from a reply that does not tell the time") {
  for (const Headers& headers :
       {Headers{{"code", "RequestTimeTooSkewed"}},
        Headers{{"code", "RequestTimeTooSkewed"}, {"Date", "Sun, 15 Jun 2025 16:06:40 GMT"}, {"Age", "1"}}}) {
    Bench bench;
    bench.service_code = code_in_header;
    bench.script = {reply(403, headers)};
    CHECK_FALSE(bench.run().has_value());
    CHECK(bench.get().clock_skew().offset() == Duration());
  }
  Bench slow;
  slow.service_code = code_in_header;
  slow.trip = Duration(901s);
  slow.script = {reply(403, {{"code", "RequestTimeTooSkewed"}, {"Date", "Sun, 15 Jun 2025 16:06:40 GMT"}})};
  CHECK_FALSE(slow.run().has_value());
}

TEST_CASE("a wrong signature is blamed on the clock only when it is more than four minutes off") {
  for (const auto& [date, attempts] : {std::pair{"Sun, 15 Jun 2025 15:10:40 GMT", 1U},  // 240 s
                                       {"Sun, 15 Jun 2025 15:10:41 GMT", 2U},
                                       {"Sun, 15 Jun 2025 15:02:39 GMT", 2U}}) {
    CAPTURE(date);
    Bench bench;
    bench.service_code = code_in_header;
    bench.script = {reply(403, {{"code", "SignatureDoesNotMatch"}, {"Date", date}}),
                    reply(403, {{"code", "SignatureDoesNotMatch"}, {"Date", date}})};
    const auto result = bench.run();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code() == ErrorCode::unauthenticated);
    CHECK(bench.attempts.size() == attempts);  // with the offset kept to, the signature itself is to blame
  }
}

TEST_CASE("expired credentials are renewed once") {
  Bench bench;
  bench.service_code = code_in_header;
  const Headers expired{{"code", "ExpiredToken"}};
  bench.script = {reply(400, expired), reply(200)};
  CHECK(bench.run().has_value());
  CHECK(bench.renewals == 1);
  CHECK(bench.waits().empty());

  bench.script = {reply(400, expired), reply(400, expired)};
  const auto result = bench.run();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == ErrorCode::unauthenticated);
  CHECK(result.error().attempts() == 2);
  CHECK(bench.renewals == 2);

  bench.can_renew = false;
  bench.script = {reply(400, expired)};
  CHECK(bench.run().error().attempts() == 1);
  CHECK(bench.renewals == 3);
}

TEST_CASE("a success that holds an error is what the caller's judgement says") {
  Bench bench;
  int judged = 0;
  RetryCall call{.operation = "complete",
                 .send = [&](const Attempt&, const Context&) -> Result<Response> { return reply(200); },
                 .judge =
                     [&](const Result<Response>&) {
                       if (++judged < 3) return Judgement{.verdict = Verdict::transient, .error = lost()};
                       return Judgement{.verdict = Verdict::final,
                                        .error = Error(ErrorCode::not_found, "no such upload")};
                     }};
  const auto result = bench.get().run(call);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == ErrorCode::not_found);
  CHECK(result.error().attempts() == 3);
  CHECK(judged == 3);
}

TEST_CASE("a failed attempt that is judged done by mistake is still a failure") {
  Bench bench;
  RetryCall call{.operation = "x",
                 .send = [](const Attempt&, const Context&) -> Result<Response> { return lost(); },
                 .judge = [](const Result<Response>&) { return Judgement{}; }};
  CHECK(bench.get().run(call).error().code() == ErrorCode::unavailable);
}

TEST_CASE("many threads share one retrier") {
  VirtualTime time;
  Retrier retrier({.clock = &time.clock(), .sleeper = &time.sleeper()});
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) {
        const RetryCall call{.operation = "x", .send = [](const Attempt& attempt, const Context&) -> Result<Response> {
                               return reply(attempt.number == 1 ? 500 : 200);
                             }};
        good += retrier.run(call) ? 1 : 0;
      }
    });
  }
  threads.clear();
  CHECK(good == 1600);
  CHECK(retrier.tokens_left() == 500);
}
