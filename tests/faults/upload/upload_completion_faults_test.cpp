// Rows F26 to F28, F31 and F32 of the fault matrix: completions that lie, are lost or come twice, and parts and uploads
// that vanish at the server.

#include <string>

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

/// A success by its status, and none by its body.
Reply error_in_200(const std::string& code) {
  return {.headers = {{"Content-Type", "application/xml"}},
          .body = "<?xml version=\"1.0\"?>\n<Error><Code>" + code + "</Code><Message>said the proxy</Message></Error>"};
}

/// The request has its effect, and nobody hears of it.
const ProxyScript lost{.faults = {Fault::reset(Place::reply, 0)}, .server_first = true};
/// It never reaches the server, and nobody hears of it.
const ProxyScript swallowed{.faults = {Fault::reset(Place::reply, 0)}, .withhold = Reply{}};

}  // namespace

FAULT_ROW("F26 a completion with an error inside its 200 is made again, and white space before it is no stall") {
  UploadFault<Server> fault({.stall = slowness * 700ms});
  if (!fault.is_on()) return;
  for (const char* code : {"InternalError", "SlowDown"}) {
    CAPTURE(code);
    fault.on("complete", {.withhold = error_in_200(code)});
    fault.upload(three_parts(), {.attempts_failed = 0});
    CHECK(fault.count("complete") == 2);
    CHECK(fault.sent() == Counts{1, 1, 1});
  }
  Reply slow = error_in_200("InternalError");
  slow.whitespace = {.bytes = 15, .wait = 100ms};  // twice the limit
  fault.on("complete", {.withhold = slow});
  fault.upload(three_parts(), {});
  CHECK(fault.count("complete") == 2);
}

FAULT_ROW("F26 a completion whose 200 holds an error that stays is that error, and made once") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  fault.on("complete", {.withhold = error_in_200("AccessDenied")});
  fault.upload(three_parts(), {.code = "permission_denied", .kept = true});
  CHECK(fault.count("complete") == 1);
  const auto again = fault.upload(three_parts(), {.faults = 0});
  REQUIRE(again);
  CHECK(again->parts_resumed == 3);
}

FAULT_ROW("F26 an error inside a 200 that lies: the object is known as ours") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  fault.on("complete", {.replace = error_in_200("InternalError")});
  fault.upload(three_parts(), {.attempts_failed = 0});
  CHECK(fault.sent() == Counts{1, 1, 1});
}

FAULT_ROW("F27 a completion whose reply is lost, or cut, is a success nevertheless, and nothing is sent again") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  std::vector<ProxyScript> ways = {lost};
  for (const std::uint64_t at : std::initializer_list<std::uint64_t>{15, 40, 100}) {
    ways.push_back({.faults = {Fault::close(Place::reply, at)}, .server_first = true});
  }
  for (const ProxyScript& way : ways) {
    CAPTURE(way.faults.front().at);
    fault.on("complete", way);
    const auto done = fault.upload(three_parts(), {.attempts_failed = 0});
    CHECK(fault.sent() == Counts{1, 1, 1});
    REQUIRE(done);
    CHECK(done->object.etag == fault.direct().head("k")->etag);
    CHECK(done->restarts == 0);
  }
}

FAULT_ROW("F27 lost again and again: the object at the key is looked at by its mark, size and parts") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  fault.on("complete", lost, 2);
  fault.upload(three_parts(), {.faults = 2, .attempts_failed = 0});
  CHECK(fault.sent() == Counts{1, 1, 1});
}

FAULT_ROW("F27 when nobody can tell what became of it, that is what is told; the next run finds out") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  fault.on_request = [&](const std::string& kind) {
    if (kind != "complete" && kind != "head") return;
    fault.on(kind, kind == "complete" ? swallowed : ProxyScript{.withhold = fault.refusal(500, "InternalError")});
  };
  fault.begin();
  const auto source = file_source(fault.file_of(three_parts())).value();
  const auto result = fault.uploader().upload(*source, "k");
  CHECK(code_of(result) == "outcome_unknown");
  fault.on_request = {};
  CHECK(fault.count("complete") >= 1);
  CHECK(fault.count("abort") == 0);
  CHECK(fault.fired() > 0);
  CHECK(text_of(fault.direct(), "k") == "[not_found]");
  CHECK(fault.uploads().size() == 1);
  fault.new_run();
  const auto again = fault.upload(three_parts(), {.faults = 0});
  REQUIRE(again);
  CHECK(again->parts_resumed == 3);
}

FAULT_ROW("F27 killed behind a completion that was done: the next run finds the object, and sends nothing") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  fault.on_request = [&](const std::string& kind) {
    if (kind == "complete") fault.on(kind, lost);
    if (kind == "head") fault.on(kind, {.withhold = fault.refusal(500, "InternalError")});
  };
  const auto source = file_source(fault.file_of(three_parts())).value();
  const auto result = fault.uploader().upload(*source, "k");
  CHECK(code_of(result) == "outcome_unknown");
  fault.on_request = {};
  CHECK(text_of(fault.direct(), "k") == three_parts());
  fault.new_run();
  const auto again = fault.upload(three_parts(), {.faults = 0});
  REQUIRE(again);
  // Where the server had forgotten the upload before the first run ended, nothing was left to go on with.
  if (fault.count("begin") == 0) CHECK(fault.sent() == Counts{0, 0, 0});
  if (std::is_same_v<Server, StrictServer>) CHECK(fault.count("begin") == 0);
}

FAULT_ROW("F27 another's object at the key is never taken for ours") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  // The upload is gone, the completion was lost, and there is an object of the same bytes.
  const std::string& text = three_parts();
  REQUIRE(put_text(fault.direct(), "k", text));
  const std::string theirs = fault.direct().head("k")->etag;
  fault.on("complete", swallowed);
  bool once = false;
  fault.on_request = [&](const std::string& kind) {
    if (kind != "complete" || std::exchange(once, true)) return;
    fault.abort_all();
  };
  const auto done = fault.upload(text, {.attempts_failed = 0});
  REQUIRE(done);
  CHECK(done->restarts == 1);
  CHECK(done->object.etag != theirs);
  CHECK(fault.direct().head("k")->etag == done->object.etag);
}

FAULT_ROW("F28 the same part twice, the first one late, changes nothing") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  fault.on("part 2", ProxyScript{.withhold = fault.refusal(500, "InternalError"), .keep = true});
  bool once = false;
  fault.on_request = [&](const std::string& kind) {
    if (kind != "complete" || std::exchange(once, true)) return;
    for (const RecordedRequest& request : fault.requests()) {
      if (request.status != 500) continue;
      const std::string reply = fault.proxy().replay(request.number);
      CHECK(reply.find(" 200 ") != std::string::npos);
    }
  };
  // The replay is a request more than went out.
  fault.begin();
  const auto source = file_source(fault.file_of(three_parts())).value();
  const auto result = fault.uploader().upload(*source, "k");
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(result->attempts_failed == 1);
  CHECK(fault.fired() == 1);
  CHECK(fault.sent() == Counts{1, 3, 1});
  CHECK(text_of(fault.direct(), "k") == three_parts());
  CHECK(fault.uploads().empty());
}

FAULT_ROW("F28 an upload that was begun twice, since the first reply was lost, leaves none behind") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  fault.on("begin", lost);
  fault.upload(three_parts(), {.code = "outcome_unknown", .retryable = true, .kept = true});
  fault.upload(three_parts(), {.faults = 0, .attempts_failed = 0});
  CHECK(fault.count("begin") == 1);
}

FAULT_ROW("F28 another's part under our number: it is found at the completion, and ours is sent again") {
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  bool once = false;
  fault.on_request = [&](const std::string& kind) {
    if (kind != "complete" || std::exchange(once, true)) return;
    const auto upload = fault.uploads().at(0);
    const std::string other = pattern(part_size, 9);
    MemoryReader body(as_bytes(other));
    REQUIRE(fault.direct().put_part(upload, 2, body));
  };
  fault.upload(three_parts(), {.faults = 0, .again = {"part 2"}});
  CHECK(fault.sent() == Counts{1, 2, 1});
  CHECK(fault.count("complete") == 2);
}

FAULT_ROW("F31 a part that the server has lost is sent again, and no other") {
  UploadFault<Server> fault({.connections = 1});
  if (!fault.is_on()) return;
  // The server denies one part, in the completion and in the list.
  fault.on("complete", {.withhold = fault.refusal(400, "InvalidPart")});
  std::string list = "<ListPartsResult><IsTruncated>false</IsTruncated>";
  fault.on_request = [&](const std::string& kind) {
    if (kind != "complete" || fault.count("complete") != 1) return;
    const auto parts = fault.direct().list_parts(fault.uploads().at(0));
    for (const PartInfo& part : *parts) {
      if (part.number == 2) continue;
      list += "<Part><PartNumber>" + std::to_string(part.number) + "</PartNumber><Size>" + std::to_string(part.size) +
              "</Size><ETag>" + part.etag + "</ETag></Part>";
    }
    fault.on("parts", {.replace = Reply{.body = list + "</ListPartsResult>"}}, 2);
  };
  fault.upload(three_parts(), {.faults = 3, .again = {"part 2"}});
  CHECK(fault.sent() == Counts{1, 2, 1});
}

FAULT_ROW("F32 an upload that vanishes begins anew, once") {
  UploadFault<Server> fault({.connections = 1});
  if (!fault.is_on()) return;
  int left = 0;
  fault.on_request = [&](const std::string& kind) {
    // The last and small one: of a large one a real server may reset the connection, so that nobody reads why.
    if (kind != "part 3" || left-- <= 0) return;
    fault.abort_all();
  };
  left = 1;
  const auto done = fault.upload(three_parts(), {.faults = 0});
  REQUIRE(done);
  CHECK(done->restarts == 1);
  left = 2;
  fault.upload(three_parts(), {.code = "not_found", .says = "begun anew once already", .faults = 0});
  CHECK(fault.count("begin") == 2);
}
