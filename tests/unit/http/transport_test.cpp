#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::http::Request;
using docupilot::testing::Fault;
using docupilot::testing::Record;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;

TEST_CASE("a request goes out as it is written, and nothing is added to it") {
  ScriptedServer server;
  server.push(
      {.reply = {.status = 200, .headers = {{"ETag", "\"e\""}, {"X-Two", "1"}, {"X-Two", "2"}}, .body = "hello"}});
  server.push({});
  server.push({});
  const auto transport = make_transport({.user_agent = "tester/1"});
  const std::string target = "/a/../b//c/./%2e%2E/x%20y?q=%2F&r=a+b";
  const auto reply = transport->send({.url = server.url(target), .headers = {{"X-Empty", ""}, {"x-Case", "Value"}}});
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(reply->headers.get("etag") == "\"e\"");
  CHECK(reply->headers.fields().size() == 4);
  CHECK(reply->body == "hello");
  CHECK_FALSE(reply->body_is_cut);
  CHECK(reply->bytes_received == 5);
  CHECK(reply->bytes_sent == 0);
  CHECK_FALSE(reply->connection_was_reused);
  CHECK(reply->elapsed > Duration());
  const Record record = server.ledger().snapshot();
  REQUIRE(record.requests.size() == 1);
  CHECK(record.requests[0].head == "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                                       "\r\nUser-Agent: tester/1\r\nX-Empty:\r\nx-Case: Value\r\n\r\n");
  // Neither stays behind for the next request.
  CHECK(transport->send({.url = server.url("/next")}));
  CHECK(transport->send({.url = server.url("?a=%2f")}));
  const Record after = server.ledger().snapshot();
  REQUIRE(after.requests.size() == 3);
  CHECK(after.requests[1].target == "/next");
  CHECK(after.requests[2].target == "/?a=%2f");
}

TEST_CASE("bodies go out whole, with their length and nothing else") {
  ScriptedServer server([](const auto& request) { return Script{.reply = {.body = request.method}}; });
  const auto transport = make_transport();
  const std::string large(300'000, 'x');
  struct Case {
    std::string method, body;
  };
  const std::vector<Case> cases = {{"PUT", ""},    {"PUT", "abc"},    {"POST", ""},     {"POST", "abc"},
                                   {"DELETE", ""}, {"DELETE", "abc"}, {"GET", ""},      {"PATCH", "abc"},
                                   {"PUT", large}, {"POST", large},   {"QUERY", "abc"}, {"POST", "abc"},
                                   {"PUT", ""}};
  for (const Case& one : cases) {
    CAPTURE(one.method);
    const auto reply = transport->send({.method = one.method, .url = server.url("/k"), .body = as_bytes(one.body)});
    REQUIRE(reply);
    CHECK(reply->body == one.method);
    CHECK(reply->bytes_sent == one.body.size());
    const auto request = server.ledger().snapshot().requests.back();
    CHECK(request.method == one.method);
    CHECK(request.complete);
    CHECK(request.body == one.body);
    CHECK(request.header("Content-Type") == "");
    CHECK(request.header("Expect") == "");
    CHECK(request.header("Accept") == "");
    CHECK(request.header("Accept-Encoding") == "");
    CHECK(request.header("Transfer-Encoding") == "");
    const bool tells_length = !one.body.empty() || one.method == "PUT" || one.method == "POST";
    CHECK(request.header("Content-Length") == (tells_length ? std::to_string(one.body.size()) : ""));
  }
  CHECK(server.ledger().snapshot().connections.size() == 2);  // uploads have their own
}

TEST_CASE("replies without a body are whole without a length") {
  ScriptedServer server;
  const auto transport = make_transport();
  server.push({.reply = {.headers = {{"Content-Length", "12345"}}}});
  auto head = transport->send({.method = "HEAD", .url = server.url("/k")});
  REQUIRE(head);
  CHECK(head->headers.get("Content-Length") == "12345");
  CHECK(head->body == "");
  server.push({.reply = {.status = 204}});
  auto removed = transport->send({.method = "DELETE", .url = server.url("/k")});
  REQUIRE(removed);
  CHECK(removed->status == 204);
  CHECK(removed->connection_was_reused);
  server.push({.reply = {.status = 304, .headers = {{"ETag", "x"}}}});
  auto same = transport->send({.url = server.url("/k")});
  REQUIRE(same);
  CHECK(same->status == 304);
}

TEST_CASE("redirects, compressed bodies and cookies are left to the caller") {
  ScriptedServer server;
  const auto transport = make_transport();
  server.push({.reply = {.status = 307, .headers = {{"Location", server.url("/other")}, {"Set-Cookie", "a=b"}}}});
  auto moved = transport->send({.method = "PUT", .url = server.url("/k"), .body = as_bytes("abc")});
  REQUIRE(moved);
  CHECK(moved->status == 307);
  CHECK(moved->headers.get("location") == server.url("/other"));
  server.push({.reply = {.headers = {{"Content-Encoding", "gzip"}}, .body = "not unpacked"}});
  auto packed = transport->send({.url = server.url("/k")});
  REQUIRE(packed);
  CHECK(packed->body == "not unpacked");
  const Record record = server.ledger().snapshot();
  CHECK(record.requests.size() == 2);
  CHECK(record.requests[1].header("Cookie") == "");
}

TEST_CASE("100 Continue is waited for when asked, and a refusal saves the body") {
  ScriptedServer server;
  const auto transport = make_transport();
  const std::string body(200'000, 'b');
  const Request request{.method = "PUT", .url = server.url("/k"), .body = as_bytes(body), .expect_continue = true};
  server.push({.reply = {.status = 200, .body = "ok"}});
  REQUIRE(transport->send(request));
  CHECK(server.ledger().snapshot().requests[0].header("Expect") == "100-continue");
  CHECK(server.ledger().snapshot().requests[0].body == body);
  server.push({.reply = {.status = 403, .body = "no"},
               .faults = {Fault::reply_early(0)},
               .after = Script::After::close,
               .interim = Script::Interim::never});
  const auto refused = transport->send(request);
  REQUIRE(refused);
  CHECK(refused->status == 403);
  CHECK(refused->body == "no");
  CHECK(refused->bytes_sent == 0);
  server.push({.reply = {.status = 417, .body = ""},
               .faults = {Fault::reply_early(0)},
               .after = Script::After::close,
               .interim = Script::Interim::never});
  const auto unexpected = transport->send(request);  // libcurl alone would send it once more
  REQUIRE(unexpected);
  CHECK(unexpected->status == 417);
  CHECK(server.ledger().snapshot().requests.size() == 3);
}

TEST_CASE("an early refusal is seen while the body is still being sent") {
  ScriptedServer server;
  const auto transport = make_transport();
  const std::string body(8U << 20U, 'b');
  server.push({.reply = {.status = 503, .body = "slow down"},
               .faults = {Fault::reply_early(100'000)},
               .after = Script::After::close});
  const auto reply = transport->send({.method = "PUT", .url = server.url("/k"), .body = as_bytes(body)});
  REQUIRE(reply);
  CHECK(reply->status == 503);
  CHECK(reply->body == "slow down");
  CHECK(server.ledger().faults_fired() == 1);
}

TEST_CASE("identities and idempotency decide about connections") {
  std::string method;
  SUBCASE("by libcurl") { method = "POST"; }
  SUBCASE("over connections of their own") { method = "PUT"; }
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
  const auto transport = make_transport();
  const auto ask = [&](const std::string& identity, bool idempotent) {
    const auto reply =
        transport->send({.method = method, .url = server.url("/"), .idempotent = idempotent, .identity = identity});
    REQUIRE(reply);
    const auto requests = server.ledger().snapshot().requests;
    CHECK(reply->connection_was_reused == (std::count_if(requests.begin(), requests.end(), [&](const auto& r) {
                                             return r.connection == requests.back().connection;
                                           }) > 1));
    return requests.back().connection;
  };
  const auto first = ask("tenant-a", true);
  CHECK(ask("tenant-a", true) == first);
  const auto second = ask("tenant-b", true);
  CHECK(second != first);
  CHECK(ask("tenant-a", true) == first);
  CHECK(ask("tenant-b", true) == second);
  const auto fresh = ask("tenant-a", false);
  CHECK(fresh != first);
  CHECK(fresh != second);
  CHECK(ask("tenant-a", false) > fresh);
}

TEST_CASE("an idle connection is closed after its time") {
  std::string method;
  SUBCASE("of libcurl") { method = "GET"; }
  SUBCASE("of an upload") { method = "PUT"; }
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = "x"}}; });
  const auto transport = make_transport({.idle_connection = Duration::milliseconds(30)});
  REQUIRE(transport->send({.method = method, .url = server.url("/")}));
  CHECK(server.ledger().wait_until([](const Record& record) {
    return record.connections[0].ending == docupilot::testing::RecordedConnection::Ending::left;
  }));
  const auto never_kept = make_transport({.idle_connection = Duration()});
  REQUIRE(never_kept->send({.method = method, .url = server.url("/")}));
  const auto again = never_kept->send({.method = method, .url = server.url("/")});
  REQUIRE(again);
  CHECK_FALSE(again->connection_was_reused);
}

TEST_CASE("options and requests that cannot work are refused before anything is opened") {
  ScriptedServer server;
  const auto code = [&](http::TransportOptions options, Request request) {
    const auto reply = make_transport(std::move(options))->send(request);
    REQUIRE_FALSE(reply.has_value());
    return reply.error().code();
  };
  const Request fine{.url = server.url("/")};
  CHECK(code({.threads = 0}, fine) == ErrorCode::invalid_argument);
  CHECK(code({.threads = 65}, fine) == ErrorCode::invalid_argument);
  CHECK(code({.connections = 0}, fine) == ErrorCode::invalid_argument);
  CHECK(code({.user_agent = "a\r\nb"}, fine) == ErrorCode::invalid_argument);
  CHECK(code({.proxy = "socks5://127.0.0.1:1"}, fine) == ErrorCode::invalid_argument);
  CHECK(code({.proxy = "http://user:password@127.0.0.1:1"}, fine) == ErrorCode::invalid_argument);
  CHECK(code({.no_proxy = {"a,b"}}, fine) == ErrorCode::invalid_argument);
  CHECK(code({}, {.url = server.url("/"), .headers = {{"X", "a\r\nY: b"}}}) == ErrorCode::invalid_argument);
  CHECK(code({}, {.url = "http://example.com/"}) == ErrorCode::invalid_argument);
  CHECK(code({}, {.url = "file:///etc/passwd"}) == ErrorCode::invalid_argument);
  CHECK(server.ledger().snapshot().connections.empty());
}

TEST_CASE("a start that cannot be sent is told by its callback, once") {
  const auto transport = make_transport();
  MemoryReader reader(as_bytes("x"));
  for (Request request :
       {Request{.url = "no url"}, Request{.method = "PUT", .url = "https://host/", .reader = &reader, .length = 1}}) {
    std::mutex mutex;
    std::condition_variable changed;
    int calls = 0;
    std::optional<ErrorCode> code;
    transport->start(std::move(request), [&](Result<http::Response> result) {
      const std::lock_guard lock(mutex);
      ++calls;
      code = result ? ErrorCode::internal : result.error().code();
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return calls > 0; });
    CHECK(calls == 1);
    CHECK(code == ErrorCode::invalid_argument);
  }
}
