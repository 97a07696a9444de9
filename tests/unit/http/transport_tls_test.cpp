#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::http::Response;
using docupilot::http::TlsOptions;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot::testing::ServerTls;
using docupilot::testing::TestAuthority;
using Kind = TestAuthority::Kind;

namespace {

Script answer(const docupilot::testing::RecordedRequest& /*request*/) { return {.reply = {.body = "secret"}}; }

Result<Response> ask(const ServerTls& tls, const TlsOptions& options, std::size_t* requests = nullptr) {
  ScriptedServer server(answer, {.tls = tls});
  auto reply = make_transport({.tls = options})->send({.url = server.url("/k")});
  if (requests != nullptr) *requests = server.ledger().snapshot().requests.size();
  return reply;
}

}  // namespace

TEST_CASE("a server is trusted by the root that was given, and by no other") {
  const TestAuthority authority;
  const TlsOptions trusting{.ca_file = authority.root_file()};
  for (const Kind kind : {Kind::good, Kind::through_intermediate}) {
    const auto reply = ask(authority.server(kind), trusting);
    REQUIRE(reply);
    CHECK(reply->body == "secret");
  }
  std::size_t requests = 1;
  const auto by_system = ask(authority.server(), {}, &requests);
  REQUIRE_FALSE(by_system.has_value());
  CHECK(by_system.error().code() == ErrorCode::permission_denied);
  CHECK(requests == 0);
  const TestAuthority other;
  const auto by_other = ask(authority.server(), {.ca_file = other.root_file()}, &requests);
  REQUIRE_FALSE(by_other.has_value());
  CHECK(by_other.error().code() == ErrorCode::permission_denied);
  CHECK(requests == 0);
}

TEST_CASE("bad certificates are refused before a byte of the request is sent, and told apart") {
  const TestAuthority authority;
  struct Case {
    Kind kind;
    std::string hint;
  };
  const std::vector<Case> cases = {{Kind::missing_intermediate, "TLS: unknown root"},
                                   {Kind::wrong_host, "TLS: wrong host"},
                                   {Kind::expired, "TLS: expired"},
                                   {Kind::not_yet_valid, "TLS: not yet valid"},
                                   {Kind::self_signed, "TLS: unknown root"},
                                   {Kind::unknown_root, "TLS: "},
                                   {Kind::wrong_purpose, "TLS: wrong purpose"},
                                   {Kind::issued_by_leaf, "TLS: "},
                                   {Kind::weak_key, "TLS: too weak"}};
  for (const Case& one : cases) {
    CAPTURE(one.hint);
    std::size_t requests = 1;
    const auto reply = ask(authority.server(one.kind), {.ca_file = authority.root_file()}, &requests);
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code() == ErrorCode::permission_denied);
    CHECK_FALSE(reply.error().retryable());
    CHECK(reply.error().hint().substr(0, one.hint.size()) == one.hint);
    CHECK(requests == 0);
    CHECK(ask(authority.server(one.kind), {.insecure_accept_any_certificate = true}));
  }
}

TEST_CASE("TLS before 1.2 and weak ciphers are refused") {
  const TestAuthority authority;
  for (const auto version : {ServerTls::Version::tls1_0, ServerTls::Version::tls1_1}) {
    ServerTls tls = authority.server();
    tls.oldest = tls.newest = version;
    std::size_t requests = 1;
    const auto reply = ask(tls, {.ca_file = authority.root_file()}, &requests);
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code() == ErrorCode::unavailable);
    CHECK_FALSE(reply.error().retryable());
    CHECK(reply.error().hint().starts_with("TLS: no version or cipher in common"));
    CHECK(requests == 0);
  }
  ServerTls only_1_2 = authority.server();
  only_1_2.newest = ServerTls::Version::tls1_2;
  CHECK(ask(only_1_2, {.ca_file = authority.root_file()}));
  ServerTls only_1_3 = authority.server();
  only_1_3.oldest = ServerTls::Version::tls1_3;
  CHECK(ask(only_1_3, {.ca_file = authority.root_file()}));
}

TEST_CASE("a client's certificate is shown when one is given") {
  const TestAuthority authority;
  ServerTls tls = authority.server();
  tls.client_root_pem = authority.root_pem();
  const auto certificate = authority.issue(Kind::wrong_purpose);  // one for clients
  const TlsOptions known{.ca_file = authority.root_file(),
                         .client_certificate = authority.write_file("client.pem", certificate.certificate_pem),
                         .client_key = authority.write_file("client.key", certificate.key_pem)};
  CHECK(ask(tls, known));
  TlsOptions in_one = known;
  in_one.client_certificate = authority.write_file("both.pem", certificate.certificate_pem + certificate.key_pem);
  in_one.client_key.clear();
  CHECK(ask(tls, in_one));
  std::size_t requests = 1;
  CHECK_FALSE(ask(tls, {.ca_file = authority.root_file()}, &requests).has_value());
  CHECK(requests == 0);
}

TEST_CASE("files of TLS that are not there or no PEM are the caller's to mend") {
  const TestAuthority authority;
  for (const TlsOptions& options :
       {TlsOptions{.ca_file = authority.root_file() + ".none"},
        TlsOptions{.ca_file = authority.write_file("rubbish.pem", "rubbish")},
        TlsOptions{.ca_file = authority.root_file(), .client_certificate = authority.root_file() + ".none"}}) {
    const auto reply = ask(authority.server(), options);
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code() == ErrorCode::invalid_argument);
    CHECK(reply.error().hint().starts_with("TLS: "));
  }
}

TEST_CASE("switching the checks off is logged") {
  std::vector<std::string> lines;
  Hooks hooks{.log = [&](const LogRecord& record) {
    CHECK(record.level == LogLevel::warning);
    lines.emplace_back(record.message);
  }};
  static_cast<void>(make_transport({.hooks = hooks}));
  CHECK(lines.empty());
  static_cast<void>(make_transport({.tls = {.insecure_accept_any_certificate = true}, .hooks = hooks}));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("insecure_accept_any_certificate") != std::string::npos);
}

TEST_CASE("a large body goes both ways over TLS") {
  const TestAuthority authority;
  ScriptedServer server({.tls = authority.server(), .body_limit = 16U << 20U});
  const std::string text(3'000'000, 't');
  const auto transport = make_transport({.tls = {.ca_file = authority.root_file()}});
  for (int i = 0; i < 3; ++i) {
    server.push({.reply = {.body = text}});
    const auto reply = transport->send({.method = "PUT", .url = server.url("/k"), .body = as_bytes(text)});
    REQUIRE(reply);
    CHECK(reply->body == text);
    CHECK(reply->connection_was_reused == (i > 0));
    CHECK(server.ledger().snapshot().requests.back().body == text);
  }
}
