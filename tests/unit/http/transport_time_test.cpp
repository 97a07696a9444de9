#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/http_waiter.h"

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::http::Request;
using docupilot::testing::Fault;
using docupilot::testing::Record;
using docupilot::testing::RecordedConnection;
using docupilot::testing::ScriptedServer;
using docupilot_test::HttpWaiter;
using Place = Fault::Place;

namespace {

// Where a transfer can hang, and a request that gets there.
struct Hang {
  std::string name;
  Fault fault;
  bool on_connection = false;
  std::size_t body = 0;
};

std::vector<Hang> hangs() {
  return {{"before the reply", Fault::stall(Place::reply, 0)},
          {"in the header block", Fault::stall(Place::reply, 20)},
          {"in the reply's body", Fault::stall(Place::reply_body, 1'000)},
          {"in the request's body", Fault::stall(Place::request_body, 1'000), false, 16U << 20U},
          {"before anything is read", Fault::stall(Place::request_body, 0), true}};
}

void arrange(ScriptedServer& server, const Hang& hang) {
  if (hang.on_connection) server.push_connection(hang.fault);
  else server.push({.reply = {.body = std::string(10'000, 'x')}, .faults = {hang.fault}});
}

bool fired(const ScriptedServer& server) {
  return server.ledger().wait_until([](const Record& record) { return record.faults_fired() > 0; });
}

template <class Call>
std::chrono::milliseconds time_of(Call&& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

constexpr std::chrono::milliseconds prompt(250);

}  // namespace

TEST_CASE("a stop token, cancel and the transport's end act within 250 ms, wherever a transfer hangs") {
  for (const Hang& hang : hangs()) {
    for (const int way : {0, 1, 2, 3, 4, 5}) {
      CAPTURE(hang.name);
      CAPTURE(way);
      const bool by_libcurl = way < 3;
      ScriptedServer server({.receive_buffer = 4'096});
      arrange(server, hang);
      auto transport = make_transport();
      const std::string body(hang.body, 'b');
      std::stop_source stop;
      HttpWaiter waiter;
      const auto transfer = transport->start({.method = by_libcurl ? "POST" : "PUT",
                                              .url = server.url("/k"),
                                              .body = as_bytes(body),
                                              .idempotent = !by_libcurl},
                                             waiter.done(), {.stop = stop.get_token()});
      REQUIRE(fired(server));
      const auto time = time_of([&] {
        if (way % 3 == 0) stop.request_stop();
        else if (way % 3 == 1) transfer->cancel();
        else transport.reset();
        const auto reply = waiter.wait();
        REQUIRE_FALSE(reply.has_value());
        CHECK(reply.error().code() == ErrorCode::cancelled);
      });
      CHECK(time < prompt);
      transfer->cancel();
      transfer->resume();
      transport.reset();
      CHECK(waiter.calls() == 1);
      server.release();
      CHECK(server.ledger().wait_until(
          [](const Record& record) { return record.connections[0].ending != RecordedConnection::Ending::open; }));
    }
  }
}

TEST_CASE("the deadline acts within 250 ms, wherever a transfer hangs") {
  for (const Hang& hang : hangs()) {
    CAPTURE(hang.name);
    ScriptedServer server({.receive_buffer = 4'096});
    arrange(server, hang);
    const auto transport = make_transport();
    const std::string body(hang.body, 'b');
    const auto time = time_of([&] {
      const auto reply = transport->send({.method = "PUT", .url = server.url("/k"), .body = as_bytes(body)},
                                         {.deadline = Deadline::after(Duration::milliseconds(60))});
      REQUIRE_FALSE(reply.has_value());
      CHECK(reply.error().code() == ErrorCode::timeout);
      CHECK(reply.error().message() == "the deadline passed");
    });
    CHECK(time >= std::chrono::milliseconds(60));
    CHECK(time < std::chrono::milliseconds(60) + prompt);
    CHECK(server.ledger().faults_fired() == 1);
  }
}

TEST_CASE("what has passed already, or was stopped already, is not begun") {
  ScriptedServer server;
  const auto transport = make_transport();
  std::stop_source stop;
  stop.request_stop();
  const Request request{.url = server.url("/")};
  for (const bool wait : {true, false}) {
    const auto ask = [&](const Context& context) {
      if (wait) return transport->send(request, context);
      HttpWaiter waiter;
      transport->start(request, waiter.done(), context);
      return waiter.wait();
    };
    auto reply = ask({.stop = stop.get_token()});
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code() == ErrorCode::cancelled);
    reply = ask({.deadline = Deadline::after(Duration())});
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code() == ErrorCode::timeout);
  }
  CHECK(server.ledger().snapshot().connections.empty());
}

TEST_CASE("a transfer in which nothing moves is stalled, and one that drips is not") {
  for (const Hang& hang : hangs()) {
    CAPTURE(hang.name);
    ScriptedServer server({.receive_buffer = 4'096});
    arrange(server, hang);
    const std::string body(hang.body, 'b');
    const auto reply = make_transport()->send({.method = "PUT",
                                               .url = server.url("/k"),
                                               .body = as_bytes(body),
                                               .limits = {.stall = Duration::milliseconds(150)}});
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code() == ErrorCode::timeout);
    CHECK(reply.error().message().find("stalled") != std::string::npos);
    CHECK(server.ledger().faults_fired() == 1);
  }
  // Ten bytes with 60 ms between them take longer than the limit, but none of them does.
  ScriptedServer server;
  const auto transport = make_transport();
  const http::Limits limits{.stall = Duration::milliseconds(400)};
  server.push({.reply = {.body = "0123456789"},
               .faults = {Fault::drip(Place::reply_body, 0, 1, std::chrono::milliseconds(60))}});
  const auto slow = transport->send({.url = server.url("/k"), .limits = limits});
  REQUIRE(slow);
  CHECK(slow->body == "0123456789");
  CHECK(slow->elapsed > Duration::milliseconds(500));
  // Nor does an upload that went to the system's buffers at once and leaves them slowly.
  ScriptedServer sluggish({.receive_buffer = 4'096});
  const std::string body(4'000'000, 'b');
  sluggish.push({.reply = {.body = "x"},
                 .faults = {Fault::drip(Place::request_body, 0, 400'000, std::chrono::milliseconds(60))}});
  CHECK(transport->send({.method = "PUT", .url = sluggish.url("/k"), .body = as_bytes(body), .limits = limits}));
  CHECK(sluggish.ledger().faults_fired() == 1);
  CHECK(server.ledger().faults_fired() == 1);
}

TEST_CASE("a slow drip is ended by the deadline") {
  ScriptedServer server;
  server.push({.reply = {.body = std::string(10'000, 'x')},
               .faults = {Fault::drip(Place::reply_body, 0, 1, std::chrono::milliseconds(20))}});
  const auto reply = make_transport()->send({.url = server.url("/k"), .limits = {.stall = Duration::milliseconds(300)}},
                                            {.deadline = Deadline::after(Duration::milliseconds(500))});
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().message() == "the deadline passed");
}

TEST_CASE("a request that must not be done twice and ran out of time has an unknown outcome") {
  ScriptedServer server;
  server.push({.faults = {Fault::stall(Place::reply, 0)}});
  const auto reply = make_transport()->send({.method = "POST", .url = server.url("/k"), .idempotent = false},
                                            {.deadline = Deadline::after(Duration::milliseconds(80))});
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code() == ErrorCode::outcome_unknown);
  REQUIRE(reply.error().cause() != nullptr);
  CHECK(reply.error().cause()->code() == ErrorCode::timeout);
}

TEST_CASE("the connect limit ends a handshake that hangs") {
  ScriptedServer server;
  server.push_connection(Fault::stall(Place::request_body, 0));
  // With one certificate of its own: to read all of the system's can take longer than the limit here.
  const docupilot::testing::TestAuthority authority;
  const auto reply =
      make_transport({.tls = {.ca_file = authority.root_file()}})
          ->send({.url = "https" + server.url("/").substr(4), .limits = {.connect = Duration::milliseconds(80)}});
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code() == ErrorCode::timeout);
  CHECK(reply.error().hint().starts_with("TLS: "));
}

TEST_CASE("the next request waits for a connection, and waiting is no stall") {
  std::string way;
  SUBCASE("by libcurl") { way = "GET"; }
  SUBCASE("over a connection of its own") { way = "PUT"; }
  ScriptedServer server;
  server.push({.reply = {.body = "a"}, .faults = {Fault::delay(Place::reply, 0, std::chrono::milliseconds(300))}});
  server.push({.reply = {.body = "b"}});
  const auto transport = make_transport({.connections = 1});
  HttpWaiter first;
  HttpWaiter second;
  HttpWaiter given_up;
  transport->start({.method = way, .url = server.url("/a")}, first.done());
  REQUIRE(fired(server));
  transport->start({.method = way, .url = server.url("/never")}, given_up.done())->cancel();
  transport->start({.method = way, .url = server.url("/b"), .limits = {.stall = Duration::milliseconds(50)}},
                   second.done());
  CHECK(given_up.wait().error().code() == ErrorCode::cancelled);
  const auto b = second.wait();
  REQUIRE(b);
  CHECK(b->body == "b");
  CHECK(b->connection_was_reused);
  CHECK(first.wait()->body == "a");
  CHECK(server.ledger().snapshot().connections.size() == 1);
}
