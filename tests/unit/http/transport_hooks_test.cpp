#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::testing::Fault;
using docupilot::testing::ScriptedServer;

namespace {

/// Adds up what the hooks are told; any thread.
class Listener {
 public:
  [[nodiscard]] Hooks hooks() {
    return {.metric =
                [this](const MetricRecord& record) {
                  const std::lock_guard lock(mutex_);
                  const std::string label(record.label);
                  sums_[std::string(record.name) + (label.empty() ? "" : "{" + label + "}")] += record.value;
                },
            .span =
                [this](const SpanRecord& record) {
                  const std::lock_guard lock(mutex_);
                  spans_.push_back(record);
                  names_.emplace_back(record.name);
                }};
  }
  [[nodiscard]] double sum(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return sums_[name];
  }
  [[nodiscard]] std::map<std::string, double> sums() {
    const std::lock_guard lock(mutex_);
    return sums_;
  }
  [[nodiscard]] std::vector<SpanRecord> spans() {
    const std::lock_guard lock(mutex_);
    for (const std::string& name : names_) CHECK(name == "http.request");
    return spans_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, double> sums_;
  std::vector<SpanRecord> spans_;
  std::vector<std::string> names_;
};

}  // namespace

TEST_CASE("hooks are told of each request, its bytes, its length and its connection, before the caller is") {
  Listener listener;
  ScriptedServer server;
  server.push({.reply = {.body = "hello"}});
  server.push({.reply = {.status = 404, .body = "no"}});
  const auto transport = make_transport({.hooks = listener.hooks()});
  const Timestamp before = Timestamp::now();
  REQUIRE(transport->send({.method = "PUT", .url = server.url("/key?secret=1"), .body = as_bytes("abc")}));
  CHECK(listener.sum("docupilot_http_requests_total{2xx}") == 1);
  REQUIRE(transport->send({.method = "PUT", .url = server.url("/key")}));
  CHECK(listener.sum("docupilot_http_requests_total{4xx}") == 1);
  CHECK(listener.sum("docupilot_http_sent_bytes_total") == 3);
  CHECK(listener.sum("docupilot_http_received_bytes_total") == 7);
  CHECK(listener.sum("docupilot_http_connections_total") == 1);
  CHECK(listener.sum("docupilot_http_request_seconds{2xx}") > 0);
  const auto spans = listener.spans();
  REQUIRE(spans.size() == 2);
  CHECK_FALSE(spans[0].failed);
  CHECK(spans[0].start_microseconds >= before.microseconds - 1'000);
  CHECK(spans[1].start_microseconds >= spans[0].start_microseconds);
  CHECK(spans[0].duration_microseconds >= 0);
}

TEST_CASE("hooks are told by its code of a request that failed, and nothing of where it went") {
  Listener listener;
  ScriptedServer server;
  server.push({.faults = {Fault::reset(Fault::Place::reply, 0)}});
  const auto transport = make_transport({.hooks = listener.hooks()});
  const auto reply = transport->send({.url = server.url("/secret-key?token=hidden")});
  REQUIRE_FALSE(reply.has_value());
  CHECK(listener.sum("docupilot_http_requests_total{unavailable}") == 1);
  const auto spans = listener.spans();
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].failed);
  for (const auto& [name, value] : listener.sums()) {
    CAPTURE(name);
    CHECK(name.find("secret") == std::string::npos);
    CHECK(name.find("hidden") == std::string::npos);
    CHECK(name.find("127.0.0.1") == std::string::npos);
  }
}
