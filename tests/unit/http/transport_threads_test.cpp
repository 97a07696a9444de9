#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/http_waiter.h"

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::http::Request;
using docupilot::http::Response;
using docupilot::testing::Fault;
using docupilot::testing::Record;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot_test::HttpWaiter;

TEST_CASE("64 threads share a transport, and each gets the reply to its own request") {
  ScriptedServer server([](const auto& request) { return Script{.reply = {.body = request.target}}; });
  for (const unsigned threads : {1U, 3U}) {
    const auto transport = make_transport({.threads = threads, .connections = 8});
    std::atomic<int> right = 0;
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 64; ++caller) {
      callers.emplace_back([&, caller] {
        for (int i = 0; i < 100; ++i) {
          const std::string target = "/" + std::to_string(caller) + "/" + std::to_string(i);
          const auto reply = transport->send({.method = i % 3 == 0 ? "PUT" : "GET",
                                              .url = server.url(target),
                                              .body = as_bytes(i % 3 == 0 ? target : ""),
                                              .identity = caller % 2 == 0 ? "even" : "odd"});
          if (reply && reply->body == target) ++right;
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    CHECK(right == 6'400);
  }
  // No connection carried requests of both.
  const Record record = server.ledger().snapshot();
  std::vector<int> seen(record.connections.size(), 0);
  for (const auto& request : record.requests) {
    seen[request.connection] |= std::stoi(request.target.substr(1)) % 2 == 0 ? 1 : 2;
  }
  for (const int kinds : seen) CHECK(kinds != 3);
  const std::size_t of_a_kind = 2 * 8 + 2 * 3 * 8;  // and uploads are another one
  CHECK(record.connections.size() <= 2 * of_a_kind);
}

TEST_CASE("transfers that are started, resumed and cancelled from many threads each end once") {
  ScriptedServer server([](const auto& request) {
    Script script{.reply = {.body = std::string(20'000, 'x')}};
    if (request.number % 3 == 0) script.faults = {Fault::stall(Fault::Place::reply_body, 10'000)};
    return script;
  });
  std::atomic<int> ended = 0;
  std::atomic<int> wrong = 0;
  {
    const auto transport = make_transport({.threads = 2});
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 8; ++caller) {
      callers.emplace_back([&] {
        for (int i = 0; i < 40; ++i) {
          const auto transfer = transport->start({.url = server.url("/")}, [&](Result<Response> result) {
            ++ended;
            if (!result && result.error().code() != ErrorCode::cancelled) ++wrong;
          });
          transfer->resume();
          if (i % 2 == 0) transfer->cancel();
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
  }  // ends what is stalled
  CHECK(ended == 320);
  CHECK(wrong == 0);
}

TEST_CASE("a request may be started from the callback of another, and while the transport ends") {
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
  HttpWaiter last;
  auto transport = make_transport();
  transport->start({.url = server.url("/a")}, [&](Result<Response> first) {
    CHECK(first.has_value());
    transport->start({.url = server.url("/b")}, last.done());
  });
  CHECK(last.wait().has_value());

  server.push({.faults = {Fault::stall(Fault::Place::reply, 0)}});
  HttpWaiter late;
  auto* const raw = transport.get();
  transport->start({.url = server.url("/a")}, [&](Result<Response> first) {
    CHECK_FALSE(first.has_value());
    raw->start({.url = server.url("/b")}, late.done());
  });
  transport.reset();
  const auto reply = late.wait();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code() == ErrorCode::cancelled);
}

TEST_CASE("a transport that was never used opens nothing, and dies silently") {
  const auto count = [] {
    int open = 0;
    for (int fd = 0; fd < 256; ++fd) open += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return open;
  };
  const int before = count();
  {
    const auto transport = make_transport();
    CHECK_FALSE(transport->send({.url = "no url"}).has_value());
    CHECK(count() == before);
  }
  CHECK(count() == before);
  {
    ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
    const auto transport = make_transport({.threads = 2});
    CHECK(transport->send({.url = server.url("/")}));
  }
  CHECK(count() == before);
}

TEST_CASE("a child process after a fork is refused, and the parent's connections live on") {
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
  auto transport = make_transport();
  REQUIRE(transport->send({.url = server.url("/")}));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto reply = transport->send({.url = server.url("/")});
    bool refused = !reply && reply.error().code() == ErrorCode::unsupported;
    transport->start({.url = server.url("/")}, [&](Result<Response> result) {
      refused = refused && !result && result.error().code() == ErrorCode::unsupported;
    });
    transport.reset();
    ::_exit(refused ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  const auto reply = transport->send({.url = server.url("/")});
  REQUIRE(reply);
  CHECK(reply->connection_was_reused);
}

TEST_CASE("a connection that breaks while it is written to sends no signal") {
  struct sigaction before = {};
  static std::atomic<int> signals = 0;
  struct sigaction counting = {};
  counting.sa_handler = [](int) { ++signals; };
  REQUIRE(::sigaction(SIGPIPE, &counting, &before) == 0);
  {
    ScriptedServer server(
        [](const auto&) { return Script{.faults = {Fault::reset(Fault::Place::request_body, 50'000)}}; });
    const auto transport = make_transport();
    const std::string body(4U << 20U, 'b');
    for (int i = 0; i < 5; ++i) {
      CHECK_FALSE(transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes(body)}).has_value());
    }
    CHECK(server.ledger().faults_fired() == 5);
  }
  REQUIRE(::sigaction(SIGPIPE, &before, nullptr) == 0);
  CHECK(signals == 0);
}
