#include <docupilot/testing/test_authority.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <docupilot/testing/fault_proxy.h>
#include <docupilot/testing/scripted_server.h>

#include "support/raw_client.h"

using namespace docupilot::testing;
using docupilot_test::RawClient;
using Kind = TestAuthority::Kind;
using Ending = RecordedConnection::Ending;

namespace {

/// A client that checks the server as strictly as OpenSSL does at level 2, the default of Debian.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, const std::string& root_file) : plain_(port) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_security_level(context_.get(), 2);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    REQUIRE(SSL_CTX_load_verify_locations(context_.get(), root_file.c_str(), nullptr) == 1);
    tls_.reset(SSL_new(context_.get()));
    SSL_set_hostflags(tls_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), "127.0.0.1");
    SSL_set_fd(tls_.get(), plain_.fd());
  }

  void use(const std::string& certificate_file, const std::string& key_file) {
    REQUIRE(SSL_use_certificate_file(tls_.get(), certificate_file.c_str(), SSL_FILETYPE_PEM) == 1);
    REQUIRE(SSL_use_PrivateKey_file(tls_.get(), key_file.c_str(), SSL_FILETYPE_PEM) == 1);
  }
  /// Why the server's certificate was refused; X509_V_OK when it was not.
  long shake_hands() {
    connected_ = SSL_connect(tls_.get()) == 1;
    return SSL_get_verify_result(tls_.get());
  }
  [[nodiscard]] bool connected() const { return connected_; }
  void send(const std::string& text) { SSL_write(tls_.get(), text.data(), static_cast<int>(text.size())); }
  std::string read_all() {
    std::string got;
    char room[4096];
    int count = 0;
    while ((count = SSL_read(tls_.get(), room, sizeof room)) > 0) got.append(room, static_cast<std::size_t>(count));
    goodbye_ = SSL_get_error(tls_.get(), count) == SSL_ERROR_ZERO_RETURN;
    return got;
  }
  /// The end that read_all met was said in TLS, not only by TCP.
  [[nodiscard]] bool goodbye() const { return goodbye_; }

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  RawClient plain_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> tls_;
  bool connected_ = false;
  bool goodbye_ = false;
};

const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace

TEST_CASE("each kind of certificate is accepted or refused for its own reason") {
  const TestAuthority authority;
  const struct {
    Kind kind;
    long reason;
  } cases[] = {{Kind::good, X509_V_OK},
               {Kind::through_intermediate, X509_V_OK},
               {Kind::missing_intermediate, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
               {Kind::wrong_host, X509_V_ERR_IP_ADDRESS_MISMATCH},
               {Kind::expired, X509_V_ERR_CERT_HAS_EXPIRED},
               {Kind::not_yet_valid, X509_V_ERR_CERT_NOT_YET_VALID},
               {Kind::self_signed, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
               {Kind::unknown_root, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
               {Kind::wrong_purpose, X509_V_ERR_INVALID_PURPOSE},
               {Kind::issued_by_leaf, X509_V_ERR_INVALID_CA},
               {Kind::weak_key, X509_V_ERR_EE_KEY_TOO_SMALL},
               {Kind::weak_signature, X509_V_ERR_CA_MD_TOO_WEAK}};
  for (const auto& [kind, reason] : cases) {
    CAPTURE(static_cast<int>(kind));
    ScriptedServer server({.tls = authority.server(kind)});
    server.push({.reply = {.body = "hello"}, .after = Script::After::close});
    TlsClient client(server.port(), authority.root_file());
    CHECK(client.shake_hands() == reason);
    CHECK(client.connected() == (reason == X509_V_OK));
    if (client.connected()) {
      client.send(get);
      CHECK(client.read_all().ends_with("\r\n\r\nhello"));
      CHECK(client.goodbye());
      CHECK(server.ledger().snapshot().connections[0].tls);
    } else {
      CHECK(server.ledger().wait_until(
          [](const Record& record) { return record.connections[0].ending == Ending::tls_failed; }));
      CHECK(server.ledger().snapshot().requests.empty());
      CHECK_FALSE(server.ledger().snapshot().connections[0].note.empty());
    }
  }
}

TEST_CASE("a FIN inside TLS is no goodbye, and a reset cuts it as well") {
  const TestAuthority authority;
  ScriptedServer server({.tls = authority.server()});
  CHECK(server.url("/x").starts_with("https://127.0.0.1:"));
  for (const Fault& fault : {Fault::close(Fault::Place::reply_body, 2), Fault::reset(Fault::Place::reply_body, 2)}) {
    server.push({.reply = {.body = "hello"}, .faults = {fault}});
    TlsClient client(server.port(), authority.root_file());
    CHECK(client.shake_hands() == X509_V_OK);
    client.send(get);
    CHECK(client.read_all().ends_with("\r\n\r\nhe"));
    CHECK_FALSE(client.goodbye());
  }
  CHECK(server.ledger().faults_fired() == 2);
}

TEST_CASE("a handshake can be cut at any byte of what the client says") {
  const TestAuthority authority;
  ScriptedServer server({.tls = authority.server()});
  for (const Fault& fault : {Fault::reset(Fault::Place::reply, 0), Fault::close(Fault::Place::reply, 20)}) {
    server.push_connection(fault);
    TlsClient client(server.port(), authority.root_file());
    client.shake_hands();
    CHECK_FALSE(client.connected());
  }
  CHECK(server.ledger().faults_fired() == 2);
  CHECK(server.ledger().snapshot().connections[1].bytes_received == 20);
  TlsClient client(server.port(), authority.root_file());
  CHECK(client.shake_hands() == X509_V_OK);
}

TEST_CASE("a proxy speaks TLS to its clients, and acts on the bytes inside") {
  const TestAuthority authority;
  ScriptedServer server([](const RecordedRequest&) { return Script{.reply = {.body = "hello"}}; });
  FaultProxy proxy("127.0.0.1", server.port(), {.tls = authority.server()});
  CHECK(proxy.url().starts_with("https://"));
  proxy.script(0, {.faults = {Fault::close(Fault::Place::reply_body, 2)}});
  TlsClient client(proxy.port(), authority.root_file());
  CHECK(client.shake_hands() == X509_V_OK);
  client.send(get);
  CHECK(client.read_all().ends_with("\r\n\r\nhe"));
  CHECK_FALSE(client.goodbye());
  CHECK(proxy.ledger().snapshot().connections[0].tls);
  server.push({.reply = {.body = "bye"}, .after = Script::After::close});
  TlsClient second(proxy.port(), authority.root_file());
  CHECK(second.shake_hands() == X509_V_OK);
  second.send(get);
  CHECK(second.read_all().ends_with("\r\n\r\nbye"));
  CHECK(second.goodbye());
}

TEST_CASE("a server can ask for its clients' certificates") {
  const TestAuthority authority;
  ServerTls tls = authority.server();
  tls.client_root_pem = authority.root_pem();
  ScriptedServer server({.tls = tls});
  const auto client_certificate = authority.issue(Kind::wrong_purpose);  // of a server; the right one of a client
  const auto outcome = [&](bool with_certificate) {
    TlsClient client(server.port(), authority.root_file());
    if (with_certificate) {
      client.use(authority.write_file("client.pem", client_certificate.certificate_pem),
                 authority.write_file("client.key", client_certificate.key_pem));
    }
    server.push({.after = Script::After::close});
    client.shake_hands();
    client.send(get);
    return client.read_all();
  };
  CHECK(outcome(false).empty());
  CHECK(outcome(true).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("an old server speaks no newer TLS") {
  const TestAuthority authority;
  ServerTls tls = authority.server();
  tls.oldest = ServerTls::Version::tls1_0;
  tls.newest = ServerTls::Version::tls1_1;
  const ScriptedServer server({.tls = tls});
  TlsClient client(server.port(), authority.root_file());
  client.shake_hands();
  CHECK_FALSE(client.connected());
  CHECK(server.ledger().wait_until(
      [](const Record& record) { return record.connections[0].ending == Ending::tls_failed; }));
}

TEST_CASE("a certificate without its key is refused at once") {
  const TestAuthority authority;
  ServerTls tls = authority.server();
  tls.key_pem = authority.issue().key_pem;
  CHECK_THROWS_AS(ScriptedServer({.tls = tls}), std::runtime_error);
  tls.key_pem = "no key";
  CHECK_THROWS_AS(ScriptedServer({.tls = tls}), std::runtime_error);
}

TEST_CASE("files of an authority go away with it") {
  std::string path;
  {
    const TestAuthority authority;
    path = authority.root_file();
    std::ifstream file(path);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == authority.root_pem());
    CHECK(authority.root_pem().starts_with("-----BEGIN CERTIFICATE-----"));
    CHECK(authority.root_file() == path);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}
