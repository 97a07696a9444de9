// Rows F15 to F19 of the fault matrix, and F21: replies that say no, and what they make the store do.

#include <docupilot/testing/fault_proxy.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault_case.h"
#include "faults/operations.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
using docupilot::testing::Fault;
using docupilot::testing::RecordedRequest;
using Place = Fault::Place;
using Waits = std::vector<std::int64_t>;

namespace {

constexpr Duration hours = 24h;  // for waits that are long, and virtual

/// An upload of one part, ready to be completed.
struct OnePart {
  MultipartUpload upload;
  std::vector<PartInfo> parts;

  OnePart(FaultCase& fault, const std::string& bytes, const PutOptions& how = {}) {
    upload = *fault.run("begin_multipart", "k", {.faults = 0},
                        [&](auto& store, const auto& context) { return store.begin_multipart("k", how, context); });
    MemoryReader body(as_bytes(bytes));
    parts.push_back(*fault.run("put_part", "k", {.faults = 0}, [&](auto& store, const auto& context) {
      return store.put_part(upload, 1, body, context);
    }));
  }
  auto complete(FaultCase& fault, const Expected& expected) const {
    return fault.run("complete_multipart", "k", expected, [&](auto& store, const auto& context) {
      return store.complete_multipart(upload, parts, context);
    });
  }
};

}  // namespace

TEST_CASE("F15 nothing is sent behind our back when a connection that was used before dies") {
  for (const Operation& operation : operations()) {
    for (const auto& make : {&Fault::reset, &Fault::close}) {
      FaultCase fault;
      furnish(fault);
      fault.put("warm", "x", {.faults = 0});
      static_cast<void>(fault.run("get", "k", {.faults = 0}, [](auto& store, const auto& context) {
        MemoryWriter into;
        return store.get("k", into, {}, context);
      }));
      fault.inject(make(Place::reply, 0));
      if (operation.idempotent) {
        run(fault, operation, {.attempts = 2});
        // It was used again, and died; uploads have their own.
        CHECK(fault.record().requests.at(2).connection == (operation.name.starts_with("put") ? 0 : 1));
      } else {
        run(fault, operation, {.code = "outcome_unknown"});
        CHECK(fault.record().requests.at(2).connection == 2);  // and that one was not even used again
      }
    }
  }
}

TEST_CASE("F15 a completion whose reply was lost is found by what it made") {
  const std::string bytes = pattern(10'000);
  FaultCase fault;
  const OnePart one(fault, bytes);
  fault.inject(Fault::close(Place::reply, 0));
  CHECK(one.complete(fault, {.attempts = 3}));  // twice, and a look at the object
  CHECK(fault.s3.object(FaultCase::path("k")) == bytes);
  CHECK(fault.record().requests.at(3).status == 404);  // the second try found no upload
}

TEST_CASE("F15 a completion that may or may not have been done is told as that, and not made a fourth time") {
  FaultCase fault;
  const OnePart one(fault, pattern(10'000));
  fault.inject({.reply = {}, .faults = {Fault::close(Place::reply, 0)}}, 3);
  CHECK_FALSE(one.complete(fault, {.code = "outcome_unknown",
                                   .says = "whether the upload was completed is not known",
                                   .attempts = 3,
                                   .faults = 3,
                                   .sends = 4}));
  CHECK(fault.s3.uploads() == 1);
  // An object that was there says nothing.
  fault.s3.keep(FaultCase::path("k"), pattern(10'000, 9));
  fault.inject({.reply = {}, .faults = {Fault::close(Place::reply, 0)}}, 3);
  CHECK_FALSE(one.complete(fault, {.code = "outcome_unknown", .attempts = 3, .faults = 3, .sends = 4}));
}

TEST_CASE("F16 500, 502 and 504 are tried three times, then told as the server's") {
  for (const auto& [status, code] : {std::pair{500, "InternalError"}, {502, ""}, {504, ""}}) {
    for (const Operation& operation : operations()) {
      CAPTURE(status);
      const std::string service_code = operation.error_has_body ? code : "";
      FaultCase fault;
      furnish(fault);
      fault.refuse(status, code, operation.idempotent ? 4 : 1);
      if (!operation.idempotent) {
        run(fault, operation,
            {.code = "outcome_unknown",
             .says = "it may have been done",
             .status = status,
             .service_code = service_code});
        continue;
      }
      run(fault, operation,
          {.code = "unavailable",
           .attempts = 3,
           .faults = 3,
           .retryable = true,
           .status = status,
           .service_code = service_code});
      CHECK(fault.waits() == Waits{25, 50});
      run(fault, operation, {.attempts = 2});
    }
  }
}

TEST_CASE("F17 slow down: three attempts of every call, also of those that must not happen twice") {
  for (const Operation& operation : operations()) {
    FaultCase fault;
    furnish(fault);
    fault.refuse(429, "TooManyRequests", 3);
    run(fault, operation,
        {.code = "rate_limited",
         .says = "send less at a time",
         .attempts = 3,
         .faults = 3,
         .retryable = true,
         .status = 429,
         .service_code = operation.error_has_body ? "TooManyRequests" : ""});
    CHECK(fault.waits() == Waits{500, 1'000});
    fault.refuse(429, "TooManyRequests", 1);
    run(fault, operation, {.attempts = 2});
  }
}

TEST_CASE("F17 the server's hint is kept to exactly, and told when it was of no use") {
  struct Case {
    int status;
    std::string code;
    FaultCase::Fields hint;
    Waits waits;
    std::string says;
  };
  const std::vector<Case> cases = {
      {503, "SlowDown", {}, {500, 1'000}, "tried 3 times"},
      {503, "SlowDown", {{"Retry-After", "7"}}, {7'000, 7'000}, "the server asks to wait 7.0 s"},
      {429, "", {{"Retry-After", "61"}}, {60'000, 60'000}, "the server asks to wait 60.0 s"},
      {429, "", {{"retry-after-ms", "1234.5"}}, {1'234, 1'234}, "the server asks to wait 1.2 s"},
      {429,
       "",
       {{"Retry-After", "Sun, 15 Jun 2025 15:00:10 GMT"}, {"Date", "Sun, 15 Jun 2025 15:00:00 GMT"}},
       {10'000, 10'000},
       "the server asks to wait 10.0 s"},
      {503, "SlowDown", {{"x-amz-retry-after", "1500"}}, {1'500, 1'500}, "the server asks to wait 1.5 s"},
      {503, "SlowDown", {{"x-amz-retry-after", "20000"}}, {5'500, 6'000}, "the server asks to wait 20.0 s"},
      {503, "SlowDown", {{"x-amz-retry-after", "1"}}, {500, 1'000}, "the server asks to wait 0.0 s"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.says);
    FaultCase fault({.deadline = hours});
    fault.refuse(one.status, one.code, 3, one.hint);
    fault.put("k", "abc",
              {.code = "rate_limited",
               .says = one.says,
               .attempts = 3,
               .faults = 3,
               .retryable = true,
               .status = one.status,
               .service_code = one.code});
    CHECK(fault.waits() == one.waits);
  }
}

TEST_CASE("F17 a wait that would end behind the deadline is not begun") {
  FaultCase fault({.deadline = 5s});
  fault.refuse(503, "SlowDown", 1, {{"Retry-After", "7"}});
  fault.put("k", "abc",
            {.code = "rate_limited",
             .says = "the deadline comes before the next attempt, 7.0 s from here",
             .retryable = true,
             .status = 503,
             .service_code = "SlowDown"});
  CHECK(fault.waits().empty());
}

TEST_CASE("F18 a hint that makes no sense is passed over") {
  for (const std::string absurd :
       {"-3", "1000000000", "Mon, 01 Jan 2001 00:00:00 GMT", "in a while", "1e9", "NaN", "0", "0x10", "7 8", ""}) {
    for (const std::string name : {"Retry-After", "retry-after-ms", "x-amz-retry-after"}) {
      if (name == "x-amz-retry-after" && (absurd == "1000000000" || absurd == "0"))
        continue;                                                        // within bounds of its own
      if (name == "retry-after-ms" && absurd == "1000000000") continue;  // 11 days, see below
      CAPTURE(absurd);
      CAPTURE(name);
      FaultCase fault;
      fault.refuse(429, "SlowDown", 3, {{name, absurd}});
      fault.put("k", "abc",
                {.code = "rate_limited",
                 .attempts = 3,
                 .faults = 3,
                 .retryable = true,
                 .status = 429,
                 .service_code = "SlowDown"});
      CHECK(fault.waits() == Waits{500, 1'000});
    }
  }
  FaultCase fault({.deadline = hours});
  fault.refuse(429, "", 1, {{"x-amz-retry-after", "1000000000"}});
  fault.put("k", "abc", {.attempts = 2});
  CHECK(fault.waits() == Waits{5'500});
}

TEST_CASE("F19 a body that came too slowly for the server is sent again, all of it") {
  const std::string body = pattern(100'000);
  FaultCase fault;
  fault.refuse(400, "RequestTimeout");
  fault.put("k", body, {.attempts = 2});
  CHECK(fault.record().requests.at(1).body_bytes == body.size());
  fault.refuse(400, "RequestTimeout", 3);
  fault.put("k", body,
            {.code = "unavailable",
             .attempts = 3,
             .faults = 3,
             .retryable = true,
             .status = 400,
             .service_code = "RequestTimeout"});
}

TEST_CASE("F19 likewise when it had its effect and the reply lies") {
  const std::string body = pattern(100'000);
  for (const auto& [status, code] : {std::pair{400, "RequestTimeout"}, {500, "InternalError"}}) {
    FaultCase fault;
    testing::FaultProxy& proxy = fault.behind_proxy();
    proxy.script(0, {.replace = FaultCase::refusal(status, code)});
    fault.put("k", body, {.attempts = 2, .faults = 0});
    const auto seen = proxy.ledger().snapshot().requests;
    CHECK(seen.at(0).server_status == 200);  // the fault
    CHECK(seen.at(0).status == status);
    CHECK(seen.at(1).body_bytes == body.size());
  }
}

TEST_CASE("F21 who may not, or is not known, is not asked again") {
  struct Case {
    std::string code, means;
  };
  for (const Case& one : {Case{"AccessDenied", "permission_denied"}, Case{"InvalidAccessKeyId", "unauthenticated"},
                          Case{"SignatureDoesNotMatch", "unauthenticated"}, Case{"NotSignedUp", "permission_denied"}}) {
    for (const Operation& operation : operations()) {
      CAPTURE(one.code);
      FaultCase fault;
      furnish(fault);
      fault.refuse(403, one.code);
      run(fault, operation,
          {.code = operation.error_has_body ? one.means : "permission_denied",
           .says = "check the",
           .status = 403,
           .service_code = operation.error_has_body ? one.code : ""});
      CHECK(fault.waits().empty());
      CHECK(fault.s3.uploads() == 1);  // left for whoever gets the right
    }
  }
}
