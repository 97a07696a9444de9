#include <docupilot/testing/fault_proxy.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include <docupilot/testing/scripted_server.h>

#include "support/raw_client.h"

using namespace docupilot::testing;
using docupilot_test::RawClient;
using Place = Fault::Place;
using Ending = RecordedConnection::Ending;

namespace {

const std::string get = "GET /a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n";

std::string put(const std::string& body, const std::string& more = "") {
  return "PUT /key HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" +
         body;
}

/// A server that answers with what it was sent, and a proxy in front of it.
struct Pair {
  explicit Pair(ProxyOptions options = {}) : proxy("127.0.0.1", server.port(), std::move(options)) {
    server.handle([](const RecordedRequest&) {
      return Script{.respond = [](const RecordedRequest& request) { return Reply{.body = "got " + request.body}; }};
    });
  }
  [[nodiscard]] Record after_end() const {
    CHECK(proxy.ledger().wait_until([](const Record& record) {
      return !record.connections.empty() && record.connections[0].ending != Ending::open;
    }));
    return proxy.ledger().snapshot();
  }

  ScriptedServer server;
  FaultProxy proxy;
};

}  // namespace

TEST_CASE("a proxy passes requests and replies on unchanged, and counts them") {
  Pair pair;
  RawClient client(pair.proxy.port());
  const std::string odd = put("abc", "x-ODD:   y  \r\nX-Odd: z\r\n");
  CHECK(client.ask(odd) == "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ngot abc");
  const std::string head = "HEAD /k HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(head);
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  const std::string chunked =
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n";
  CHECK(client.ask(chunked).ends_with("\r\n\r\ngot abc0123456789"));
  const Record seen = pair.server.ledger().snapshot();
  const Record record = pair.proxy.ledger().snapshot();
  REQUIRE(seen.requests.size() == 3);
  REQUIRE(record.requests.size() == 3);
  CHECK(seen.requests[0].head + seen.requests[0].body == odd);
  CHECK(seen.requests[2].head == record.requests[2].head);
  CHECK(seen.connections.size() == 1);
  CHECK(seen.connections[0].bytes_received == odd.size() + head.size() + chunked.size());
  CHECK(record.connections[0].bytes_sent == seen.connections[0].bytes_sent);
  for (const RecordedRequest& request : record.requests) {
    CHECK(request.complete);
    CHECK(request.reply_complete);
    CHECK(request.status == 200);
    CHECK(request.server_status == 200);
  }
  CHECK(record.requests[2].body == "abc0123456789");
}

TEST_CASE("requests sent at once are answered in their order") {
  Pair pair;
  pair.proxy.script(1, {.withhold = Reply{.status = 507, .body = "no"}});
  RawClient client(pair.proxy.port());
  client.send(put("one") + put("two") + put("three"));
  CHECK(client.read_reply().ends_with("\r\n\r\ngot one"));
  CHECK(client.read_reply().starts_with("HTTP/1.1 507 "));
  CHECK(client.read_reply().ends_with("\r\n\r\ngot three"));
  CHECK(pair.server.ledger().snapshot().requests.size() == 2);
}

TEST_CASE("replies without a body, in chunks and up to the end of the connection are followed") {
  Pair pair;
  RawClient client(pair.proxy.port());
  pair.server.push({.reply = {.status = 204}});
  CHECK(client.ask(get) == "HTTP/1.1 204 No Content\r\n\r\n");
  pair.server.push({.reply = {.status = 304, .headers = {{"ETag", "\"x\""}}, .body = "none"}});
  client.send(get);
  CHECK(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 304 "));
  pair.server.push({.reply = {.body = "hello", .framing = Reply::Framing::chunked, .chunk = 2}});
  client.send(get);
  CHECK(client.read_until("0\r\n\r\n").ends_with("\r\n\r\n2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n0\r\n\r\n"));
  pair.server.push({.reply = {.body = "to the end", .framing = Reply::Framing::until_close}});
  client.send(get);
  CHECK(client.read_all().ends_with("\r\n\r\nto the end"));
  CHECK(client.at_end());
  client.close();
  const Record record = pair.after_end();
  for (const RecordedRequest& request : record.requests) CHECK(request.reply_complete);
  CHECK(record.requests.size() == 4);
}

TEST_CASE("interim replies pass, and bodies wait for them") {
  Pair pair;
  RawClient client(pair.proxy.port());
  client.send("PUT /k HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.ask("abc").ends_with("\r\n\r\ngot abc"));
  pair.proxy.script(1, {.withhold = Reply{.status = 418}});
  client.send("PUT /k HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.ask("abc").starts_with("HTTP/1.1 418 "));
}

TEST_CASE("a reply is lost after its effect") {
  Pair pair;
  pair.proxy.script(0, {.faults = {Fault::reset(Place::reply, 0)}, .server_first = true});
  RawClient client(pair.proxy.port());
  client.send(put("abc"));
  CHECK(client.read_all().empty());
  CHECK(client.error() == ECONNRESET);
  const Record record = pair.after_end();
  CHECK(record.connections[0].ending == Ending::reset);
  CHECK(record.requests[0].server_status == 200);
  CHECK(record.requests[0].status == 0);
  CHECK(record.faults_fired(Fault::Action::reset) == 1);
  CHECK(pair.server.ledger().snapshot().requests[0].reply_complete);
}

TEST_CASE("a reply is cut, or a bit of it flipped, at any byte") {
  const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngot hello";
  for (const std::size_t k : {1U, 17U, 40U}) {
    Pair pair;
    pair.proxy.script(0, {.faults = {Fault::close(Place::reply, k)}});
    RawClient client(pair.proxy.port());
    client.send(put("hello"));
    CHECK(client.read_all() == reply.substr(0, k));
    CHECK(client.at_end());
    CHECK(pair.proxy.ledger().faults_fired() == 1);
  }
  Pair pair;
  pair.proxy.script(0, {.faults = {Fault::flip(Place::reply_body, 4, 5), Fault::flip(Place::reply_body, 0, 5)}});
  RawClient client(pair.proxy.port());
  CHECK(client.ask(put("hello")).ends_with("\r\n\r\nGot Hello"));
  CHECK(pair.proxy.ledger().faults_fired(Fault::Action::flip) == 2);
}

TEST_CASE("an upload is reset at any byte, on both sides of the proxy") {
  for (const std::size_t k : {0U, 5U, 100'000U}) {
    Pair pair;
    pair.server.push({.faults = {Fault::stall(Place::reply, 0)}});
    pair.proxy.script(0, {.faults = {Fault::reset(Place::request_body, k)}});
    RawClient client(pair.proxy.port());
    client.send(put(std::string(100'000, 'u')));
    client.read_all();
    CHECK(client.error() == ECONNRESET);
    const Record record = pair.after_end();
    CHECK(record.requests[0].body_bytes == k);
    CHECK(record.faults_fired() == 1);
    CHECK(pair.server.ledger().wait_until(
        [](const Record& seen) { return !seen.connections.empty() && seen.connections[0].ending != Ending::open; }));
    for (const RecordedRequest& request : pair.server.ledger().snapshot().requests) CHECK(request.body_bytes <= k);
  }
}

TEST_CASE("a bit of an upload is flipped on its way") {
  Pair pair;
  pair.proxy.script(0, {.faults = {Fault::flip(Place::request_body, 1, 5)}});
  RawClient client(pair.proxy.port());
  CHECK(client.ask(put("abc")).ends_with("\r\n\r\ngot aBc"));
  CHECK(pair.proxy.ledger().snapshot().requests[0].body == "abc");
}

TEST_CASE("a success is told as a failure") {
  Pair pair;
  pair.proxy.handle([](const RecordedRequest& request) {
    return request.method == "PUT" ? ProxyScript{.replace = Reply{.status = 500, .body = "oh"}} : ProxyScript{};
  });
  RawClient client(pair.proxy.port());
  CHECK(client.ask(put("abc")) == "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\noh");
  CHECK(client.ask(get).ends_with("\r\n\r\ngot "));
  const Record record = pair.proxy.ledger().snapshot();
  CHECK(record.requests[0].server_status == 200);
  CHECK(record.requests[0].status == 500);
  CHECK(pair.server.ledger().snapshot().requests[0].body == "abc");
}

TEST_CASE("a failure that is told in the place of a success says whether the connection goes on") {
  Pair pair;
  pair.proxy.script(0, {.replace = Reply{.status = 500}});
  pair.server.push({.reply = {.headers = {{"Connection", "close"}}, .framing = Reply::Framing::until_close}});
  RawClient client(pair.proxy.port());
  client.send(get);
  CHECK(client.read_all() == "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  CHECK(client.at_end());
}

TEST_CASE("a kept request is delivered later, and again") {
  Pair pair;
  pair.proxy.script(0, {.withhold = Reply{.status = 504}, .keep = true});
  RawClient client(pair.proxy.port());
  const std::string late = put("late", "X-Id: 7\r\n");
  CHECK(client.ask(late).starts_with("HTTP/1.1 504 "));
  CHECK(client.ask(put("second")).ends_with("got second"));
  CHECK(pair.proxy.replay(0) == "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\ngot late");
  CHECK(pair.proxy.replay(0).ends_with("got late"));
  const Record seen = pair.server.ledger().snapshot();
  REQUIRE(seen.requests.size() == 3);
  CHECK(seen.requests[1].head + seen.requests[1].body == late);
  const Record record = pair.proxy.ledger().snapshot();
  CHECK(record.requests[2].replay_of == 0U);
  CHECK(record.requests[2].server_status == 200);
  CHECK_THROWS_WITH_AS(static_cast<void>(pair.proxy.replay(1)),
                       "replaying request 1: it was not kept: set ProxyScript::keep", std::runtime_error);
  CHECK_THROWS_AS(static_cast<void>(pair.proxy.replay(99)), std::runtime_error);
  pair.server.stop();
  CHECK_THROWS_AS(static_cast<void>(pair.proxy.replay(0)), std::runtime_error);
}

TEST_CASE("a withheld request is refused before its body has come") {
  Pair pair;
  pair.proxy.script(0, {.faults = {Fault::reply_early(2)}, .withhold = Reply{.status = 503}});
  RawClient client(pair.proxy.port());
  client.send("PUT /k HTTP/1.1\r\nContent-Length: 4\r\n\r\nab");
  CHECK(client.read_reply().starts_with("HTTP/1.1 503 "));
  CHECK_FALSE(pair.proxy.ledger().snapshot().requests[0].complete);
  client.send("cd");
  CHECK(client.ask(put("next")).ends_with("got next"));
  CHECK(pair.proxy.ledger().snapshot().requests[0].body == "abcd");
  CHECK(pair.server.ledger().snapshot().requests.size() == 1);
}

TEST_CASE("a handler of the proxy that throws ends the connection and not the program") {
  Pair pair;
  pair.proxy.handle([](const RecordedRequest&) -> ProxyScript { throw std::runtime_error("the handler's fault"); });
  RawClient client(pair.proxy.port());
  client.send(get);
  CHECK(client.read_all().empty());
  const Record record = pair.after_end();
  CHECK(record.connections[0].ending == Ending::failed);
  CHECK(record.connections[0].note == "the handler's fault");
  CHECK(pair.server.ledger().snapshot().requests.empty());
}

TEST_CASE("a stalled upload goes on when it is released") {
  Pair pair;
  pair.proxy.script(0, {.faults = {Fault::stall(Place::request_body, 2)}});
  RawClient client(pair.proxy.port());
  client.send(put("abc"));
  REQUIRE(pair.proxy.ledger().wait_until([](const Record& record) { return record.faults_fired() == 1; }));
  CHECK(pair.server.ledger().wait_until(
      [](const Record& seen) { return !seen.requests.empty() && seen.requests[0].body_bytes == 2; }));
  pair.proxy.release();
  CHECK(client.read_reply().ends_with("got abc"));
}

TEST_CASE("what is not HTTP/1 passes unchanged both ways") {
  const std::string hello("\x16\x03\x01\x00\xff\x00 no line ends here", 24);
  ScriptedServer server;
  server.push_connection(Fault::close(Place::reply, hello.size()));
  FaultProxy proxy("127.0.0.1", server.port());
  RawClient client(proxy.port());
  client.send(hello);
  CHECK(client.read_all().empty());
  CHECK(server.ledger().snapshot().connections[0].bytes_received == hello.size());

  server.push({.reply = Reply::verbatim("garbage without an end"), .after = Script::After::close});
  RawClient second(proxy.port());
  second.send(get);
  CHECK(second.read_all() == "garbage without an end");

  server.push({.reply = Reply::verbatim("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
               .after = Script::After::close});
  RawClient third(proxy.port());
  third.send(get);
  CHECK(third.read_all().ends_with("Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"));
}

TEST_CASE("after a switch of protocols every byte passes at once") {
  ScriptedServer server;
  server.push({.reply = {.status = 101, .headers = {{"Upgrade", "echo"}}}});
  FaultProxy proxy("127.0.0.1", server.port());
  RawClient client(proxy.port());
  CHECK(client.ask("GET / HTTP/1.1\r\nUpgrade: echo\r\n\r\n").starts_with("HTTP/1.1 101 "));
  client.send("word");
  CHECK(server.ledger().wait_until(
      [](const Record& seen) { return seen.connections[0].bytes_received == seen.requests[0].head.size() + 4; }));
}

TEST_CASE("ends of the server reach the client as what they were") {
  Pair pair;
  RawClient client(pair.proxy.port());
  pair.server.push({.reply = {.body = "hello"}, .faults = {Fault::reset(Place::reply_body, 2)}});
  client.send(get);
  client.read_until("\r\n\r\n");
  CHECK(client.read_bytes(100) == "he");
  CHECK(client.error() == ECONNRESET);
  RawClient second(pair.proxy.port());
  pair.server.push({.reply = {.body = "hello"}, .faults = {Fault::close(Place::reply_body, 2)}});
  second.send(get);
  CHECK(second.read_all().ends_with("\r\n\r\nhe"));
  CHECK(second.at_end());
  pair.server.stop();
  RawClient third(pair.proxy.port());
  CHECK(third.read_all().empty());
  CHECK(third.error() == ECONNRESET);
  CHECK(pair.proxy.ledger().wait_until([](const Record& record) {
    return record.connections.size() == 3 && record.connections[2].ending == Ending::unreachable;
  }));
}

TEST_CASE("what a server says before it breaks off reaches a client that is still writing") {
  Pair pair;
  const std::string large = put(std::string(8U << 20U, 'u'));
  for (int round = 0; round < 50; ++round) {
    RawClient client(pair.proxy.port());
    pair.server.push({.reply = {.status = 404, .body = "gone"},
                      .faults = {Fault::reply_early(1), Fault::reset(Place::request_body, 200'000)}});
    client.send(large);
    CHECK(client.read_all().ends_with("gone"));
  }
  CHECK(pair.proxy.ledger().wait_until([](const Record& record) {
    return record.connections.size() == 50 && std::ranges::all_of(record.connections, [](const auto& connection) {
             return connection.ending == Ending::reset;
           });
  }));
}

TEST_CASE("a client that closes its half still gets its reply") {
  Pair pair;
  RawClient client(pair.proxy.port());
  client.send(put("abc"));
  ::shutdown(client.fd(), SHUT_WR);
  CHECK(client.read_all().ends_with("got abc"));
  CHECK(pair.after_end().connections[0].ending == Ending::left);
}

TEST_CASE("an opaque proxy cuts at any byte of the connection") {
  ScriptedServer server([](const RecordedRequest&) { return Script{.reply = {.body = "hello"}}; });
  FaultProxy proxy("127.0.0.1", server.port(), {.opaque = true});
  proxy.script_connection(0, {Fault::reset(Place::request_body, 10)});
  proxy.script_connection(1, {Fault::close(Place::reply, 12)});
  RawClient first(proxy.port());
  first.send(get);
  CHECK(first.read_all().empty());
  CHECK(first.error() == ECONNRESET);
  RawClient second(proxy.port());
  second.send(get);
  CHECK(second.read_all() == "HTTP/1.1 200");
  RawClient third(proxy.port());
  CHECK(third.ask(get).ends_with("hello"));
  CHECK(proxy.ledger().snapshot().requests.empty());
  CHECK(proxy.ledger().faults_fired() == 2);
}

TEST_CASE("the proxy ends within 250 ms whatever its connections do") {
  Pair pair;
  auto proxy = std::make_unique<FaultProxy>("127.0.0.1", pair.server.port());
  proxy->script(0, {.faults = {Fault::stall(Place::request_body, 0)}});
  proxy->script(1, {.faults = {Fault::drip(Place::reply, 0, 1, std::chrono::hours(1))}});
  proxy->script(2, {.withhold = Reply{}});
  RawClient clients[] = {RawClient(proxy->port()), RawClient(proxy->port()), RawClient(proxy->port()),
                         RawClient(proxy->port()), RawClient(proxy->port())};
  for (std::size_t i = 0; i < 4; ++i) {
    clients[i].send(i == 2 ? "PUT /k HTTP/1.1\r\nContent-Length: 3\r\n\r\n" : put("abc"));
    REQUIRE(proxy->ledger().wait_until([&](const Record& record) { return record.requests.size() == i + 1; }));
  }
  const auto before = std::chrono::steady_clock::now();
  proxy.reset();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::milliseconds(250));
}
