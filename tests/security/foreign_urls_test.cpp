#include <arpa/inet.h>
#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>
#include <netinet/in.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "http/url_rules.h"
#include "network_seam.h"

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::http::Request;
using docupilot::http::UrlRules;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot::testing::TestAuthority;
using docupilot_test::NetworkSeam;
using docupilot_test::SeamGuard;

namespace {

const std::string somewhere = "93.184.215.14";  // public; the seam leads it to this machine

bool is_public(const std::string& text) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    return http::is_public_address(reinterpret_cast<const sockaddr&>(v4));
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  REQUIRE(::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1);
  return http::is_public_address(reinterpret_cast<const sockaddr&>(v6));
}

/// A server with a certificate for these names, and a transport that trusts it.
struct Site {
  SeamGuard seam;
  TestAuthority authority;
  ScriptedServer server;
  std::unique_ptr<http::Transport> transport;

  explicit Site(const std::vector<std::string>& names)
      : server([](const auto&) { return Script{.reply = {.body = "kept"}}; }, {.tls = tls(names)}),
        transport(make_transport({.idle_connection = Duration(), .tls = {.ca_file = authority.root_file()}})) {}

  [[nodiscard]] docupilot::testing::ServerTls tls(const std::vector<std::string>& names) const {
    auto made = authority.issue(TestAuthority::Kind::good, names);
    return {.certificate_pem = std::move(made.certificate_pem), .key_pem = std::move(made.key_pem)};
  }
  /// Asks for the URL as one that somebody else gave.
  Result<http::Response> ask(const std::string& host, UrlRules rules, std::string identity = {}) {
    rules.ports = {server.port()};
    return transport->send({.url = "https://" + host + ":" + std::to_string(server.port()) + "/k?sig=canary",
                            .url_rules = std::move(rules),
                            .identity = std::move(identity)});
  }
  [[nodiscard]] std::size_t requests() const { return server.ledger().snapshot().requests.size(); }
};

}  // namespace

TEST_CASE("rule 7: a URL from outside goes to the hosts and ports that were named, over TLS, and nowhere else") {
  const UrlRules rules{.hosts = {"files.example.com", ".storage.example"}};
  const auto verdict = [&](const std::string& url) -> std::string {
    const auto guarded = http::guard_url(url, true);
    if (!guarded) return "no URL";
    return http::check_url_rules(*guarded, rules) ? "fine" : "refused";
  };
  for (const std::string good : {"https://files.example.com/k?X-Amz-Signature=0", "https://FILES.example.com:443/",
                                 "https://a.storage.example/", "https://a.b.storage.example/k"}) {
    CAPTURE(good);
    CHECK(verdict(good) == "fine");
  }
  const std::vector<std::string> hostile = {"http://files.example.com/",
                                            "https://files.example.com:444/",
                                            "https://files.example.com:80/",
                                            "https://files.example.com:22/",
                                            "https://files.example.com.evil.test/",
                                            "https://evil.test/files.example.com",
                                            "https://evil.test?files.example.com",
                                            "https://evil.test#files.example.com",
                                            "https://files.example.com@evil.test/",
                                            "https://files.example.com:443@evil.test/",
                                            "https://user:pw@files.example.com/",
                                            "https://evil.test\\@files.example.com/",
                                            "https://files.example.com\\.evil.test/",
                                            "https://files.example.com%2eevil.test/",
                                            "https://files.example.com%00.evil.test/",
                                            "https://files.example.com%23.evil.test/",
                                            "https://filesXexample.com/",
                                            "https://xfiles.example.com/",
                                            "https://x.files.example.com/",
                                            "https://example.com/",
                                            "https://storage.example/",
                                            "https://.storage.example/",
                                            "https://evilstorage.example/",
                                            "https://a.storage.example.evil.test/",
                                            "https://files.example.com./",
                                            "https://files.example.com/#x",
                                            "https://127.0.0.1/",
                                            "https://[::1]/",
                                            "https://localhost/",
                                            "https://169.254.169.254/latest/meta-data/",
                                            "https://2130706433/",
                                            "https://0x7f.1/",
                                            "https://0177.0.0.1/",
                                            "https://[::ffff:127.0.0.1]/",
                                            "https://f\xc3\xadles.example.com/",
                                            "https://files.example.com:443:443/",
                                            "https://files.example.com\t/",
                                            "https://files.example.com /",
                                            "https://files.example.com/\r\nHost: evil.test",
                                            "//files.example.com/",
                                            "file://files.example.com/etc/passwd",
                                            "gopher://files.example.com/",
                                            "ftp://files.example.com/",
                                            "https:files.example.com/",
                                            "https:///files.example.com/",
                                            ""};
  CHECK(hostile.size() >= 40);
  for (const std::string& url : hostile) {
    CAPTURE(url);
    CHECK(verdict(url) != "fine");
    const auto sent = make_transport({.allow_plaintext = true})->send({.url = url, .url_rules = rules});
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().code() == ErrorCode::invalid_argument);
  }
  CHECK(http::check_url_rules(http::guard_url("https://any.example/", false).value(), {}));
}

TEST_CASE("rule 7: a refused URL opens nothing, and its signature is in no error") {
  Site site({"localhost"});
  const auto refused = site.ask("localhost", {.hosts = {"files.example.com"}, .allow_private_addresses = true});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().to_string().find("canary") == std::string::npos);
  CHECK(site.server.ledger().snapshot().connections.empty());
  CHECK(NetworkSeam::get().lookups() == 0);
  CHECK(site.ask("localhost", {.hosts = {"LocalHost"}, .allow_private_addresses = true}));
  const auto both = site.transport->send({.url = "https://h.example/", .host_service = true, .url_rules = UrlRules{}});
  REQUIRE_FALSE(both.has_value());
  CHECK(both.error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("rule 8: only addresses of the public internet are public") {
  for (const std::string yes : {"1.1.1.1",          "8.8.8.8",           "9.255.255.255", "11.0.0.0",
                                "93.184.215.14",    "100.63.255.255",    "100.128.0.0",   "126.255.255.255",
                                "128.0.0.0",        "169.253.255.255",   "169.255.0.0",   "172.15.255.255",
                                "172.32.0.0",       "192.0.1.0",         "192.0.3.0",     "192.167.255.255",
                                "192.169.0.0",      "198.17.255.255",    "198.20.0.0",    "223.255.255.255",
                                "2606:4700::1111",  "2a00:1450:4001::1", "2001:200::1",   "::ffff:8.8.8.8",
                                "64:ff9b::8.8.8.8", "2002:808:808::1",   "3ffe::1"}) {
    CAPTURE(yes);
    CHECK(is_public(yes));
  }
  for (const std::string no : {"0.0.0.0",
                               "0.1.2.3",
                               "10.0.0.0",
                               "10.255.255.255",
                               "100.64.0.1",
                               "100.127.255.255",
                               "127.0.0.1",
                               "127.255.255.255",
                               "169.254.169.254",
                               "169.254.170.2",
                               "172.16.0.1",
                               "172.31.255.255",
                               "192.0.0.1",
                               "192.0.2.1",
                               "192.88.99.1",
                               "192.168.1.1",
                               "198.18.0.1",
                               "198.19.255.255",
                               "198.51.100.1",
                               "203.0.113.1",
                               "224.0.0.1",
                               "239.255.255.255",
                               "240.0.0.1",
                               "255.255.255.255",
                               "::",
                               "::1",
                               "::2",
                               "::7f00:1",
                               "::ffff:127.0.0.1",
                               "::ffff:10.0.0.1",
                               "::ffff:169.254.169.254",
                               "::127.0.0.1",
                               "64:ff9b::127.0.0.1",
                               "64:ff9b::10.0.0.1",
                               "64:ff9b:1::8.8.8.8",
                               "100::1",
                               "2001::1",
                               "2001:1ff::1",
                               "2001:db8::1",
                               "2002:7f00:1::1",
                               "2002:c0a8:101::1",
                               "3fff::1",
                               "4000::1",
                               "fc00::1",
                               "fd00:ec2::254",
                               "fdff::1",
                               "fe80::1",
                               "febf::1",
                               "fec0::1",
                               "ff02::1"}) {
    CAPTURE(no);
    CHECK_FALSE(is_public(no));
  }
  sockaddr unix_address{};
  unix_address.sa_family = AF_UNIX;
  CHECK_FALSE(http::is_public_address(unix_address));
}

TEST_CASE("rule 8: a URL from outside reaches no private address, whatever it is written as") {
  for (const std::string host : {"localhost",
                                 "a.localhost",
                                 "127.0.0.1",
                                 "127.1.2.3",
                                 "[::1]",
                                 "[::ffff:127.0.0.1]",
                                 "[::]",
                                 "0.0.0.0",
                                 "10.0.0.1",
                                 "172.16.0.1",
                                 "192.168.0.1",
                                 "169.254.169.254",
                                 "169.254.170.2",
                                 "[fd00:ec2::254]",
                                 "[fe80::1]",
                                 "[64:ff9b::7f00:1]",
                                 "[2002:7f00:1::]",
                                 "100.64.0.1",
                                 "2130706433",
                                 "0x7f000001",
                                 "0177.0.0.1",
                                 "127.1"}) {
    CAPTURE(host);
    Site site({"localhost", "127.0.0.1"});
    const auto refused = site.ask(host, {});
    REQUIRE_FALSE(refused.has_value());
    const bool unusual = host == "2130706433" || host == "0x7f000001" || host == "0177.0.0.1" || host == "127.1";
    CHECK(refused.error().code() == (unusual ? ErrorCode::invalid_argument : ErrorCode::permission_denied));
    CHECK_FALSE(refused.error().retryable());
    CHECK(site.server.ledger().snapshot().connections.empty());
    CHECK(NetworkSeam::get().left().empty());
  }
}

TEST_CASE("rule 8: a name that leads to a private address is refused, and to a public one is not") {
  for (const std::string inside :
       {"127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"}) {
    CAPTURE(inside);
    Site site({"inside.example"});
    NetworkSeam::get().resolve("inside.example", {inside});
    const auto refused = site.ask("inside.example", {});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == ErrorCode::permission_denied);
    CHECK(NetworkSeam::get().lookups() > 0);
    CHECK(NetworkSeam::get().left().empty());
    CHECK(site.server.ledger().snapshot().connections.empty());
  }
  Site site({"outside.example"});
  NetworkSeam::get().resolve("outside.example", {somewhere});
  NetworkSeam::get().lead_home(somewhere);
  const auto reply = site.ask("outside.example", {});
  REQUIRE_MESSAGE(reply, reply.error().to_string());
  CHECK(reply->body == "kept");
  CHECK(NetworkSeam::get().left() == std::vector<std::string>{somewhere});
  CHECK(site.requests() == 1);
}

TEST_CASE("rule 8: a name that is public at first and private next gains nothing") {
  Site site({"rebind.example"});
  NetworkSeam::get().resolve("rebind.example", {somewhere, "127.0.0.1"});
  NetworkSeam::get().lead_home(somewhere);
  const auto first = site.ask("rebind.example", {}, "first");
  REQUIRE_MESSAGE(first, first.error().to_string());
  const auto next = site.ask("rebind.example", {}, "next");  // another identity looks the name up anew
  REQUIRE_FALSE(next.has_value());
  CHECK(next.error().code() == ErrorCode::permission_denied);
  CHECK(NetworkSeam::get().lookups() >= 2);
  CHECK(site.requests() == 1);
}

TEST_CASE("rule 8: a connection that was opened without a look at its address is not used for a URL from outside") {
  Site site({"shared.example"});
  NetworkSeam::get().resolve("shared.example", {"127.0.0.1"});
  const auto keeping = make_transport({.tls = {.ca_file = site.authority.root_file()}});
  const std::string url = "https://shared.example:" + std::to_string(site.server.port()) + "/";
  const Request own{.url = url, .identity = "one"};
  Request foreign = own;
  foreign.url_rules = UrlRules{.ports = {site.server.port()}};
  REQUIRE(keeping->send(own));
  CHECK(keeping->send(own)->connection_was_reused);
  const auto refused = keeping->send(foreign);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == ErrorCode::permission_denied);
  foreign.url_rules->allow_private_addresses = true;
  const auto allowed = keeping->send(foreign);
  REQUIRE(allowed);
  CHECK(allowed->body == "kept");
  CHECK(site.requests() == 3);
}

TEST_CASE("rule 8: behind a proxy, which looks names up itself, a URL from outside is refused") {
  ScriptedServer proxy;
  const auto transport = make_transport({.proxy = proxy.url()});
  const auto refused = transport->send({.url = "https://files.example.com/", .url_rules = UrlRules{}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == ErrorCode::unsupported);
  CHECK(proxy.ledger().snapshot().connections.empty());
}
