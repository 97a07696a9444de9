#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include <docupilot/http/transport.h>

#include <doctest/doctest.h>

#include "support/sanitizer.h"

namespace docupilot_test {

/// Counts what goes out, and shortens the limits that would make tests slow.
class WatchedTransport final : public docupilot::http::Transport {
 public:
  docupilot::Duration stall, connect;  ///< 0: as asked.
  std::shared_ptr<docupilot::http::Transport> below;
  std::atomic<int> sends = 0;
  std::atomic<int> lists = 0;  ///< Of these, of parts.

  docupilot::Result<docupilot::http::Response> send(const docupilot::http::Request& request,
                                                    const docupilot::Context& context) override {
    return below->send(watched(request), context);
  }
  std::shared_ptr<docupilot::http::Transfer> start(docupilot::http::Request request, Done done,
                                                   const docupilot::Context& context) override {
    return below->start(watched(std::move(request)), std::move(done), context);
  }

  void connect_ahead(docupilot::http::Request like, unsigned connections) override {
    below->connect_ahead(std::move(like), connections);
  }

 private:
  docupilot::http::Request watched(docupilot::http::Request request) {
    ++sends;
    if (request.method == "GET" && request.url.find("uploadId=") != std::string::npos) ++lists;
    CHECK(request.limits.connect == docupilot::http::Limits{}.connect);  // 5 s
    // 20 s; a completion may take its time.
    const bool completes = request.method == "POST" && request.url.find("uploadId=") != std::string::npos;
    CHECK(request.limits.stall ==
          (completes ? docupilot::Duration::milliseconds(300'000) : docupilot::http::Limits{}.stall));
    if (connect != docupilot::Duration()) request.limits.connect = connect;
    if (stall != docupilot::Duration()) request.limits.stall = stall;
    return request;
  }
};

/// How much later than its deadline a call may end: a promise of 250 ms, on a machine that is busy.
inline constexpr docupilot::Duration late_end = std::chrono::milliseconds(4 * slowness * 250);

}  // namespace docupilot_test
