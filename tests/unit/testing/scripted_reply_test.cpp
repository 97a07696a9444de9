#include <docupilot/testing/scripted_server.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "support/raw_client.h"

// The shapes that replies of a ScriptedServer can have, and what it makes of odd requests.
using namespace docupilot::testing;
using docupilot_test::RawClient;
using std::chrono::milliseconds;
using Place = Fault::Place;
using Ending = RecordedConnection::Ending;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

std::string put(std::size_t bytes, const std::string& more = "") {
  return "PUT /key HTTP/1.1\r\nContent-Length: " + std::to_string(bytes) + "\r\n" + more + "\r\n";
}

bool connection_ends(const ScriptedServer& server, Ending how) {
  return server.ledger().wait_until([&](const Record& record) {
    return std::any_of(record.connections.begin(), record.connections.end(),
                       [&](const RecordedConnection& connection) { return connection.ending == how; });
  });
}

double milliseconds_since(std::chrono::steady_clock::time_point before) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count();
}

}  // namespace

TEST_CASE("verbatim bytes go out as they are") {
  for (const std::string& raw :
       {std::string("garbage"), std::string("<html>HTTP/0.9"), std::string("HTTP/1.1 200 OK\r\nETag: cut"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
        "HTTP/1.1 200 OK\r\nX: " + std::string(300U << 10U, 'h') + "\r\n\r\nx", std::string("\0\xff", 2)}) {
    ScriptedServer server;
    server.push({.reply = Reply::verbatim(raw), .after = Script::After::close});
    RawClient client(server.port());
    client.send(get);
    CHECK(client.read_all() == raw);
    CHECK(client.at_end());
    const RecordedRequest request = server.ledger().snapshot().requests[0];
    CHECK(request.reply_complete);
    CHECK(request.reply_bytes == raw.size());
    CHECK(request.status == (raw.starts_with("HTTP/1.1 200") ? 200 : 0));
  }
}

TEST_CASE("the place reply_body of verbatim bytes begins after their header block") {
  ScriptedServer server;
  server.push(
      {.reply = Reply::verbatim("HTTP/1.1 200 OK\r\n\r\nhello"), .faults = {Fault::close(Place::reply_body, 1)}});
  RawClient client(server.port());
  client.send(get);
  CHECK(client.read_all() == "HTTP/1.1 200 OK\r\n\r\nh");
}

TEST_CASE("each framing ends its body in its own way") {
  ScriptedServer server;
  RawClient client(server.port());
  server.push({.reply = {.body = "hello", .framing = Reply::Framing::chunked, .chunk = 3}});
  client.send(get);
  CHECK(client.read_until("0\r\n\r\n") ==
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  server.push({.reply = {.headers = {{"content-length", "9"}}, .body = "hello"}});
  client.send(get);
  CHECK(client.read_until("hello") == "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello");
  server.push({.reply = {.body = "hello", .framing = Reply::Framing::untold}});
  client.send(get);
  CHECK(client.read_until("hello") == "HTTP/1.1 200 OK\r\n\r\nhello");
  server.push({.reply = {.body = "hello", .framing = Reply::Framing::until_close}});
  client.send(get);
  CHECK(client.read_all() == "HTTP/1.1 200 OK\r\n\r\nhello");
  CHECK(client.at_end());
  CHECK(connection_ends(server, Ending::closed));
}

TEST_CASE("replies that have no body get none") {
  ScriptedServer server([](const RecordedRequest&) { return Script{.reply = {.body = "hello"}}; });
  RawClient client(server.port());
  client.send("HEAD / HTTP/1.1\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  server.push({.reply = {.status = 204, .body = "hello"}});
  CHECK(client.ask(get) == "HTTP/1.1 204 No Content\r\n\r\n");
  server.push({.reply = {.status = 304, .body = "hello"}});
  client.send(get);
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  CHECK(client.ask(get).ends_with("hello"));
}

TEST_CASE("whitespace comes in front of the body at its own pace") {
  for (const bool chunked : {false, true}) {
    ScriptedServer server;
    server.push({.reply = {.body = "<a/>",
                           .framing = chunked ? Reply::Framing::chunked : Reply::Framing::length,
                           .whitespace = {.bytes = 3, .wait = milliseconds(15)}}});
    RawClient client(server.port());
    const auto before = std::chrono::steady_clock::now();
    client.send(get);
    const std::string wanted =
        chunked ? "\r\n\r\n1\r\n \r\n1\r\n \r\n1\r\n \r\n4\r\n<a/>\r\n0\r\n\r\n" : "Content-Length: 7\r\n\r\n   <a/>";
    CHECK(client.read_until(chunked ? "0\r\n\r\n" : "<a/>").ends_with(wanted));
    CHECK(milliseconds_since(before) >= 45);
    CHECK(server.ledger().faults_fired(Fault::Action::drip) == 1);
  }
}

TEST_CASE("a drip keeps its pace for as long as it was told, a delay happens once") {
  ScriptedServer server;
  server.push({.reply = {.body = std::string(100'000, 'x')},
               .faults = {Fault::drip(Place::reply_body, 2, 3, milliseconds(10), 9),
                          Fault::delay(Place::reply_body, 50'000, milliseconds(20))}});
  RawClient client(server.port());
  const auto before = std::chrono::steady_clock::now();
  CHECK(client.ask(get).size() > 100'000);
  CHECK(milliseconds_since(before) >= 50);
  CHECK(server.ledger().faults_fired() == 2);
}

TEST_CASE("uploads are read at the pace of a drip") {
  ScriptedServer server;
  server.push({.faults = {Fault::drip(Place::request_body, 0, 5, milliseconds(10))}});
  RawClient client(server.port());
  const auto before = std::chrono::steady_clock::now();
  client.ask(put(20) + std::string(20, 'u'));
  CHECK(milliseconds_since(before) >= 40);
  CHECK(server.ledger().snapshot().requests[0].body_bytes == 20);
}

TEST_CASE("a bit of the reply is flipped, and only that one") {
  ScriptedServer server;
  server.push({.reply = {.body = "aaaa"}, .faults = {Fault::flip(Place::reply_body, 2, 1)}});
  RawClient client(server.port());
  CHECK(client.ask(get).ends_with("\r\n\r\naaca"));
  CHECK(server.ledger().faults_fired(Fault::Action::flip) == 1);
}

TEST_CASE("an expectation is met, left open or answered at once") {
  ScriptedServer server;
  RawClient client(server.port());
  const std::string asking = put(3, "Expect: 100-Continue\r\n");
  server.push({});
  client.send(asking);
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.ask("abc").starts_with("HTTP/1.1 200 "));
  server.push({.interim = Script::Interim::never});
  CHECK(client.ask(asking + "abc").starts_with("HTTP/1.1 200 "));
  server.push({.reply = {.status = 417}, .faults = {Fault::reply_early(0)}});
  CHECK(client.ask(asking).starts_with("HTTP/1.1 417 "));
  server.push({.interim = Script::Interim::always});
  client.send(get);
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.read_reply().starts_with("HTTP/1.1 200 "));
  const Record record = server.ledger().snapshot();
  CHECK(record.requests[1].complete);
  CHECK_FALSE(record.requests[2].complete);  // the refused body was never sent, and the connection went on
  CHECK(record.connections.size() == 1);
}

TEST_CASE("a connection is closed or reset after its reply, when told to or asked to") {
  ScriptedServer server;
  server.push({.reply = {.body = "a"}, .after = Script::After::close});
  server.push({.reply = {.body = "b"}, .after = Script::After::reset});
  server.push({.reply = {.body = "c"}});
  RawClient first(server.port());
  first.send(get + get);  // the second is never read
  CHECK(first.read_all().ends_with("\r\n\r\na"));
  CHECK(first.at_end());
  RawClient second(server.port());
  second.send(get);
  CHECK(second.read_all().ends_with("\r\n\r\nb"));
  CHECK(second.error() == ECONNRESET);
  RawClient third(server.port());
  third.send("GET / HTTP/1.1\r\nConnection: keep-alive, Close\r\n\r\n");
  CHECK(third.read_all().ends_with("\r\n\r\nc"));
  CHECK(server.ledger().snapshot().requests.size() == 3);
}

TEST_CASE("chunked uploads are read and understood") {
  ScriptedServer server([](const RecordedRequest&) { return Script{}; });
  RawClient client(server.port());
  client.ask("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x\r\n!\r\n0\r\nT: 1\r\n\r\n");
  client.ask(get);
  const Record record = server.ledger().snapshot();
  CHECK(record.requests[0].body == "hello!");
  CHECK(record.requests[0].complete);
  CHECK(record.requests[1].method == "GET");
}

TEST_CASE("the ledger keeps no more of a body than it was told to") {
  ScriptedServer server({.body_limit = 4});
  server.push({});
  RawClient client(server.port());
  client.ask(put(10) + "0123456789");
  const RecordedRequest request = server.ledger().snapshot().requests[0];
  CHECK(request.body == "0123");
  CHECK(request.body_bytes == 10);
  CHECK(request.complete);
}

TEST_CASE("requests that are none are recorded, answered and the last of their connection") {
  for (const std::string& odd :
       {std::string("nonsense\r\n\r\n"), std::string("GET / HTTP/2.0\r\n\r\n"), std::string("GET /\r\n\r\n"),
        std::string("PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        std::string("PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        std::string("PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n")}) {
    ScriptedServer server;
    server.push({.reply = {.status = 400}});
    RawClient client(server.port());
    client.send(odd);
    CHECK(client.read_all().starts_with("HTTP/1.1 400 "));
    const RecordedRequest request = server.ledger().snapshot().requests[0];
    CHECK(request.malformed);
    CHECK(request.head == odd);
  }
}

TEST_CASE("connections end before their first request") {
  ScriptedServer server([](const RecordedRequest&) { return Script{.reply = {.body = "hello"}}; });
  server.push_connection(Fault::reset(Place::reply, 0));
  server.push_connection(Fault::close(Place::reply, 5));
  server.push_connection(Fault::stall(Place::reply, 0));
  RawClient first(server.port());
  CHECK(first.read_all().empty());
  CHECK(first.error() == ECONNRESET);
  RawClient second(server.port());
  second.send(get);
  CHECK(second.read_all().empty());
  CHECK(second.at_end());
  RawClient third(server.port());
  third.send(get);
  REQUIRE(server.ledger().wait_until([](const Record& record) { return record.faults_fired() == 3; }));
  CHECK(server.ledger().snapshot().requests.empty());
  server.release();
  CHECK(third.read_reply().ends_with("hello"));
}

TEST_CASE("a handler that throws ends the connection and not the program") {
  ScriptedServer server([](const RecordedRequest&) -> Script { throw std::runtime_error("the handler's fault"); });
  RawClient client(server.port());
  client.send(get);
  CHECK(client.read_all().empty());
  CHECK(connection_ends(server, Ending::failed));
  CHECK(server.ledger().snapshot().connections[0].note == "the handler's fault");
}

TEST_CASE("clients that leave in the middle are told apart") {
  ScriptedServer server;
  {
    RawClient client(server.port());
    client.send(put(10) + "12");
  }
  CHECK(connection_ends(server, Ending::left));
  {
    RawClient client(server.port());
    client.send("GET /");
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    REQUIRE(server.ledger().wait_until([](const Record& record) {
      return record.connections.size() == 2 && record.connections[1].bytes_received > 0;
    }));
  }
  CHECK(connection_ends(server, Ending::broken));
  const Record record = server.ledger().snapshot();
  CHECK_FALSE(record.requests[0].complete);
  CHECK(record.requests[0].body == "12");
  CHECK(record.requests.size() == 1);
}

TEST_CASE("a stopped server refuses connections, and its ledger stays") {
  ScriptedServer server;
  server.push({});
  {
    RawClient client(server.port());
    client.ask(get);
  }
  const Ledger ledger = server.ledger();
  server.stop();
  server.stop();
  CHECK_THROWS_AS(RawClient(server.port()), std::runtime_error);
  CHECK(ledger.snapshot().requests.size() == 1);
  CHECK_FALSE(ledger.wait_until([](const Record& record) { return record.requests.size() == 2; }, milliseconds(1)));
}
