// Rows F09 to F12 of the fault matrix for downloads.

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

namespace {

/// An object of eleven ranges.
template <class Fault>
void furnish(Fault& fault) {
  REQUIRE(put_text(fault.direct(), "k", three_parts()));
}

}  // namespace

FAULT_ROW("F09 a download that is cut at any byte goes on there, with a range of the same object") {
  UploadFault<Server> fault({.journal = false, .connections = 1});
  if (!fault.is_on()) return;
  furnish(fault);
  const std::string etag = '"' + fault.direct().head("k")->etag + '"';
  for (const auto& make : {&Fault::reset, &Fault::close}) {
    for (const std::uint64_t at : std::initializer_list<std::uint64_t>{0, 1, 65'536, 500'001, 1'048'575}) {
      CAPTURE(at);
      fault.on("get", make(Place::reply_body, at), 1, 4);
      REQUIRE(fault.download({}));
      CHECK(fault.count("get") == 12);
      for (const RecordedRequest& request : fault.requests()) {
        if (kind_of(request) == "get") CHECK(request.header("If-Match") == etag);
      }
    }
  }
}

FAULT_ROW("F09 a download that is cut each time has no target; what came is kept and not fetched again") {
  UploadFault<Server> fault({.journal = false, .connections = 1});
  if (!fault.is_on()) return;
  furnish(fault);
  fault.on("get", Fault::close(Place::reply_body, 0), 3, 5);
  fault.download({.code = "corrupted", .faults = 3, .retryable = true, .kept = true});
  const auto again = fault.download({.faults = 0});
  REQUIRE(again);
  CHECK(again->bytes_resumed == 5 * mebibyte);
  CHECK(fault.count("get") == 6);
}

FAULT_ROW("F10 a download that stalls is asked for again; stalled each time it is told so") {
  UploadFault<Server> fault({.stall = slowness * 600ms, .journal = false, .connections = 1});
  if (!fault.is_on()) return;
  furnish(fault);
  fault.on("get", Fault::stall(Place::reply_body, 1'000), 1, 1);
  fault.on("get", Fault::stall(Place::reply, 10), 1, 1);
  REQUIRE(fault.download({.faults = 2}));
  fault.on("get", Fault::stall(Place::reply_body, 0), 3);
  fault.download({.code = "timeout", .says = "the transfer stalled", .faults = 3, .retryable = true});
}

FAULT_ROW("F10 a download that is held to a rate is no stall") {
  UploadFault<Server> fault({.stall = slowness * 500ms, .journal = false, .connections = 1});
  if (!fault.is_on()) return;
  furnish(fault);
  fault.downloader().limit_rate(6 * mebibyte);
  REQUIRE(fault.download({.faults = 0}));
}

FAULT_ROW("F11 a download that drips ends at the deadline, and goes on another time") {
  UploadFault<Server> fault({.stall = 900ms, .deadline = 2'500ms, .journal = false, .connections = 1});
  if (!fault.is_on()) return;
  furnish(fault);
  fault.on("get", Fault::drip(Place::reply_body, 1'000, 10, 20ms), 1, 2);
  fault.download({.code = "timeout", .says = "the deadline passed", .retryable = true, .kept = true});
  fault.setting.deadline = 60s;
  const auto again = fault.download({.faults = 0});
  REQUIRE(again);
  CHECK(again->bytes_resumed == 2 * mebibyte);
}

FAULT_ROW("F12 a cut reply to a download is no success in any of five forms") {
  UploadFault<Server> fault({.journal = false, .connections = 1});
  if (!fault.is_on()) return;
  furnish(fault);
  const std::string etag = "ETag: \"" + fault.direct().head("k")->etag + "\"\r\n";
  const std::string head = "HTTP/1.1 206 Partial Content\r\n" + etag;
  const std::string range = "Content-Range: bytes 2097152-3145727/11534336\r\n";
  const std::string some = three_parts().substr(2 * mebibyte, 5'000);
  for (const std::string& form : {std::string("HTTP/1.1 206 Partial Content\r\n"), head + range + "\r\n" + some,
                                  head + range + "Content-Encoding: gzip\r\nContent-Length: 1048576\r\n\r\n" + some,
                                  head + range + "Content-Length: 1048576\r\n\r\n" + some,
                                  head + range + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + some}) {
    CAPTURE(form.substr(0, 200));
    fault.on("get", ProxyScript{.faults = {Fault::close(Place::reply, form.size())}, .replace = Reply::verbatim(form)},
             1, 2);
    REQUIRE(fault.download({}));
    CHECK(fault.count("get") == 12);
  }
}
