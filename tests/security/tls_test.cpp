#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>
#include <sched.h>
#include <sys/mount.h>

#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/child_process.h"
#include "support/temp_dir.h"

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::http::TlsOptions;
using docupilot::testing::Record;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot::testing::ServerTls;
using docupilot::testing::TestAuthority;
using docupilot_test::ChildProcess;
using docupilot_test::TempDir;
using Kind = TestAuthority::Kind;

namespace {

ServerTls tls_of(const TestAuthority::Certificate& certificate) {
  return {.certificate_pem = certificate.certificate_pem, .key_pem = certificate.key_pem};
}

Script answer(const docupilot::testing::RecordedRequest& /*request*/) { return {.reply = {.body = "x"}}; }

/// What a request with a secret in it comes to. The server is asked by `host`.
struct Outcome {
  Result<http::Response> reply;
  Record record;
};

Outcome ask(const ServerTls& tls, const TlsOptions& options, const std::string& host) {
  ScriptedServer server(answer, {.tls = tls});
  auto reply = make_transport({.tls = options})
                   ->send({.url = "https://" + host + ":" + std::to_string(server.port()) + "/k",
                           .headers = {{"Authorization", "canary"}}});
  server.stop();
  return {std::move(reply), server.ledger().snapshot()};
}

}  // namespace

TEST_CASE("rule 1: fourteen bad certificates and protocols are refused, and not a byte of the request is sent") {
  const TestAuthority authority;
  const auto plain = [&](Kind kind) { return authority.server(kind); };
  const auto named = [&](const std::vector<std::string>& names) { return tls_of(authority.issue(Kind::good, names)); };
  const auto version = [&](ServerTls::Version only) {
    ServerTls tls = authority.server();
    tls.oldest = tls.newest = only;
    return tls;
  };
  const auto revoked = authority.issue();
  const std::string list = authority.write_file("revoked.pem", authority.revocation_list({revoked}));
  const std::string here = "127.0.0.1";
  struct Case {
    std::string name;
    ServerTls tls;
    std::string host = "127.0.0.1";
    std::string revoked_file = {};
    bool of_certificate = true;
  };
  const std::vector<Case> cases = {
      {"expired", plain(Kind::expired)},
      {"not yet valid", plain(Kind::not_yet_valid)},
      {"another host", plain(Kind::wrong_host)},
      {"a wildcard of another level", named({"*.b.localhost"}), "x.a.b.localhost"},
      {"a wildcard in the middle", named({"a.*.localhost"}), "a.b.localhost"},
      {"a name for a number", named({"localhost"}), here},
      {"a number for a name", named({here}), "localhost"},
      {"signed by itself", plain(Kind::self_signed)},
      {"an unknown root", plain(Kind::unknown_root)},
      {"an incomplete chain", plain(Kind::missing_intermediate)},
      {"signed by who may not", plain(Kind::issued_by_leaf)},
      {"another purpose", plain(Kind::wrong_purpose)},
      {"revoked", tls_of(revoked), here, list},
      {"SHA-1", plain(Kind::weak_signature)},
      {"a key of 1,024 bits", plain(Kind::weak_key)},
      {"TLS 1.0", version(ServerTls::Version::tls1_0), here, {}, false},
      {"TLS 1.1", version(ServerTls::Version::tls1_1), here, {}, false},
  };
  CHECK(cases.size() >= 14);
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const Outcome refused =
        ask(one.tls, {.ca_file = authority.root_file(), .revoked_file = one.revoked_file}, one.host);
    REQUIRE_FALSE(refused.reply.has_value());
    const Error& error = refused.reply.error();
    CHECK(error.code() == (one.of_certificate ? ErrorCode::permission_denied : ErrorCode::unavailable));
    CHECK_FALSE(error.retryable());
    CHECK(error.hint().starts_with("TLS: "));
    CHECK(refused.record.requests.empty());
    REQUIRE(refused.record.connections.size() == 1);  // it came to a handshake, and not further
    CHECK(refused.record.connections[0].bytes_received == 0);
  }
  // The same servers would be taken otherwise: the refusals have the reasons that were meant.
  CHECK(ask(named({"*.b.localhost"}), {.ca_file = authority.root_file()}, "a.b.localhost").reply);
  CHECK(ask(named({"localhost"}), {.ca_file = authority.root_file()}, "localhost").reply);
  CHECK(ask(named({here}), {.ca_file = authority.root_file()}, here).reply);
  CHECK(ask(tls_of(revoked), {.ca_file = authority.root_file()}, here).reply);
  CHECK(ask(plain(Kind::good), {.ca_file = authority.root_file(), .revoked_file = list}, here).reply);
  CHECK(ask(plain(Kind::weak_signature), {.insecure_accept_any_certificate = true}, here).reply.has_value());
}

TEST_CASE("rule 1: a list of revoked certificates that is not there or none is the caller's to mend") {
  const TestAuthority authority;
  for (const std::string& file : {authority.root_file() + ".none", authority.write_file("rubbish.pem", "rubbish")}) {
    const Outcome failed =
        ask(authority.server(), {.ca_file = authority.root_file(), .revoked_file = file}, "127.0.0.1");
    REQUIRE_FALSE(failed.reply.has_value());
    CHECK(failed.reply.error().code() == ErrorCode::invalid_argument);
    CHECK(failed.record.requests.empty());
  }
}

TEST_CASE("rule 1: an authority of one's own takes the place of the system's") {
  const TestAuthority of_system;
  const TestAuthority own;
  const TempDir dir;
  dir.write("certs/ca-certificates.crt", of_system.root_pem());
  ScriptedServer server(answer, {.tls = of_system.server()});
  const std::string url = server.url("/k");
  // In a name space of its own, where the system's certificates can be replaced.
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWNS) != 0) return tell("SKIPPED");
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (::mount((dir / "certs").c_str(), "/etc/ssl/certs", nullptr, MS_BIND, nullptr) != 0) return tell("SKIPPED");
    if (!make_transport()->send({.url = url})) return tell("SKIPPED");  // this libcurl keeps them elsewhere
    const auto refused = make_transport({.tls = {.ca_file = own.root_file()}})->send({.url = url});
    if (refused) return tell("the system's authority is trusted as well");
    tell(refused.error().code() == ErrorCode::permission_denied ? "good" : refused.error().to_string());
  });
  const std::string outcome = child.finish();
  if (outcome == "SKIPPED") MESSAGE("SKIPPED: system-certificates (they cannot be replaced here)");
  else CHECK(outcome == "good");
}
