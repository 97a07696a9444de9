// Rows F08 to F14 of the fault matrix: bodies that break, stall, drip, are cut or are no HTTP, either way.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault_case.h"
#include "faults/operations.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
using docupilot::testing::Fault;
using docupilot::testing::Record;
using docupilot::testing::RecordedConnection;
using docupilot::testing::RecordedRequest;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using Place = Fault::Place;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
const std::string ok = "HTTP/1.1 200 OK\r\n";

// What is sent word for word, and then the connection ends.
Script verbatim(std::string bytes) {
  return {.reply = Reply::verbatim(std::move(bytes)), .after = Script::After::close};
}

std::size_t count(const Record& record, const std::string& method, const std::string& part_of_target) {
  return static_cast<std::size_t>(std::ranges::count_if(record.requests, [&](const RecordedRequest& request) {
    return request.method == method && request.target.find(part_of_target) != std::string::npos;
  }));
}

}  // namespace

TEST_CASE("F08 an upload that is reset at any byte of 64 KiB is made again from its first byte") {
  const std::string body = pattern(65'536);
  FaultCase fault;
  std::vector<std::uint64_t> places = {1, 65'535, 65'536};
  for (std::uint64_t at = 0; at < body.size(); at += 1'021) places.push_back(at);
  for (const std::uint64_t at : places) {
    CAPTURE(at);
    fault.inject(Fault::reset(Place::request_body, at));
    fault.put("k" + std::to_string(at), body, {.attempts = 2});
    const RecordedRequest again = fault.record().requests.back();
    CHECK(again.complete);
    CHECK(again.body_bytes == body.size());
  }
}

TEST_CASE("F08 likewise at random bytes of 8 MiB") {
  const std::string body = pattern(8 * mebibyte);
  FaultCase fault;
  std::uint64_t state = 20'260'817;
  for (int i = 0; i < 12; ++i) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    const std::uint64_t at = (state >> 33U) % body.size();
    CAPTURE(at);
    fault.inject(Fault::reset(Place::request_body, at));
    fault.put("k", body, {.attempts = 2});
  }
}

TEST_CASE("F08 an upload that is reset each time ends after three attempts, and leaves what was there") {
  FaultCase fault;
  fault.s3.keep(FaultCase::path("k"), "what was there");
  fault.inject(Fault::reset(Place::request_body, 10'000), 3);
  fault.put("k", pattern(65'536),
            {.code = "unavailable", .says = "connection: ", .attempts = 3, .faults = 3, .retryable = true});
  CHECK(fault.s3.object(FaultCase::path("k")) == "what was there");
}

TEST_CASE("F08 of an object in parts only the part that broke is sent again") {
  FaultCase fault;
  fault.options.part_size = 5 * mebibyte;
  fault.options.single_put = 5 * mebibyte;
  fault.inject(fault.sound(), 2);  // it begins, and the first part
  fault.inject(Fault::reset(Place::request_body, 3'000'000));
  fault.put("k", pattern(12 * mebibyte), {.attempts = 6, .faults = 3});
  const Record record = fault.record();
  CHECK(count(record, "PUT", "partNumber=1") == 1);
  CHECK(count(record, "PUT", "partNumber=2") == 2);
  CHECK(count(record, "PUT", "partNumber=3") == 1);
  CHECK(record.faults_fired() == 1);
  CHECK(fault.s3.uploads() == 0);
}

TEST_CASE("F09 a download that was cut goes on at the byte where it was, and only of the same object") {
  const std::string text = pattern(300'000);
  const std::string etag = '"' + TinyS3::md5(text) + '"';
  for (const auto& make : {&Fault::reset, &Fault::close}) {
    for (const std::uint64_t at :
         {std::uint64_t{1}, std::uint64_t{4'096}, std::uint64_t{150'001}, std::uint64_t{299'999}}) {
      CAPTURE(at);
      FaultCase fault;
      fault.s3.keep(FaultCase::path("k"), text);
      fault.inject(make(Place::reply_body, at));
      CHECK(fault.get("k", {.attempts = 2}) == text);
      const RecordedRequest again = fault.record().requests.at(1);
      // A reset may overtake bytes that were sent before it; what came is not asked for again.
      const std::string range(again.header("Range"));
      REQUIRE(range.starts_with("bytes="));
      REQUIRE(range.ends_with("-"));
      const std::uint64_t from = std::stoull(range.substr(6));
      CHECK(from <= at);
      if (make == &Fault::close) CHECK(from == at);
      CHECK(again.header("If-Match") == etag);
      CHECK(again.status == 206);
    }
  }
}

TEST_CASE("F09 nothing came yet: the whole is asked for again") {
  FaultCase fault;
  fault.s3.keep(FaultCase::path("k"), pattern(10'000));
  fault.inject(Fault::close(Place::reply_body, 0));
  fault.get("k", {.attempts = 2});
  CHECK(fault.record().requests.at(1).header("Range").empty());
}

TEST_CASE("F09 a part of an object that was cut goes on within that part") {
  const std::string text = pattern(300'000);
  FaultCase fault;
  fault.s3.keep(FaultCase::path("k"), text);
  fault.inject(Fault::close(Place::reply_body, 40'000));
  CHECK(fault.get("k", {.attempts = 2}, {.offset = 100'000, .length = 100'000}) == text.substr(100'000, 100'000));
  CHECK(fault.record().requests.at(0).header("Range") == "bytes=100000-199999");
  CHECK(fault.record().requests.at(1).header("Range") == "bytes=140000-199999");
}

TEST_CASE("F09 cut twice and cut thrice") {
  const std::string text = pattern(300'000);
  for (const int cuts : {2, 3}) {
    CAPTURE(cuts);
    FaultCase fault;
    fault.s3.keep(FaultCase::path("k"), text);
    fault.inject(Fault::close(Place::reply_body, 70'000), cuts);
    if (cuts == 2) {
      CHECK(fault.get("k", {.attempts = 3, .faults = 2}) == text);
      CHECK(fault.record().requests.at(2).header("Range") == "bytes=140000-");
    } else {
      fault.get("k", {.code = "corrupted", .says = "the reply was cut", .attempts = 3, .faults = 3, .retryable = true});
    }
  }
}

TEST_CASE("F09 when the object was replaced in between, it is an error and there is no file") {
  for (const std::size_t size : {300'000U, 100U}) {
    FaultCase fault;
    fault.s3.keep(FaultCase::path("k"), pattern(300'000));
    fault.time.on_sleep = [&] { fault.s3.keep(FaultCase::path("k"), pattern(size, 9)); };
    fault.inject(Fault::close(Place::reply_body, 100'000));
    fault.get("k", {.code = "conflict",
                    .says = "the object was replaced while it was read",
                    .attempts = 2,
                    .status = 412,
                    .service_code = "PreconditionFailed"});
  }
}

TEST_CASE("F10 where nothing moves any more the attempt ends, and is made again where that is safe") {
  std::uint64_t at = 0;
  for (const Operation& operation : operations()) {
    FaultCase fault({.stall = 500ms});
    furnish(fault);
    fault.inject(Fault::stall(Place::reply, at));
    at = 20 - at;  // before the reply, and within its head
    if (operation.idempotent) run(fault, operation, {.attempts = 2});
    else run(fault, operation, {.code = "outcome_unknown", .says = "the transfer stalled"});
  }
  FaultCase fault({.stall = 500ms});
  fault.s3.keep(FaultCase::path("k"), pattern(300'000));
  fault.inject(Fault::stall(Place::reply_body, 1'000), 3);
  fault.get("k", {.code = "timeout", .says = "the transfer stalled", .attempts = 3, .faults = 3, .retryable = true});
}

TEST_CASE("F10 an upload that nobody takes stalls") {
  FaultCase fault({.stall = 500ms, .receive_buffer = 4'096});
  fault.options.part_size = 16 * mebibyte;
  fault.inject(Fault::stall(Place::request_body, 100'000), 3);
  fault.put("k", pattern(16 * mebibyte),
            {.code = "timeout", .says = "the transfer stalled", .attempts = 3, .faults = 3, .retryable = true});
}

TEST_CASE("F10 a caller who is slow himself is not told of a stall") {
  const std::string text = pattern(6 * mebibyte);
  bool waited = false;
  const auto dawdle = [&](std::uint64_t bytes) {
    if (waited || bytes < 3'000'000) return;
    waited = true;
    std::this_thread::sleep_for(1'500ms);  // three times the limit
  };
  FaultCase fault({.stall = 500ms});
  fault.options.part_size = 5 * mebibyte;
  ScriptedReader body(text);
  body.says = text.size();
  body.on_read = dawdle;
  fault.put_from("k", body, text, {.faults = 0});
  CHECK(waited);
  waited = false;
  ScriptedWriter into;
  into.on_write = dawdle;
  const auto got = fault.run("get", "k", {.faults = 0},
                             [&](auto& store, const auto& context) { return store.get("k", into, {}, context); });
  CHECK(got);
  CHECK(into.taken == text.size());
  CHECK(waited);
}

TEST_CASE("F11 what drips is no stall, and ends at the deadline without another attempt") {
  const Expected late{.code = "timeout", .says = "the deadline passed", .retryable = true};
  for (const Place place : {Place::reply, Place::reply_body}) {
    FaultCase fault({.stall = 900ms, .deadline = 1'800ms});
    fault.s3.keep(FaultCase::path("k"), pattern(100'000));
    fault.inject(Fault::drip(place, 10, 1, 20ms));
    fault.get("k", late);
  }
  {
    FaultCase fault({.stall = 900ms, .receive_buffer = 256 << 10U, .deadline = 1'800ms});
    fault.options.part_size = 16 * mebibyte;
    fault.inject(Fault::drip(Place::request_body, 0, 60'000, 20ms));
    fault.put("k", pattern(16 * mebibyte), late);
  }
  FaultCase post({.stall = 900ms, .deadline = 1'800ms});
  post.inject(Fault::drip(Place::reply, 0, 1, 20ms));
  run(post, operations().at(5), {.code = "outcome_unknown", .says = "the deadline passed"});
}

TEST_CASE("F12 replies that are cut are no success in any of five forms, and are asked for again") {
  const std::string text = pattern(1'000);
  const std::string head = "ETag: \"" + TinyS3::md5(text) + "\"\r\n";
  const std::string part = text.substr(0, 400);
  const std::vector<std::string> forms = {
      ok,                                                                           // the header block
      ok + head + "\r\n" + part,                                                    // until the connection's end
      ok + head + "Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n" + part,  // in the packed body
      ok + head + "Content-Length: 1000\r\n\r\n" + part,                            // in the body
      ok + head + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + part,               // in a chunk
  };
  for (const std::string& form : forms) {
    CAPTURE(form.substr(0, 120));
    for (const Operation& operation : operations()) {
      if (operation.name == "head" && form != ok) continue;  // its replies have no body to be cut
      for (const int times : {1, 3}) {
        if (operation.name == "get" && times == 3) continue;  // below
        FaultCase fault;
        furnish(fault);
        fault.inject(verbatim(form), times);
        if (!operation.idempotent) run(fault, operation, {.code = "outcome_unknown", .says = "(corrupted)"});
        else if (times == 1) run(fault, operation, {.attempts = 2});
        else run(fault, operation, {.code = "corrupted", .attempts = 3, .faults = 3, .retryable = true});
        if (!operation.idempotent) break;
      }
    }
    FaultCase fault;
    fault.s3.keep(FaultCase::path("k"), text);
    fault.inject(verbatim(form));
    CHECK(fault.get("k", {.attempts = 2}) == text);
  }
  FaultCase fault;
  fault.s3.keep(FaultCase::path("k"), text);
  fault.inject(verbatim(ok), 3);
  fault.get("k", {.code = "corrupted", .attempts = 3, .faults = 3, .retryable = true});
}

TEST_CASE("F13 a server that is asked first and says slow down gets no byte of the body") {
  const std::string body = pattern(2 * mebibyte);
  for (const int times : {1, 3}) {
    FaultCase fault;
    fault.inject({.reply = FaultCase::refusal(503, "SlowDown"), .faults = {Fault::reply_early(0)}}, times);
    if (times == 1) fault.put("k", body, {.attempts = 2});
    else
      fault.put("k", body,
                {.code = "rate_limited",
                 .attempts = 3,
                 .faults = 3,
                 .retryable = true,
                 .status = 503,
                 .service_code = "SlowDown"});
    for (const RecordedRequest& request : fault.record().requests) {
      CHECK(request.header("Expect") == "100-continue");
      CHECK(request.body_bytes == (request.status == 200 ? body.size() : 0));
    }
    CHECK(fault.waits().at(0) == 500);  // throttled
  }
}

TEST_CASE("F13 the rest of a body is not sent once the server has said slow down") {
  const std::string body = pattern(16 * mebibyte);
  FaultCase fault({.receive_buffer = 4'096});
  fault.options.part_size = body.size();
  fault.inject({.reply = FaultCase::refusal(503, "SlowDown"), .faults = {Fault::reply_early(100'000)}});
  fault.put("k", body, {.attempts = 2});
  const Record record = fault.record();
  CHECK(record.requests.at(0).status == 503);
  CHECK(record.requests.at(0).body_bytes < body.size());
  CHECK_FALSE(record.requests.at(0).complete);
  CHECK(fault.waits() == std::vector<std::int64_t>{500});
}

TEST_CASE("F14 what is no HTTP/1.1 is not asked for again, and its connection is not used again") {
  std::string many = ok;
  for (int i = 0; i < 20'000; ++i) many += "X-" + std::to_string(i) + ": 01234567\r\n";
  struct Case {
    std::string bytes, code = "corrupted";
  };
  const std::vector<Case> cases = {
      {"<html>this is HTTP/0.9</html>\r\n\r\n"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n"},
      {"HTTP/2 200\r\nContent-Length: 0\r\n\r\n"},
      {ok + "Content-Length: 5\r\nContent-Length: 4\r\n\r\n01234"},
      {ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {ok + "Content-Length: five\r\n\r\n01234"},
      {ok + "no colon\r\nContent-Length: 0\r\n\r\n"},
      {many + "Content-Length: 0\r\n\r\n", "too_large"},
      {ok + "X: " + std::string(300'000, 'x') + "\r\nContent-Length: 0\r\n\r\n", "too_large"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.bytes.substr(0, 60));
    for (const Operation& operation : operations()) {
      if (operation.name == "head" && one.bytes.find("chunked") != std::string::npos) continue;  // no body, no conflict
      FaultCase fault;
      furnish(fault);
      fault.inject({.reply = Reply::verbatim(one.bytes)});
      if (operation.idempotent) run(fault, operation, {.code = one.code});
      else run(fault, operation, {.code = "outcome_unknown", .says = '(' + one.code + ')'});
      fault.put("other", "abc", {.faults = 0});
      CHECK(fault.record().connections.size() == 2);
      CHECK(fault.server().ledger().wait_until(
          [](const Record& record) { return record.connections[0].ending != RecordedConnection::Ending::open; }));
    }
  }
}
