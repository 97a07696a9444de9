// Rows F01 to F07 of the fault matrix: what goes wrong before a request is read.

#include <docupilot/testing/test_authority.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "faults/black_hole.h"
#include "faults/fault_case.h"
#include "faults/name_service.h"
#include "faults/operations.h"
#include "faults/tunnel_proxy.h"
#include "support/raw_client.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
using docupilot::testing::Fault;
using docupilot::testing::ScriptedServer;
using docupilot::testing::ServerTls;
using docupilot::testing::TestAuthority;
using Kind = TestAuthority::Kind;
using Place = Fault::Place;

namespace {

// Where the records that a server sends in a handshake end, counted in bytes.
std::vector<std::uint64_t> handshake_records(std::uint16_t port) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(tls.get(), in, out);
  RawClient client(port);
  std::vector<std::uint64_t> ends;
  while (SSL_connect(tls.get()) != 1) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    REQUIRE(client.send({bytes, static_cast<std::size_t>(size)}));
    REQUIRE(BIO_reset(out) == 1);
    std::string record = client.read_bytes(5);
    REQUIRE(record.size() == 5);
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(record[i])); };
    record += client.read_bytes(at(3) << 8U | at(4));
    ends.push_back((ends.empty() ? 0 : ends.back()) + record.size());
    REQUIRE(BIO_write(in, record.data(), static_cast<int>(record.size())) == static_cast<int>(record.size()));
  }
  return ends;
}

}  // namespace

TEST_CASE("F01 refused connections are tried three times; nothing was sent") {
  for (const Operation& operation : operations()) {
    FaultCase fault;
    fault.server().stop();
    run(fault, operation,
        {.code = "unavailable",
         .says = "connection: refused",
         .attempts = 3,
         .faults = 0,
         .retryable = true,
         .requests = 0});
    CHECK(fault.waits() == std::vector<std::int64_t>{25, 50});
  }
}

TEST_CASE("F02 a black hole takes the connect limit, three times, or ends at the deadline") {
  const BlackHole hole;
  for (const Operation& operation : operations()) {
    if (operation.name != "put" && operation.name != "begin_multipart") continue;
    FaultCase fault({.endpoint = hole.url(), .connect = 80ms, .deadline = 20s});
    run(fault, operation,
        {.code = "timeout",
         .says = "connection: nobody answered in time",
         .attempts = 3,
         .faults = 0,
         .retryable = true,
         .requests = 0});
  }
  FaultCase fault({.endpoint = hole.url(), .deadline = 200ms});  // and the limit of 5 s
  fault.put("k", "abc",
            {.code = "timeout", .says = "the deadline passed", .faults = 0, .retryable = true, .requests = 0});
  CHECK(hole.swallows());
}

TEST_CASE("F03 a name that does not exist is told as such, after three tries") {
  const Expected nowhere{.code = "unavailable",
                         .says = "name: is it spelled right",
                         .attempts = 3,
                         .faults = 0,
                         .retryable = true,
                         .requests = 0};
  {
    FaultCase reserved({.endpoint = "https://s3.name.invalid"});  // RFC 6761: never there, whoever is asked
    reserved.put("k", "abc", nowhere);
  }
  for (const Operation& operation : operations()) {
    FaultCase fault({.endpoint = "https://s3.faults.test"});
    NameService::fail(3);
    run(fault, operation, nowhere);
    CHECK(NameService::lookups() == 3);
  }
}

TEST_CASE("F03 a name server that fails and then works is asked again each time") {
  for (const int failures : {1, 2, 3}) {
    CAPTURE(failures);
    FaultCase fault({.transport = {.allow_plaintext = true}});
    fault.setting.endpoint = "http://s3.faults.test:" + std::to_string(fault.server().port());
    NameService::fail(failures);
    if (failures < 3) {
      fault.put("k", "abc", {.attempts = failures + 1, .faults = 0, .requests = 1});
    } else {
      fault.put(
          "k", "abc",
          {.code = "unavailable", .says = "name: ", .attempts = 3, .faults = 0, .retryable = true, .requests = 0});
    }
    CHECK(NameService::lookups() ==
          (failures < 3 ? failures + 1 : 3));  // the fault, and that no failure was remembered
  }
}

TEST_CASE("F04 a server that cannot be trusted gets no byte of HTTP, and no second connection") {
  const TestAuthority authority;
  struct Case {
    ServerTls tls;
    std::string code, says;
  };
  ServerTls old = authority.server();
  old.oldest = ServerTls::Version::tls1_0;
  old.newest = ServerTls::Version::tls1_1;
  ServerTls weak = authority.server();
  weak.newest = ServerTls::Version::tls1_2;
  weak.ciphers = "NULL-SHA256:@SECLEVEL=0";
  const std::vector<Case> cases = {
      {authority.server(Kind::wrong_host), "permission_denied", "TLS: wrong host"},
      {authority.server(Kind::expired), "permission_denied", "TLS: expired"},
      {authority.server(Kind::not_yet_valid), "permission_denied", "TLS: not yet valid"},
      {authority.server(Kind::self_signed), "permission_denied", "TLS: unknown root; the certificate signs itself"},
      {authority.server(Kind::unknown_root), "permission_denied", "TLS: "},
      {authority.server(Kind::missing_intermediate), "permission_denied", "TLS: unknown root"},
      {authority.server(Kind::wrong_purpose), "permission_denied", "TLS: wrong purpose"},
      {authority.server(Kind::weak_key), "permission_denied", "TLS: too weak"},
      {old, "unavailable", "TLS: no version or cipher in common"},
      {weak, "unavailable", "TLS: no version or cipher in common"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.says);
    FaultCase fault({.tls = one.tls, .transport = {.tls = {.ca_file = authority.root_file()}}});
    fault.put("k", "abc", {.code = one.code, .says = one.says, .faults = 0, .requests = 0});
    const auto record = fault.record();
    REQUIRE(record.connections.size() == 1);
    CHECK(record.connections[0].bytes_received == 0);  // inside TLS
  }
  FaultCase sound({.tls = authority.server(), .transport = {.tls = {.ca_file = authority.root_file()}}});
  sound.put("k", "abc", {.faults = 0});
}

TEST_CASE("F05 a handshake that is cut at any record is tried again, and nothing was sent") {
  const TestAuthority authority;
  for (const auto newest : {ServerTls::Version::tls1_2, ServerTls::Version::tls1_3}) {
    ServerTls tls = authority.server();
    tls.newest = newest;
    std::vector<std::uint64_t> cuts;
    {
      const ScriptedServer server({.tls = tls});
      cuts = handshake_records(server.port());
    }
    REQUIRE(cuts.size() >= 4);
    cuts.pop_back();  // with the last one, there is no handshake left to cut
    cuts.insert(cuts.begin(), {0, 3});
    for (const std::uint64_t cut : cuts) {
      for (const auto& make : {&Fault::reset, &Fault::close}) {
        CAPTURE(cut);
        FaultCase fault({.tls = tls, .transport = {.tls = {.ca_file = authority.root_file()}}});
        auto& proxy = fault.behind_proxy({.opaque = true});
        proxy.script_connection(0, {make(Place::reply, cut)});
        fault.put("k", "abc", {.attempts = 2, .requests = 1});
      }
    }
    FaultCase fault({.tls = tls, .transport = {.tls = {.ca_file = authority.root_file()}}});
    auto& proxy = fault.behind_proxy({.opaque = true});
    for (const std::size_t connection : {0U, 1U, 2U}) {
      proxy.script_connection(connection, {Fault::close(Place::reply, cuts.back())});
    }
    fault.put("k", "abc",
              {.code = "unavailable",
               .says = "TLS: the handshake was cut",
               .attempts = 3,
               .faults = 3,
               .retryable = true,
               .requests = 0});
  }
}

TEST_CASE("F06 a proxy that wants a password is not asked twice, and keeps what it was told to itself") {
  for (const std::string scheme : {"http", "https"}) {
    CAPTURE(scheme);
    FaultCase fault;
    ScriptedServer proxy([](const auto&) -> testing::Script {
      return {.reply = {.status = 407, .headers = {{"Proxy-Authenticate", "Basic realm=\"p\""}}}};
    });
    fault.setting.endpoint = scheme + "://s3.faults.test:1";
    fault.setting.transport = {.proxy = proxy.url(),
                               .proxy_password = Secret(std::string("user:") + FaultCase::proxy_password),
                               .allow_plaintext = true};
    fault.put("k", "abc", {.code = "unavailable", .says = "proxy: 407", .faults = 0, .requests = 0});
    const auto requests = proxy.ledger().snapshot().requests;
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].status == 407);
    CHECK_FALSE(requests[0].header("Proxy-Authorization").empty());
  }
}

TEST_CASE("F06 a proxy that opens no tunnel, or whose tunnel dies in the handshake, is tried three times") {
  for (const int status : {403, 502}) {
    FaultCase fault({.endpoint = "https://s3.faults.test:1"});
    ScriptedServer proxy([&](const auto&) -> testing::Script { return {.reply = {.status = status}}; });
    fault.setting.transport.proxy = proxy.url();
    fault.put("k", "abc",
              {.code = "unavailable",
               .says = "proxy: it refused",
               .attempts = 3,
               .faults = 0,
               .retryable = true,
               .requests = 0});
    CHECK(proxy.ledger().snapshot().requests.size() == 3);
    CHECK(proxy.ledger().snapshot().requests[0].method == "CONNECT");
  }
  FaultCase nobody({.endpoint = "https://s3.faults.test:1"});
  {
    const ScriptedServer closed;
    nobody.setting.transport.proxy = closed.url();
  }
  nobody.put("k", "abc",
             {.code = "unavailable",
              .says = "proxy: it does not accept connections",
              .attempts = 3,
              .faults = 0,
              .retryable = true,
              .requests = 0});
}

TEST_CASE("F06 a tunnel that dies on the way is opened anew; the proxy's password never reaches the origin") {
  const TestAuthority authority;
  ServerTls tls;
  const auto certificate = authority.issue(Kind::good, {"s3.faults.test"});
  tls.certificate_pem = certificate.certificate_pem;
  tls.key_pem = certificate.key_pem;
  for (const std::vector<std::size_t>& cuts : {std::vector<std::size_t>{0}, {700}, {0, 100}, {0, 300, 800}}) {
    CAPTURE(cuts.size());
    FaultCase fault({.tls = tls});
    TunnelProxy proxy(fault.server().port(), cuts);
    fault.setting.endpoint = "https://s3.faults.test:" + std::to_string(fault.server().port());
    fault.setting.transport = {.proxy = proxy.url(),
                               .proxy_password = Secret(std::string("user:") + FaultCase::proxy_password),
                               .tls = {.ca_file = authority.root_file()}};
    const int cut = static_cast<int>(cuts.size());
    if (cut < 3) fault.put("k", "abc", {.attempts = cut + 1, .faults = 0, .requests = 1});
    else
      fault.put("k", "abc",
                {.code = "unavailable",
                 .says = "TLS: the handshake was cut",
                 .attempts = 3,
                 .faults = 0,
                 .retryable = true,
                 .requests = 0});
    CHECK(proxy.cuts_made() == cut);
    for (const std::string& head : proxy.heads()) {
      CHECK(head.starts_with("CONNECT s3.faults.test:"));
      CHECK(head.find("Proxy-Authorization: Basic ") != std::string::npos);
      CHECK(head.find(FaultCase::session_token) == std::string::npos);
    }
    for (const auto& request : fault.record().requests) CHECK(request.header("Proxy-Authorization").empty());
  }
}

TEST_CASE("F07 a connection that is taken and dropped is tried three times where that is safe") {
  for (const Operation& operation : operations()) {
    for (const auto& make : {&Fault::reset, &Fault::close}) {
      for (const int drops : {1, 3}) {
        CAPTURE(drops);
        if (!operation.idempotent) continue;
        FaultCase fault;
        furnish(fault);
        for (int i = 0; i < drops; ++i) fault.server().push_connection(make(Place::request_body, 10));
        if (drops == 1) run(fault, operation, {.attempts = 2, .requests = 1});
        else
          run(fault, operation,
              {.code = "unavailable",
               .says = "connection: ",
               .attempts = 3,
               .faults = 3,
               .retryable = true,
               .requests = 0});
      }
    }
  }
}

TEST_CASE("F07 a request that was read and got no reply is made again only where that is safe") {
  for (const Operation& operation : operations()) {
    for (const auto& make : {&Fault::reset, &Fault::close}) {
      FaultCase fault;
      furnish(fault);
      fault.inject(make(Place::reply, 0));
      if (operation.idempotent) run(fault, operation, {.attempts = 2});
      else run(fault, operation, {.code = "outcome_unknown", .says = "look whether it was done before doing it again"});
    }
  }
}
