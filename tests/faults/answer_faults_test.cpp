// Rows F24 to F26 of the fault matrix: redirects, conflicts, and successes that are none.

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault_case.h"
#include "faults/operations.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
using docupilot::testing::Fault;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;

namespace {

Reply redirect(int status, const std::string& to_host, const std::string& region) {
  Reply reply{.status = status,
              .headers = {{"Location", "http://" + to_host + "/bucket/k"}, {"x-amz-request-id", "REDIRECTED"}}};
  if (!region.empty()) reply.headers.emplace_back("x-amz-bucket-region", region);
  reply.body = "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message>";
  if (!to_host.empty()) reply.body += "<Endpoint>" + to_host + "</Endpoint>";
  reply.body += "<RequestId>REDIRECTED</RequestId></Error>";
  return reply;
}

constexpr Duration stall = 500ms;

/// A 200 as S3 sends it while it is at work: blanks, for longer than the stall limit if need be, then what came of it.
Script late(std::string body, bool very) {
  return {.reply = {.body = std::move(body),
                    .framing = Reply::Framing::chunked,
                    .whitespace = {.bytes = very ? 35U : 2U, .wait = 20ms}}};
}

std::string error_body(const std::string& code) { return FaultCase::refusal(200, code).body; }

}  // namespace

TEST_CASE("F24 a redirect to another origin is not followed, and no credential goes there") {
  for (const int status : {301, 302, 307, 308}) {
    for (const std::string region : {"", "eu-west-1"}) {
      for (const Operation& operation : operations()) {
        CAPTURE(status);
        CAPTURE(region);
        if (!region.empty() && !operation.error_has_body) continue;  // names a region and no host: see below
        FaultCase fault;
        furnish(fault);
        ScriptedServer other;
        fault.inject({.reply = redirect(status, "127.0.0.1:" + std::to_string(other.port()), region)});
        run(fault, operation,
            {.code = "invalid_argument",
             .says = "redirects are not followed",
             .status = status,
             .service_code = operation.error_has_body ? "PermanentRedirect" : ""});
        CHECK(other.ledger().snapshot().connections.empty());
      }
    }
  }
}

TEST_CASE("F24 a bucket in another region is asked for there, signed for it, body and all") {
  const std::string body = pattern(50'000);
  for (const int status : {301, 307}) {
    FaultCase fault;
    fault.inject({.reply = redirect(status, "", "eu-west-1")});
    fault.put("k", body, {.attempts = 2});
    fault.put("k", body, {.faults = 0});  // remembered
    const auto requests = fault.record().requests;
    CHECK(requests.at(0).header("Authorization").find("/us-east-1/s3/") != std::string_view::npos);
    CHECK(requests.at(1).header("Authorization").find("/eu-west-1/s3/") != std::string_view::npos);
    CHECK(requests.at(2).header("Authorization").find("/eu-west-1/s3/") != std::string_view::npos);
    CHECK(requests.at(1).body_bytes == body.size());
  }
}

TEST_CASE("F24 two hops at the most") {
  FaultCase fault;
  for (const char* region : {"eu-west-1", "eu-west-2", "eu-west-3"}) fault.inject({.reply = redirect(301, "", region)});
  fault.put("k", "abc",
            {.code = "invalid_argument",
             .says = "redirects are not followed",
             .attempts = 3,
             .faults = 3,
             .status = 301,
             .service_code = "PermanentRedirect",
             .trail = 0});
}

TEST_CASE("F24 no hop to what is no region") {
  for (const char* region : {"@evil.test", "../x", "127.0.0.1", "evil.test/", "Upper"}) {
    CAPTURE(region);
    FaultCase hostile;
    hostile.inject({.reply = redirect(301, "", region)});
    hostile.put("k", "abc",
                {.code = "invalid_argument",
                 .says = "redirects are not followed",
                 .status = 301,
                 .service_code = "PermanentRedirect"});
  }
}

TEST_CASE("F25 what is not there is not asked for again") {
  const auto missing = [](const std::string& name, const std::string& code, const auto& call) {
    CAPTURE(name);
    FaultCase fault;
    fault.refuse(404, code);
    CHECK_FALSE(
        fault.run(name, "k", {.code = "not_found", .status = 404, .service_code = name == "head" ? "" : code}, call));
  };
  for (const std::string code : {"NoSuchKey", "NoSuchBucket"}) {
    missing("get", code, operations().at(1).call);
    missing("head", code, operations().at(2).call);
  }
  missing("put", "NoSuchBucket", operations().at(0).call);
  missing("list", "NoSuchBucket", operations().at(3).call);
  missing("begin_multipart", "NoSuchBucket", operations().at(5).call);
  missing("put_part", "NoSuchUpload", operations().at(6).call);
  missing("list_parts", "NoSuchUpload", operations().at(7).call);
  FaultCase fault;
  fault.get("k", {.code = "not_found", .faults = 0, .status = 404, .service_code = "NoSuchKey"});
}

TEST_CASE("F25 a condition that does not hold leaves the other object alone") {
  const std::string theirs = pattern(100, 9);
  FaultCase fault;
  fault.s3.keep(FaultCase::path("k"), theirs);
  fault.put("k", "ours", {.code = "already_exists", .faults = 0, .status = 412, .service_code = "PreconditionFailed"},
            {.if_absent = true});
  fault.put("k", "ours",
            {.code = "precondition_failed", .faults = 0, .status = 412, .service_code = "PreconditionFailed"},
            {.if_match = "0123456789abcdef0123456789abcdef"});
  CHECK(fault.s3.object(FaultCase::path("k")) == theirs);
  fault.put("k", "ours", {.faults = 0}, {.if_match = TinyS3::md5(theirs)});
  fault.get("k", {.code = "precondition_failed", .faults = 0, .status = 412, .service_code = "PreconditionFailed"},
            {.if_match = TinyS3::md5(theirs)});
}

TEST_CASE("F25 a conflict with somebody else's write is tried again, and then told as that") {
  for (const PutOptions& how : {PutOptions{.if_absent = true}, PutOptions{.if_match = TinyS3::md5("theirs")}}) {
    FaultCase fault;
    if (!how.if_absent) fault.s3.keep(FaultCase::path("k"), "theirs");
    fault.refuse(409, "ConditionalRequestConflict", 3);
    // The fourth request looks whether the object is ours after all.
    fault.put("k", "ours",
              {.code = "conflict",
               .attempts = 3,
               .faults = 3,
               .retryable = true,
               .status = 409,
               .service_code = "ConditionalRequestConflict",
               .sends = 4},
              how);
    fault.refuse(409, "ConditionalRequestConflict");
    fault.put("k", "ours", {.attempts = 2}, how);
  }
  FaultCase fault;
  fault.refuse(409, "InvalidBucketState");
  fault.put("k", "ours", {.code = "conflict", .status = 409, .service_code = "InvalidBucketState"});
}

TEST_CASE("F25 a conditional write whose reply was lost is known again by its mark") {
  FaultCase fault;
  fault.inject(Fault::close(Fault::Place::reply, 0));
  fault.put("k", "ours", {.attempts = 3}, {.if_absent = true});  // lost, refused, looked at
  CHECK(fault.record().requests.at(1).status == 412);
}

TEST_CASE("F26 a copy that fails behind a 200 and blanks is tried again by the error's code") {
  struct Case {
    std::string code, means;
    int attempts, status;
  };
  for (const Case& one : {Case{"InternalError", "unavailable", 3, 500}, Case{"SlowDown", "rate_limited", 3, 503},
                          Case{"AccessDenied", "permission_denied", 1, 400}}) {
    for (const bool persists : {true, false}) {
      CAPTURE(one.code);
      FaultCase fault({.stall = stall});
      fault.s3.keep(FaultCase::path("from"), "abc");
      const auto copy = [](S3Store& store, const Context& context) { return store.copy("from", "to", context); };
      // The first request is a HEAD of the source.
      fault.inject(fault.sound());
      fault.inject(late(error_body(one.code), !persists), persists ? one.attempts : 1);
      if (persists || one.attempts == 1) {
        const auto times = static_cast<std::size_t>(one.attempts);
        CHECK_FALSE(fault.run("copy", "from",
                              {.code = one.means,
                               .attempts = one.attempts,
                               .faults = 1 + times,
                               .retryable = one.attempts > 1,
                               .status = one.status,
                               .service_code = one.code,
                               .sends = 1 + one.attempts},
                              copy));
        CHECK_FALSE(fault.s3.object(FaultCase::path("to")));
      } else {
        CHECK(fault.run("copy", "from", {.attempts = 3, .faults = 2}, copy));
        CHECK(fault.s3.object(FaultCase::path("to")) == "abc");
      }
    }
  }
}

TEST_CASE("F26 a completion that fails behind a 200 and blanks, likewise") {
  struct Case {
    std::string code, means;
    int attempts, sends, status;
    bool retryable;
  };
  // After an internal error it may have been done: the object is looked at, and is not there.
  for (const Case& one :
       {Case{"InternalError", "outcome_unknown", 3, 4, 500, false}, Case{"SlowDown", "rate_limited", 3, 3, 503, true},
        Case{"AccessDenied", "permission_denied", 1, 1, 400, false}}) {
    CAPTURE(one.code);
    FaultCase fault({.stall = stall});
    const std::string bytes = pattern(1'000);
    const std::string id = fault.s3.begin(FaultCase::path("k"));
    const MultipartUpload upload{.key = "k", .upload_id = id, .started = {}};
    MemoryReader body(as_bytes(bytes));
    const auto part = fault.run("put_part", "k", {.faults = 0}, [&](auto& store, const auto& context) {
      return store.put_part(upload, 1, body, context);
    });
    REQUIRE(part);
    const auto complete = [&](S3Store& store, const Context& context) {
      return store.complete_multipart(upload, {*part}, context);
    };
    fault.inject(late(error_body(one.code), false), one.attempts);
    CHECK_FALSE(fault.run("complete_multipart", "k",
                          {.code = one.means,
                           .attempts = one.attempts,
                           .faults = static_cast<std::size_t>(one.attempts),
                           .retryable = one.retryable,
                           .status = one.status,
                           .service_code = one.code,
                           .sends = one.sends},
                          complete));
    CHECK_FALSE(fault.s3.object(FaultCase::path("k")));
    fault.inject(late(error_body("InternalError"), true));
    CHECK(fault.run("complete_multipart", "k", {.attempts = 2}, complete));
    CHECK(fault.s3.object(FaultCase::path("k")) == bytes);
  }
}
