// Rows F08, F10 to F13 and F19 of the fault matrix for uploads: bodies that break, stall, drip, and replies to them
// that are cut, early or lies.

#include <string>
#include <thread>

#include "faults/upload/upload_fault.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
using docupilot::testing::Fault;
using docupilot::testing::ProxyScript;
using docupilot::testing::RecordedRequest;
using docupilot::testing::Reply;
using Place = Fault::Place;
using Counts = std::vector<std::size_t>;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\n";

/// Replies that are cut, in five forms: within the head, in a body that lasts to the connection's end, in a packed one,
/// in one of known length, in a chunk.
std::vector<std::string> cut_replies() {
  const std::string etag = "ETag: \"0123456789abcdef0123456789abcdef\"\r\n";
  return {ok + "ETag: \"0123", ok + etag + "\r\n<Cut",
          ok + etag + "Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n<Cut",
          ok + etag + "Content-Length: 1000\r\n\r\n<Cut", ok + etag + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n<Cut"};
}

}  // namespace

FAULT_ROW("F08 a part that is reset at any byte is sent again from its first byte, and no other part") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  int run = 0;
  for (const std::uint64_t at : std::initializer_list<std::uint64_t>{0, 1, 65'536, 3'000'001, 5 * 1'048'576 - 1}) {
    CAPTURE(at);
    const std::string kind = "part " + std::to_string(1 + run++ % 2);
    fault.on(kind, Fault::reset(Place::request_body, at));
    fault.upload(three_parts(), {.attempts_failed = 1});
    CHECK(fault.count(kind) == 2);
    CHECK(fault.requests().size() >= 6);
  }
}

FAULT_ROW("F08 an object in one request that is reset at any byte is sent again whole") {
  UploadFault<Server> fault({.journal = false});
  if (!fault.is_on()) return;
  const std::string bytes = pattern(65'536);
  for (const std::uint64_t at : std::initializer_list<std::uint64_t>{0, 1, 4'096, 32'768, 65'535}) {
    CAPTURE(at);
    fault.on("whole", Fault::reset(Place::request_body, at));
    const auto source = memory_source(as_bytes(bytes));
    fault.upload(*source, bytes, {.attempts_failed = 1});
    CHECK(fault.count("whole") == 2);
  }
}

FAULT_ROW("F08 a part that is reset each time ends the upload, which goes on where it was") {
  UploadFault<Server> fault({.connections = 1});
  if (!fault.is_on()) return;
  fault.on("part 2", Fault::reset(Place::request_body, 100'000), 3);
  fault.upload(three_parts(),
               {.code = "unavailable", .says = "it was tried 3 times", .faults = 3, .retryable = true, .kept = true});
  CHECK(fault.sent().at(1) == 3);
  const auto again = fault.upload(three_parts(), {.faults = 0, .attempts_failed = 0});
  REQUIRE(again);
  CHECK(again->parts_resumed >= 1);
  CHECK(fault.sent().at(0) == 0);
}

FAULT_ROW("F08 without a journal nothing is left of an upload that failed") {
  UploadFault<Server> fault({.journal = false});
  if (!fault.is_on()) return;
  fault.on("part 2", Fault::reset(Place::request_body, 100'000), 3);
  fault.upload(three_parts(), {.code = "unavailable", .faults = 3, .retryable = true});
  // Once more whenever a part was still on its way.
  CHECK(fault.count("abort") >= 1);
  CHECK(fault.count("abort") <= 3);
}

FAULT_ROW("F10 a part whose reply, or whose taking, stalls is sent again") {
  for (const Place place : {Place::reply, Place::request_body}) {
    UploadFault<Server> fault({.stall = slowness * 700ms, .receive_buffer = 4'096});
    if (!fault.is_on()) return;
    fault.on("part 1", Fault::stall(place, place == Place::reply ? 10 : 100'000));
    fault.upload(three_parts(), {.attempts_failed = 1});
    CHECK(fault.sent() == Counts{2, 1, 1});
  }
}

FAULT_ROW("F10 a part that stalls each time is told so, and the upload kept") {
  UploadFault<Server> fault({.stall = slowness * 500ms});
  if (!fault.is_on()) return;
  fault.on("part 3", Fault::stall(Place::reply, 0), 3);
  fault.upload(three_parts(),
               {.code = "timeout", .says = "the transfer stalled", .faults = 3, .retryable = true, .kept = true});
}

FAULT_ROW("F10 a source that is slow, and an upload that is paused, are no stall") {
  UploadFault<Server> fault({.stall = slowness * 500ms, .journal = false});
  if (!fault.is_on()) return;
  const std::string& text = three_parts();
  std::size_t at = 0;
  const auto slow = callback_source([&](MutableByteView into) {
    if (at == 6 * mebibyte) std::this_thread::sleep_for(slowness * 1'500ms);  // three times the limit
    const std::size_t count = std::min({into.size(), text.size() - at, mebibyte});
    std::copy_n(as_bytes(text).data() + at, count, into.data());
    at += count;
    return Result<std::size_t>(count);
  });
  fault.upload(*slow, text, {.faults = 0, .attempts_failed = 0});

  fault.uploader().limit_rate(4 * mebibyte);
  const auto upload = fault.uploader().start(std::shared_ptr<Source>(memory_source(as_bytes(text))), "paused");
  while (upload->progress().bytes_moving == 0 && !upload->ended()) std::this_thread::sleep_for(5ms);
  upload->pause();
  std::this_thread::sleep_for(slowness * 1'500ms);
  CHECK_FALSE(upload->ended());
  fault.uploader().limit_rate(0);
  upload->resume();
  const auto result = upload->wait();
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(text_of(fault.direct(), "paused") == text);
}

FAULT_ROW("F11 what drips is no stall, and ends at the deadline; the next run goes on") {
  UploadFault<Server> fault({.stall = 900ms, .deadline = 2'500ms, .connections = 1, .receive_buffer = 256 << 10U});
  if (!fault.is_on()) return;
  fault.on("part 2", Fault::drip(Place::request_body, 0, 20'000, 20ms));
  fault.upload(three_parts(), {.code = "timeout", .says = "the deadline passed", .retryable = true, .kept = true});
  CHECK(fault.sent() == Counts{1, 1, 0});
  fault.setting.deadline = 60s;
  const auto again = fault.upload(three_parts(), {.faults = 0});
  REQUIRE(again);
  CHECK(again->parts_resumed == 1);
}

FAULT_ROW("F12 a cut reply to a part is no success in any of five forms") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  for (const std::string& form : cut_replies()) {
    CAPTURE(form);
    fault.on("part 2",
             ProxyScript{.faults = {Fault::close(Place::reply, form.size())}, .replace = Reply::verbatim(form)});
    fault.upload(three_parts(), {.attempts_failed = 1});
    CHECK(fault.count("part 2") == 2);
  }
}

FAULT_ROW("F12 a cut reply to the list of parts is asked for again, and nothing is sent twice") {
  UploadFault<Server> fault({.connections = 1});
  if (!fault.is_on()) return;
  fault.on("part 2", {.withhold = fault.refusal(403, "AccessDenied")});
  fault.upload(three_parts(), {.code = "permission_denied", .kept = true});
  fault.on("parts", Fault::close(Place::reply_body, 100), 2);
  const auto again = fault.upload(three_parts(), {.faults = 2, .attempts_failed = 0});
  REQUIRE(again);
  CHECK(again->parts_resumed == 1);
  CHECK(fault.sent() == Counts{0, 1, 1});
}

FAULT_ROW("F13 slow down in the middle of a part: the rest is not sent, and the part goes again") {
  UploadFault<Server> fault({.connections = 1, .receive_buffer = 4'096});
  if (!fault.is_on()) return;
  fault.on("part 2", ProxyScript{.faults = {Fault::reply_early(100'000)}, .withhold = fault.refusal(503, "SlowDown")});
  fault.upload(three_parts(), {.attempts_failed = 1});
  CHECK(fault.sent() == Counts{1, 2, 1});
  for (const RecordedRequest& request : fault.requests()) {
    if (request.status != 503) continue;
    CHECK(request.body_bytes < part_size);
    CHECK_FALSE(request.complete);
  }
}

FAULT_ROW("F13 a server that says slow down is asked before it gets another byte; thrice ends it, kept") {
  UploadFault<Server> fault({.connections = 1});
  if (!fault.is_on()) return;
  fault.on("part 1", ProxyScript{.faults = {Fault::reply_early(0)}, .withhold = fault.refusal(503, "SlowDown")}, 3);
  fault.upload(three_parts(),
               {.code = "rate_limited", .says = "it was tried 3 times", .faults = 3, .retryable = true, .kept = true});
  int attempts = 0;
  for (const RecordedRequest& request : fault.requests()) {
    if (kind_of(request) != "part 1") continue;
    CHECK((request.header("Expect") == "100-continue") == (attempts++ > 0));
    CHECK(request.body_bytes < part_size);  // none after the first, unless the answer took a second
  }
}

FAULT_ROW("F19 a part that was stored and told as failed is sent again, all of it") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  for (const auto& lie :
       {fault.refusal(400, "RequestTimeout"), fault.refusal(500, "InternalError"), fault.refusal(503, "SlowDown")}) {
    CAPTURE(lie.body);
    fault.on("part 2", {.replace = lie});
    fault.upload(three_parts(), {.attempts_failed = 1});
    std::vector<std::uint64_t> sizes;
    for (const RecordedRequest& request : fault.requests()) {
      if (kind_of(request) != "part 2") continue;
      CHECK(request.server_status == 200);
      sizes.push_back(request.body_bytes);
    }
    REQUIRE(sizes.size() == 2);
    CHECK(sizes[0] == sizes[1]);
    CHECK(sizes[0] >= part_size);
  }
}

FAULT_ROW("F19 likewise an object in one request; and as it was found, its reply lost, it is known as ours") {
  UploadFault<Server> fault({.journal = false});
  if (!fault.is_on()) return;
  const std::string bytes = pattern(300'000);
  const auto source = memory_source(as_bytes(bytes));
  fault.on("whole", {.replace = fault.refusal(400, "RequestTimeout")});
  fault.upload(*source, bytes, {.attempts_failed = 1});
  fault.on("whole", ProxyScript{.faults = {Fault::reset(Place::reply, 0)}, .server_first = true});
  fault.upload(*source, bytes, {.attempts_failed = 1});
  // If absent: the second attempt meets the object that the first one made.
  fault.on("whole", ProxyScript{.faults = {Fault::reset(Place::reply, 0)}, .server_first = true});
  fault.upload(*source, bytes, {}, {.put = {.if_absent = true}}, "fresh");
  fault.upload(*source, bytes, {.code = "already_exists", .faults = 0}, {.put = {.if_absent = true}}, "fresh");
}
