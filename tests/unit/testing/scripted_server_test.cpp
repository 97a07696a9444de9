#include <docupilot/testing/scripted_server.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/raw_client.h"

using namespace docupilot::testing;
using docupilot_test::RawClient;
using Place = Fault::Place;
using Ending = RecordedConnection::Ending;

namespace {

std::string put(std::size_t bytes, const std::string& more = "") {
  return "PUT /key HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(bytes) + "\r\n" + more + "\r\n";
}

const std::string get = "GET /a%2Fb?x=1 HTTP/1.1\r\nHost: x\r\n\r\n";

Record ended(const ScriptedServer& server, std::size_t connection = 0) {
  CHECK(server.ledger().wait_until([&](const Record& record) {
    return record.connections.size() > connection && record.connections[connection].ending != Ending::open;
  }));
  return server.ledger().snapshot();
}

}  // namespace

TEST_CASE("a canned reply goes out, and the ledger has the request as it came") {
  ScriptedServer server;
  server.push({.reply = {.status = 201, .headers = {{"ETag", "\"x\""}}, .body = "hello"}});
  RawClient client(server.port());
  const std::string reply = client.ask(
      "POST /a%2Fb?x=1 HTTP/1.1\r\nhOsT: there\r\nX-Two:  a \r\nX-Two: b\r\n"
      "Content-Length: 3\r\n\r\nabc");
  CHECK(reply == "HTTP/1.1 201 Created\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\nhello");
  const Record record = server.ledger().snapshot();
  REQUIRE(record.requests.size() == 1);
  const RecordedRequest& request = record.requests[0];
  CHECK(request.method == "POST");
  CHECK(request.target == "/a%2Fb?x=1");
  CHECK(request.version == "HTTP/1.1");
  CHECK(request.headers ==
        std::vector<Field>{{"hOsT", "there"}, {"X-Two", "a"}, {"X-Two", "b"}, {"Content-Length", "3"}});
  CHECK(request.head.ends_with("X-Two:  a \r\nX-Two: b\r\nContent-Length: 3\r\n\r\n"));
  CHECK(request.header("host") == "there");
  CHECK(request.header("none") == "");
  CHECK(request.body == "abc");
  CHECK(request.complete);
  CHECK(request.scripted);
  CHECK_FALSE(request.malformed);
  CHECK(record.connections[0].bytes_received == request.head.size() + 3);
  CHECK(record.connections[0].bytes_sent == reply.size());
  CHECK(record.faults_fired() == 0);
}

TEST_CASE("requests share a connection, and scripts are used in their order, then the handler") {
  ScriptedServer server([](const RecordedRequest& request) {
    return Script{.reply = {.body = "handled " + std::to_string(request.number)}};
  });
  server.push({.reply = {.body = "first"}});
  RawClient client(server.port());
  CHECK(client.ask(get).ends_with("\r\n\r\nfirst"));
  CHECK(client.ask(get).ends_with("\r\n\r\nhandled 1"));
  server.handle(nullptr);
  CHECK(client.ask(get).starts_with("HTTP/1.1 500 "));
  const Record record = server.ledger().snapshot();
  CHECK(record.connections.size() == 1);
  CHECK(record.connections[0].requests == 3);
  CHECK(record.requests[1].scripted);
  CHECK_FALSE(record.requests[2].scripted);
}

TEST_CASE("a reply can be made from the whole request") {
  ScriptedServer server;
  server.push({.respond = [](const RecordedRequest& request) { return Reply{.body = request.body + request.body}; }});
  RawClient client(server.port());
  CHECK(client.ask(put(3) + "abc").ends_with("\r\n\r\nabcabc"));
}

TEST_CASE("a reset at byte k of the reply's body delivers k bytes and then RST") {
  for (const std::size_t k : {0U, 1U, 99U, 100U}) {
    ScriptedServer server;
    server.push({.reply = {.body = std::string(100, 'b')}, .faults = {Fault::reset(Place::reply_body, k)}});
    RawClient client(server.port());
    client.send(get);
    client.read_until("\r\n\r\n");
    CHECK(client.read_bytes(1000) == std::string(k, 'b'));
    CHECK(client.error() == ECONNRESET);
    const Record record = ended(server);
    CHECK(record.connections[0].ending == Ending::reset);
    CHECK(record.faults_fired(Fault::Action::reset) == 1);
    CHECK(record.requests[0].reply_complete == (k == 100));
  }
}

TEST_CASE("a FIN at byte k of the reply is an end without an error") {
  ScriptedServer server;
  server.push({.reply = {.body = "hello"}, .faults = {Fault::close(Place::reply, 17)}});
  RawClient client(server.port());
  client.send(get);
  CHECK(client.read_all() == "HTTP/1.1 200 OK\r\n");
  CHECK(client.at_end());
  CHECK(ended(server).connections[0].ending == Ending::closed);
}

TEST_CASE("a fault whose byte is never reached does not act") {
  ScriptedServer server;
  server.push(
      {.reply = {.body = "hello"}, .faults = {Fault::flip(Place::reply_body, 5), Fault::reset(Place::reply_body, 6)}});
  RawClient client(server.port());
  CHECK(client.ask(get).ends_with("\r\n\r\nhello"));
  CHECK(server.ledger().faults_fired() == 0);
}

TEST_CASE("a reset at byte k of an upload comes when k bytes were read") {
  for (const std::size_t k : {0U, 1U, 70'000U, 100'000U}) {
    ScriptedServer server;
    server.push({.faults = {Fault::reset(Place::request_body, k)}});
    RawClient client(server.port());
    client.send(put(100'000) + std::string(100'000, 'u'));
    client.read_all();
    CHECK(client.error() == ECONNRESET);
    const Record record = ended(server);
    CHECK(record.requests[0].body_bytes == k);
    CHECK(record.requests[0].complete == (k == 100'000));
    CHECK(record.requests[0].status == 0);
    CHECK(record.faults_fired() == 1);
  }
}

TEST_CASE("a stall lasts until it is released") {
  ScriptedServer server;
  server.push({.reply = {.body = "hello"}, .faults = {Fault::stall(Place::reply_body, 2)}});
  RawClient client(server.port());
  client.send(get);
  client.read_until("\r\n\r\n");
  CHECK(client.read_bytes(2) == "he");
  REQUIRE(server.ledger().wait_until([](const Record& record) { return record.faults_fired() == 1; }));
  CHECK(server.ledger().snapshot().requests[0].reply_complete == false);
  server.release();
  CHECK(client.read_bytes(3) == "llo");
}

TEST_CASE("a stalled connection notices that its client has left") {
  ScriptedServer server;
  server.push({.faults = {Fault::stall(Place::request_body, 0)}});
  RawClient client(server.port());
  client.send(put(10));
  REQUIRE(server.ledger().wait_until([](const Record& record) { return record.faults_fired() == 1; }));
  client.close();
  CHECK(ended(server).connections[0].ending == Ending::left);
}

TEST_CASE("early replies come before the rest of the body, which is read afterwards") {
  ScriptedServer server;
  server.push({.reply = {.status = 503}, .faults = {Fault::reply_early(4)}});
  server.push({});
  RawClient client(server.port());
  client.send(put(10) + "1234");
  CHECK(client.read_reply().starts_with("HTTP/1.1 503 "));
  CHECK(server.ledger().snapshot().requests[0].body == "1234");
  client.send("567890");
  CHECK(client.ask(get).starts_with("HTTP/1.1 200 "));
  CHECK(server.ledger().snapshot().requests[0].body == "1234567890");
}

TEST_CASE("the server ends within 250 ms whatever its connections do") {
  auto server = std::make_unique<ScriptedServer>();
  std::vector<std::unique_ptr<RawClient>> clients;
  const auto open = [&](const std::string& bytes) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->send(bytes);
    const std::size_t count = clients.size();
    REQUIRE(server->ledger().wait_until(
        [&](const Record& record) { return record.connections.size() == count && record.requests.size() == count; }));
  };
  for (const Fault& fault :
       {Fault::stall(Place::request_body, 0), Fault::delay(Place::reply, 0, std::chrono::hours(1)),
        Fault::drip(Place::reply_body, 0, 1, std::chrono::hours(1)), Fault::close(Place::reply, 0)}) {
    server->push({.reply = {.body = std::string(100, 'x')}, .faults = {fault}});
    open(put(0));
  }
  server->push({.reply = {.body = std::string(64U << 20U, 'x')}});  // nobody reads it
  open(get);
  server->push({});
  open(put(10));  // its body never comes; and one more connection that says nothing
  clients.push_back(std::make_unique<RawClient>(server->port()));
  const Ledger ledger = server->ledger();
  const auto before = std::chrono::steady_clock::now();
  server.reset();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::milliseconds(250));
  const Record record = ledger.snapshot();
  CHECK(record.faults_fired() == 4);
  CHECK_FALSE(record.requests[4].reply_complete);
  CHECK_FALSE(record.requests[5].complete);
}
