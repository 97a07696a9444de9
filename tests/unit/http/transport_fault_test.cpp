#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/raw_client.h"

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::http::Request;
using docupilot::http::Response;
using docupilot::testing::Fault;
using docupilot::testing::Record;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using Place = Fault::Place;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\n";
// One by libcurl, and one over a connection that it only opened.
const std::vector<std::string> ways = {"GET", "PUT"};

Error failure(const Result<Response>& reply) {
  REQUIRE_FALSE(reply.has_value());
  return reply.error();
}

// What comes of a reply that is these bytes and then the end of the connection.
Result<Response> ask_for(const std::string& bytes, const std::string& method, bool idempotent = true) {
  ScriptedServer server;
  server.push({.reply = Reply::verbatim(bytes), .after = Script::After::close});
  auto reply = make_transport()->send({.method = method, .url = server.url("/k"), .idempotent = idempotent});
  CHECK(server.ledger().snapshot().requests.size() == 1);
  return reply;
}

}  // namespace

TEST_CASE("a reply that was cut is never a success, wherever it was cut") {
  const std::string with_length = ok + "Content-Length: 10\r\nETag: x\r\n\r\n0123456789";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n";
  for (const std::string& way : ways) {
    for (const std::string& whole : {with_length, chunked}) {
      const auto reply = ask_for(whole, way);
      REQUIRE(reply);
      CHECK(reply->body == "0123456789");
      for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(way);
        CAPTURE(whole.substr(0, length));
        // Without the last line feed the end is known all the same: the last chunk has come, and no trailer follows.
        if (whole == chunked && length + 1 == whole.size()) continue;
        const Error error = failure(ask_for(whole.substr(0, length), way));
        CHECK(error.code() == (length < ok.size() ? ErrorCode::unavailable : ErrorCode::corrupted));
        CHECK(error.hint() != "");
        CHECK(error.retryable());
      }
    }
  }
}

TEST_CASE("the same cuts, by a reset") {
  for (const std::string& way : ways) {
    for (const std::uint64_t at : {0U, 1U, 17U, 30U, 60U}) {
      CAPTURE(way);
      CAPTURE(at);
      ScriptedServer server;
      server.push({.reply = {.headers = {{"ETag", "x"}}, .body = std::string(1000, 'x')},
                   .faults = {Fault::reset(Place::reply, at)}});
      const Error error = failure(make_transport()->send({.method = way, .url = server.url("/k")}));
      CHECK(error.code() == (at < ok.size() ? ErrorCode::unavailable : ErrorCode::corrupted));
      CHECK(server.ledger().faults_fired() == 1);
    }
  }
}

TEST_CASE("replies whose end cannot be known, and what is no HTTP, are refused") {
  for (const std::string& bytes : {
           ok + "\r\nclosed at its end",
           ok + "Content-Encoding: gzip\r\n\r\nhalf a gzip",
           ok + "Content-Length: 5\r\nContent-Length: 4\r\n\r\n01234",
           ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           ok + "Content-Length: 5x\r\n\r\n01234",
           ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
           std::string("<html>HTTP/0.9</html>"),
           std::string("SSH-2.0-OpenSSH_9.2\r\n"),
           std::string("HTTP/2 200\r\nContent-Length: 0\r\n\r\n"),
           std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
           ok + std::string("X: a\0b\r\nContent-Length: 0\r\n\r\n", 29),
           ok + "no colon\r\nContent-Length: 0\r\n\r\n",
       }) {
    CAPTURE(bytes);
    for (const std::string& way : ways) CHECK(failure(ask_for(bytes, way)).code() == ErrorCode::corrupted);
    const Error unknown = failure(ask_for(bytes, "POST", false));
    CHECK(unknown.code() == ErrorCode::outcome_unknown);
    REQUIRE(unknown.cause() != nullptr);
    CHECK(unknown.cause()->code() == ErrorCode::corrupted);
  }
}

TEST_CASE("a header folded over two lines is refused, or is one line before it is looked at") {
  const std::string folded = ok + "X: a\r\n folded\r\nContent-Length: 0\r\n\r\n";
  CHECK(failure(ask_for(folded, "PUT")).code() == ErrorCode::corrupted);
  const auto reply = ask_for(folded, "GET");
  if (reply) {  // libcurl 8.22 has joined them, as RFC 9112, 5.2 allows
    CHECK(reply->headers.get("x") == "a folded");
  } else {
    CHECK(reply.error().code() == ErrorCode::corrupted);
  }
  // A length or coding that is hidden in a fold means the same to libcurl and to us.
  for (const std::string& way : ways) {
    CHECK(failure(ask_for(ok + "Transfer-Encoding:\r\n gzip\r\nContent-Length: 0\r\n\r\n", way)).code() ==
          ErrorCode::corrupted);
    CHECK(failure(ask_for(ok + "Content-Length: 5\r\n 0\r\n\r\n01234", way)).code() == ErrorCode::corrupted);
  }
}

TEST_CASE("an error that ends with the connection is told, and marked as perhaps cut") {
  for (const std::string& way : ways) {
    const auto reply = ask_for("HTTP/1.0 503 Service Unavailable\r\nServer: old\r\n\r\ncome back", way);
    REQUIRE(reply);
    CHECK(reply->status == 503);
    CHECK(reply->body == "come back");
    CHECK(reply->body_is_cut);
  }
}

TEST_CASE("interim replies before the reply are passed over") {
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  for (const std::string& way : ways) {
    const auto reply = ask_for(hints + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", way);
    REQUIRE(reply);
    CHECK(reply->status == 200);
    CHECK(reply->headers.fields().size() == 1);
    // None of them is the reply.
    CHECK(failure(ask_for(hints, way)).code() == ErrorCode::unavailable);
  }
}

TEST_CASE("headers of the reply have a limit on both sides, and so do bodies") {
  std::string way;
  SUBCASE("by libcurl") { way = "GET"; }
  SUBCASE("over a connection of its own") { way = "PUT"; }
  ScriptedServer server;
  const auto ask = [&](Reply reply, http::Limits limits) {
    server.push({.reply = std::move(reply), .after = Script::After::close});
    return make_transport()->send({.method = way, .url = server.url("/"), .limits = limits});
  };
  const std::string head = ok + "X: " + std::string(2'000, 'x') + "\r\nContent-Length: 2\r\n\r\n";
  CHECK(ask(Reply::verbatim(head + "ab"), {.header_bytes = head.size()}));
  CHECK(failure(ask(Reply::verbatim(head + "ab"), {.header_bytes = head.size() - 1})).code() == ErrorCode::too_large);
  const std::string many(300'000, 'x');
  CHECK(failure(ask(Reply::verbatim(ok + "X: " + many + "\r\nContent-Length: 0\r\n\r\n"), {})).code() ==
        ErrorCode::too_large);
  std::string endless = ok;
  for (int i = 0; i < 5'000; ++i) endless += "X-" + std::to_string(i) + ": 0123456789\r\n";
  CHECK(failure(ask(Reply::verbatim(endless), {})).code() == ErrorCode::too_large);

  const std::string body(100'000, 'b');
  for (const auto framing : {Reply::Framing::length, Reply::Framing::chunked}) {
    const auto fits = ask({.body = body, .framing = framing}, {.body_bytes = 100'000});
    REQUIRE(fits);
    CHECK(fits->body == body);
    CHECK(failure(ask({.body = body, .framing = framing}, {.body_bytes = 99'999})).code() == ErrorCode::too_large);
    CHECK(ask({.body = body, .framing = framing}, {.body_bytes = 0}));
    for (const std::uint64_t kept : {99'999U, 100'000U}) {
      const auto error = ask({.status = 500, .body = body, .framing = framing}, {.error_bytes = kept});
      REQUIRE(error);
      CHECK(error->body.size() == kept);
      CHECK(error->body_is_cut == (kept < body.size()));
      CHECK(error->bytes_received == body.size());
    }
    const auto short_of_it =
        ask({.status = 500, .body = body, .framing = framing}, {.body_bytes = 9, .error_bytes = 3});
    REQUIRE(short_of_it);
    CHECK(short_of_it->status == 500);
    CHECK(short_of_it->body == "bbb");
    CHECK(short_of_it->body_is_cut);
  }
}

TEST_CASE("a request is sent once, however its connection ends") {
  for (const bool idempotent : {true, false}) {
    for (const auto action : {Fault::Action::close, Fault::Action::reset}) {
      for (const auto& [method, body] :
           {std::pair<std::string, std::string>{"POST", ""}, {"POST", "body"}, {"PUT", ""}, {"PUT", "body"}}) {
        CAPTURE(method);
        CAPTURE(idempotent);
        ScriptedServer server;
        const auto transport = make_transport();
        const Request request{
            .method = method, .url = server.url("/"), .body = as_bytes(body), .idempotent = idempotent};
        server.push({.reply = {.body = "x"}});
        REQUIRE(transport->send(request));  // leaves a connection that libcurl would use again, and replace
        server.push({.faults = {{.action = action, .place = Place::reply, .at = 0}}});
        server.push({.reply = {.body = "must not be asked for"}});
        const Error error = failure(transport->send(request));
        CHECK(error.code() == (idempotent ? ErrorCode::unavailable : ErrorCode::outcome_unknown));
        CHECK(error.retryable() == idempotent);
        const Record record = server.ledger().snapshot();
        CHECK(record.requests.size() == 2);
        CHECK(record.connections.size() == (idempotent ? 1 : 2));
        CHECK(record.faults_fired() == 1);
        CHECK(transport->send(request));
      }
    }
  }
}

TEST_CASE("a reset at any byte of an upload is seen, and the next attempt sends all of it") {
  const std::string body(65'536, 'b');
  const auto transport = make_transport();
  for (std::uint64_t at = 0; at < body.size(); at += 4'096 + 7) {
    CAPTURE(at);
    ScriptedServer server;
    server.push({.faults = {Fault::reset(Place::request_body, at)}});
    const Request request{.method = "PUT", .url = server.url("/"), .body = as_bytes(body)};
    CHECK(failure(transport->send(request)).code() == ErrorCode::unavailable);
    server.push({.reply = {.body = "x"}});
    REQUIRE(transport->send(request));
    const Record record = server.ledger().snapshot();
    REQUIRE(record.requests.size() == 2);
    CHECK(record.requests[1].body == body);
    CHECK(record.faults_fired() == 1);
  }
}

TEST_CASE("what failed is told apart") {
  const auto transport = make_transport();
  const auto hint = [&](const std::string& url, ErrorCode code, http::TransportOptions options = {}) {
    CAPTURE(url);
    const Error error = failure(make_transport(std::move(options))->send({.url = url}));
    CHECK(error.code() == code);
    CHECK(error.operation() == "request");
    CHECK(error.target().starts_with("GET http"));
    return error.hint().substr(0, error.hint().find(';'));
  };
  std::string closed;
  {
    const ScriptedServer server;
    closed = server.url("/");
  }
  CHECK(hint(closed, ErrorCode::unavailable) == "connection: refused");
  CHECK(hint("https://name.invalid/", ErrorCode::unavailable).starts_with("name: "));
  const std::string proxy = closed.substr(0, closed.size() - 1);
  CHECK(hint("https://origin.invalid/", ErrorCode::unavailable, {.proxy = proxy}).starts_with("proxy: "));
  CHECK(hint("https://origin.invalid/", ErrorCode::unavailable, {.proxy = "http://proxy.invalid:1"})
            .starts_with("proxy: "));
  {
    ScriptedServer server;
    server.push_connection(Fault::close(Place::request_body, 0));
    CHECK(hint("https" + server.url("/").substr(4), ErrorCode::unavailable).starts_with("TLS: the handshake was cut"));
    server.push_connection(Fault::close(Place::request_body, 0));
    CHECK(hint(server.url("/"), ErrorCode::unavailable).starts_with("connection: "));
  }
}

TEST_CASE("a proxy that refuses is told apart, and its password stays with it") {
  ScriptedServer proxy;
  const auto transport = make_transport({.proxy = proxy.url(), .proxy_password = Secret("user:pass:word")});
  proxy.push({.reply = {.status = 407, .headers = {{"Proxy-Authenticate", "Basic realm=\"x\""}}}});
  Error error = failure(transport->send({.url = "https://origin.invalid/", .headers = {{"X-Own", "secret"}}}));
  CHECK(error.code() == ErrorCode::unavailable);
  CHECK(error.hint().starts_with("proxy: 407"));
  CHECK_FALSE(error.retryable());
  proxy.push({.reply = {.status = 403}});
  error = failure(transport->send({.method = "POST", .url = "https://origin.invalid/", .idempotent = false}));
  CHECK(error.code() == ErrorCode::unavailable);
  CHECK(error.hint().starts_with("proxy: it refused"));
  const Record record = proxy.ledger().snapshot();
  REQUIRE(record.requests.size() == 2);
  CHECK(record.requests[0].method == "CONNECT");
  CHECK(record.requests[0].target == "origin.invalid:443");
  CHECK(record.requests[0].header("Proxy-Authorization") == "Basic dXNlcjpwYXNzOndvcmQ=");
  CHECK(record.requests[0].header("X-Own") == "");
  ScriptedServer origin;  // this machine is never reached by way of another
  origin.push({.reply = {.body = "direct"}});
  const auto direct = transport->send({.url = origin.url("/")});
  REQUIRE(direct);
  CHECK(origin.ledger().snapshot().requests[0].header("Proxy-Authorization") == "");
  CHECK(proxy.ledger().snapshot().requests.size() == 2);
}

TEST_CASE("a service of the host is asked past the proxy, and the next request through it again") {
  ScriptedServer proxy;
  const auto transport = make_transport({.proxy = proxy.url()});
  http::Request request{.url = "http://service.invalid/", .host_service = true};
  const auto past = transport->send(request);
  REQUIRE_FALSE(past.has_value());
  CHECK_FALSE(past.error().hint().starts_with("proxy: "));
  CHECK(proxy.ledger().snapshot().connections.empty());
  proxy.push({.reply = {.status = 403}});
  const auto through = transport->send({.url = "https://service.invalid/"});
  REQUIRE_FALSE(through.has_value());
  CHECK(through.error().hint().starts_with("proxy: "));
}

TEST_CASE("the environment does not choose a proxy") {
  ScriptedServer proxy;
  const std::string url = proxy.url();
  ::setenv("http_proxy", url.c_str(), 1);
  ::setenv("https_proxy", url.c_str(), 1);
  ::setenv("ALL_PROXY", url.c_str(), 1);
  const auto reply = make_transport()->send({.url = "https://origin.invalid/"});
  ::unsetenv("http_proxy");
  ::unsetenv("https_proxy");
  ::unsetenv("ALL_PROXY");
  CHECK(failure(reply).hint().starts_with("name: "));
  CHECK(proxy.ledger().snapshot().connections.empty());
}
