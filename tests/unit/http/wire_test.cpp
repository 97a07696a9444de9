#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/http_waiter.h"
#include "support/scripted_streams.h"

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::testing::Fault;
using docupilot::testing::Record;
using docupilot::testing::RecordedConnection;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot_test::HttpWaiter;
using docupilot_test::pattern;
using Place = Fault::Place;

TEST_CASE("uploads go one after the other over one connection, whatever their sizes") {
  for (const bool secure : {false, true}) {
    CAPTURE(secure);
    const docupilot::testing::TestAuthority authority;
    docupilot::testing::ServerOptions options{.body_limit = 4U << 20U};
    if (secure) {
      const auto certificate = authority.issue();
      options.tls = {.certificate_pem = certificate.certificate_pem, .key_pem = certificate.key_pem};
    }
    ScriptedServer server(
        [](const auto& request) {
          const bool in_chunks = request.target.starts_with("/1") || request.target.starts_with("/4");
          return Script{.reply = {.body = request.target,
                                  .framing = in_chunks ? Reply::Framing::chunked : Reply::Framing::length}};
        },
        options);
    const auto transport = make_transport({.tls = {.ca_file = authority.root_file()}});
    int number = 0;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{262'143}, std::size_t{262'144},
                                   std::size_t{262'145}, std::size_t{3'000'000}, std::size_t{10}}) {
      CAPTURE(size);
      const std::string body = pattern(size);
      const std::string target = "/" + std::to_string(number++) + "?x=%2f";
      const auto reply = transport->send({.method = "PUT", .url = server.url(target), .body = as_bytes(body)});
      REQUIRE(reply);
      CHECK(reply->body == target);
      CHECK(reply->connection_was_reused == (number > 1));
      CHECK((server.ledger().snapshot().requests.back().body == body));
    }
    CHECK(server.ledger().snapshot().connections.size() == 1);
  }
}

TEST_CASE("a connection that was closed while nobody used it is not used again") {
  for (const bool says_so : {false, true}) {
    CAPTURE(says_so);
    ScriptedServer server;
    const auto transport = make_transport();
    Script last{.reply = {.body = "x"}, .after = Script::After::close};
    if (says_so) last.reply.headers = {{"Connection", "close"}};
    server.push(std::move(last));
    REQUIRE(transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes("a")}));
    CHECK(server.ledger().wait_until(
        [](const Record& record) { return record.connections[0].ending != RecordedConnection::Ending::open; }));
    server.push({.reply = {.body = "x"}});
    const auto reply = transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes("b")});
    REQUIRE(reply);
    CHECK_FALSE(reply->connection_was_reused);
  }
}

TEST_CASE("bytes behind a reply belong to nobody, and end their connection") {
  ScriptedServer server;
  const auto transport = make_transport();
  server.push({.reply = Reply::verbatim("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n")});
  const auto first = transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes("a")});
  REQUIRE(first);
  CHECK(first->body == "x");
  server.push({.reply = {.body = "y"}});
  const auto second = transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes("b")});
  REQUIRE(second);
  CHECK(second->body == "y");
  CHECK_FALSE(second->connection_was_reused);
}

TEST_CASE("a success before the body has gone is told when it has, and not if it cannot go") {
  const std::string body(8U << 20U, 'b');
  ScriptedServer server;
  const auto transport = make_transport();
  server.push({.reply = {.body = "early"}, .faults = {Fault::reply_early(100'000)}});
  const auto whole = transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes(body)});
  REQUIRE(whole);
  CHECK(whole->body == "early");
  CHECK(whole->bytes_sent == body.size());
  server.push({.reply = {.body = "early"},
               .faults = {Fault::reply_early(100'000), Fault::reset(Place::request_body, 4'000'000)}});
  const auto cut = transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes(body)});
  REQUIRE_FALSE(cut);
  CHECK(cut.error().retryable());
}

TEST_CASE("uploads take as many connections as are allowed, and the others wait for their turn") {
  ScriptedServer server([](const auto& request) { return Script{.reply = {.body = request.target}}; });
  const auto transport = make_transport({.connections = 3});
  std::vector<std::string> bodies;
  for (int i = 0; i < 100; ++i) bodies.push_back(pattern(static_cast<std::size_t>(i) * 1'000));
  std::vector<HttpWaiter> waiters(bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const std::string url = server.url("/" + std::to_string(i));
    transport->start({.method = "PUT", .url = url, .body = as_bytes(bodies[i])}, waiters[i].done());
  }
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const auto reply = waiters[i].wait();
    REQUIRE(reply);
    CHECK(reply->body == "/" + std::to_string(i));
  }
  const Record record = server.ledger().snapshot();
  CHECK(record.connections.size() == 3);
  REQUIRE(record.requests.size() == bodies.size());
  for (const auto& request : record.requests) CHECK((request.body == bodies.at(std::stoul(request.target.substr(1)))));
}

TEST_CASE("connections are opened ahead until there are so many, and requests find them") {
  for (const bool secure : {false, true}) {
    CAPTURE(secure);
    const docupilot::testing::TestAuthority authority;
    docupilot::testing::ServerOptions options;
    if (secure) {
      const auto certificate = authority.issue();
      options.tls = {.certificate_pem = certificate.certificate_pem, .key_pem = certificate.key_pem};
    }
    ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; }, options);
    std::atomic<int> metrics = 0;
    const auto transport = make_transport({.connections = 5,
                                           .tls = {.ca_file = authority.root_file()},
                                           .hooks = {.metric = [&](const auto&) { ++metrics; }}});
    const auto connect = [&](unsigned wanted, std::size_t there) {
      transport->connect_ahead({.url = server.url("/")}, wanted);
      CHECK(server.ledger().wait_until([&](const Record& record) { return record.connections.size() == there; }));
    };
    const auto put = [&] {
      const auto reply = transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes("a")});
      REQUIRE_MESSAGE(reply, reply.error().to_string());
      return reply->connection_was_reused;
    };
    connect(2, 2);
    CHECK(metrics == 0);
    CHECK_FALSE(put());  // it waits for one of these, perhaps, and opens none
    CHECK(server.ledger().snapshot().connections.size() == 2);
    connect(2, 2);
    connect(3, 3);
    CHECK(server.ledger().snapshot().connections.size() == 3);
    connect(100, 5);  // no more are allowed
    static_cast<void>(put());
    CHECK(server.ledger().snapshot().connections.size() == 5);
  }
}

TEST_CASE("connections that are opened ahead are shared out among the threads") {
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
  const auto transport = make_transport({.threads = 3});
  for (const std::size_t wanted : {std::size_t{6}, std::size_t{6}, std::size_t{9}}) {
    transport->connect_ahead({.url = server.url("/")}, static_cast<unsigned>(wanted));
    CHECK(server.ledger().wait_until([&](const Record& record) { return record.connections.size() >= wanted; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(server.ledger().snapshot().connections.size() == wanted);
  }
}

TEST_CASE("what cannot be connected to ahead is told by the requests that follow") {
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
  const auto transport = make_transport();
  transport->connect_ahead({.url = server.url("/"), .url_rules = http::UrlRules{}}, 5);  // http, and a private address
  transport->connect_ahead({.url = "http://127.0.0.1:1/"}, 2);
  transport->connect_ahead({.url = "no URL"}, 2);
  const auto refused = transport->send({.method = "PUT", .url = "http://127.0.0.1:1/", .body = as_bytes("a")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::unavailable);
  {
    const auto behind_proxy = make_transport({.proxy = server.url()});
    behind_proxy->connect_ahead({.url = "http://example.com/"}, 2);
    const auto forgets = make_transport({.idle_connection = Duration()});
    forgets->connect_ahead({.url = server.url("/")}, 2);
    const auto ended = make_transport();
    ended->connect_ahead({.url = server.url("/")}, 3);  // and are given up at once
  }
  CHECK(server.ledger().snapshot().requests.empty());
}

TEST_CASE("a connection that was opened ahead and closed meanwhile is not used") {
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
  server.push_connection(Fault::close(Place::request_body, 0));
  const auto transport = make_transport();
  transport->connect_ahead({.url = server.url("/")}, 1);
  CHECK(server.ledger().wait_until([](const Record& record) {
    return !record.connections.empty() && record.connections[0].ending != RecordedConnection::Ending::open;
  }));
  const auto put = [&] { return transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes("a")}); };
  auto reply = put();
  if (!reply) {  // it came between the server's note and its goodbye
    CHECK(reply.error().retryable());
    reply = put();
  }
  REQUIRE_MESSAGE(reply, reply.error().to_string());
  CHECK_FALSE(reply->connection_was_reused);
}

TEST_CASE("uploads that wait for a connection to a server that is gone are all told") {
  std::string url;
  {
    const ScriptedServer server;
    url = server.url("/");
  }
  const auto transport = make_transport({.connections = 2});
  std::vector<HttpWaiter> waiters(50);
  for (HttpWaiter& waiter : waiters)
    transport->start({.method = "PUT", .url = url, .body = as_bytes("x")}, waiter.done());
  for (HttpWaiter& waiter : waiters) {
    const auto reply = waiter.wait();
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code() == ErrorCode::unavailable);
    CHECK(reply.error().hint().starts_with("connection: refused"));
  }
}

TEST_CASE("a transfer that ends lets others have its connection, and does not end them on the way") {
  // The one under way stalls; the one that waits for its connection finds nobody any more.
  auto server = std::make_unique<ScriptedServer>();
  server->push({.faults = {Fault::stall(Place::reply, 0)}});
  const std::string url = server->url("/");
  const auto transport = make_transport({.connections = 1});
  std::vector<HttpWaiter> waiters(3);
  transport->start({.method = "PUT", .url = url, .limits = {.stall = Duration::milliseconds(400)}}, waiters[0].done());
  REQUIRE(server->ledger().wait_until([](const Record& record) { return record.faults_fired() == 1; }));
  transport->start({.method = "PUT", .url = url}, waiters[1].done());
  transport->start({.method = "PUT", .url = url}, waiters[2].done());
  server.reset();  // the first is told now or at its stall
  for (HttpWaiter& waiter : waiters) CHECK_FALSE(waiter.wait().has_value());
}

TEST_CASE("a transport that ends opens nothing for those who wait") {
  ScriptedServer server;
  server.push({.faults = {Fault::stall(Place::reply, 0)}});
  std::vector<HttpWaiter> waiters(20);
  {
    const auto transport = make_transport({.connections = 1});
    for (HttpWaiter& waiter : waiters) transport->start({.method = "PUT", .url = server.url("/")}, waiter.done());
    REQUIRE(server.ledger().wait_until([](const Record& record) { return record.faults_fired() == 1; }));
  }
  for (HttpWaiter& waiter : waiters) CHECK(waiter.wait().error().code() == ErrorCode::cancelled);
  CHECK(server.ledger().snapshot().connections.size() == 1);
}

TEST_CASE("an idle connection is closed after its time while others to elsewhere are used") {
  ScriptedServer idle([](const auto&) { return Script{.reply = {.body = "x"}}; });
  ScriptedServer busy([](const auto&) { return Script{.reply = {.body = "x"}}; });
  const auto transport = make_transport({.idle_connection = Duration::milliseconds(100)});
  const auto put = [&](const ScriptedServer& server) {
    const auto reply = transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes("a")});
    REQUIRE(reply);
    return reply->connection_was_reused;
  };
  CHECK_FALSE(put(idle));
  busy.push({.reply = {.body = "x"}, .faults = {Fault::stall(Place::reply, 0)}});
  HttpWaiter waiter;
  const auto under_way = transport->start({.method = "PUT", .url = busy.url("/")}, waiter.done());
  CHECK(idle.ledger().wait_until(
      [](const Record& record) { return record.connections[0].ending == RecordedConnection::Ending::left; }));
  CHECK(waiter.calls() == 0);
  under_way->cancel();
  static_cast<void>(waiter.wait());
}

TEST_CASE("trailers without end do not keep a request from its deadline, and have a limit") {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";
  const auto ask = [&](std::size_t trailers) {
    ScriptedServer server;
    std::string wire = head;
    for (std::size_t i = 0; i < trailers / 8; ++i) wire += "a: 012\r\n";
    server.push({.reply = Reply::verbatim(wire + "\r\n"), .after = Script::After::close});
    return make_transport()->send({.method = "PUT", .url = server.url("/"), .body = as_bytes("a")});
  };
  const auto fits = ask((64U << 10U) - 8);
  REQUIRE(fits);
  CHECK(fits->body == "x");
  const auto endless = ask(64U << 10U);
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code() == ErrorCode::corrupted);
}

TEST_CASE("the Host header is the one that is signed: without the port that the scheme has by itself") {
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
  const auto transport = make_transport();
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
  for (const std::string method : {"PUT", "POST"}) {
    REQUIRE(transport->send({.method = method, .url = "http://" + host + "/", .body = as_bytes("a")}));
    CHECK(server.ledger().snapshot().requests.back().header("Host") == host);
    REQUIRE(transport->send(
        {.method = method, .url = "http://" + host + "/", .headers = {{"Host", "other"}}, .body = as_bytes("a")}));
    CHECK(server.ledger().snapshot().requests.back().header("Host") == "other");
    const auto twice = transport->send({.method = method,
                                        .url = "http://" + host + "/",
                                        .headers = {{"Host", "a"}, {"host", "b"}},
                                        .body = as_bytes("a")});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code() == ErrorCode::invalid_argument);
  }
}

TEST_CASE("over TLS, cuts, resets, refusals, pauses and slow readers are what they are without") {
  const docupilot::testing::TestAuthority authority;
  const auto certificate = authority.issue();
  docupilot::testing::ServerOptions options{.body_limit = 9U << 20U, .receive_buffer = 4'096};
  options.tls = {.certificate_pem = certificate.certificate_pem, .key_pem = certificate.key_pem};
  const std::string body = pattern(8U << 20U);
  const auto put = [&](Script script) {
    ScriptedServer server(options);
    server.push(std::move(script));
    auto reply = make_transport({.tls = {.ca_file = authority.root_file()}})
                     ->send({.method = "PUT", .url = server.url("/"), .body = as_bytes(body)});
    if (reply && reply->body == "all") CHECK((server.ledger().snapshot().requests.back().body == body));
    return reply;
  };
  REQUIRE(put({.reply = {.body = "all"}}));
  const auto refused = put({.reply = {.status = 503, .body = "slow down"},
                            .faults = {Fault::reply_early(100'000)},
                            .after = Script::After::close});
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(refused->body == "slow down");
  const auto early = put({.reply = {.body = "early"}, .faults = {Fault::reply_early(100'000)}});
  REQUIRE(early);
  CHECK(early->bytes_sent == body.size());
  for (const auto& make : {&Fault::reset, &Fault::close}) {
    for (const std::uint64_t at : std::initializer_list<std::uint64_t>{0, 1, 270'000, 5'000'000}) {
      const auto cut = put({.reply = {.body = "x"}, .faults = {make(Place::request_body, at)}});
      REQUIRE_FALSE(cut);
      CHECK(cut.error().code() == ErrorCode::unavailable);
    }
    for (const std::uint64_t at : std::initializer_list<std::uint64_t>{0, 10, 40}) {
      const auto cut = put({.reply = {.body = std::string(100, 'x')}, .faults = {make(Place::reply, at)}});
      REQUIRE_FALSE(cut);
      CHECK(cut.error().retryable());
    }
    const auto cut = put({.reply = {.body = std::string(100, 'x')}, .faults = {make(Place::reply_body, 50)}});
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code() == ErrorCode::corrupted);
  }
}
