#include <docupilot/http/transport.h>
#include <docupilot/testing/test_authority.h>

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "support/scripted_streams.h"
#include "testing/tls_context.h"

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::testing::TestAuthority;
using docupilot_test::pattern;

namespace {

/// A server of TLS 1.3 for one connection, which asks for new keys before each reply (RFC 8446, 4.6.3). Each reply is
/// the body that came.
class KeyUpdatingServer {
 public:
  explicit KeyUpdatingServer(const TestAuthority& authority)
      : context_(docupilot::testing::make_tls_context(authority.server())),
        listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_, generic, size) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    REQUIRE(::getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  KeyUpdatingServer(const KeyUpdatingServer&) = delete;
  KeyUpdatingServer& operator=(const KeyUpdatingServer&) = delete;
  /// Waits for the end of the connection.
  ~KeyUpdatingServer() {
    ::shutdown(listener_, SHUT_RDWR);  // should nobody have come
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }
  /// That the client has made.
  [[nodiscard]] int updates() const { return updates_; }

 private:
  void serve() {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(tls.get(), fd);
    SSL_set_msg_callback(tls.get(), [](int written, int, int type, const void* bytes, std::size_t, SSL*, void* server) {
      const bool is_update =
          type == SSL3_RT_HANDSHAKE && *static_cast<const unsigned char*>(bytes) == SSL3_MT_KEY_UPDATE;
      if (is_update && written == 0) ++static_cast<KeyUpdatingServer*>(server)->updates_;
    });
    SSL_set_msg_callback_arg(tls.get(), this);
    if (SSL_accept(tls.get()) == 1) {
      while (answer(tls.get())) {
      }
    }
    ::close(fd);
  }

  static bool answer(SSL* tls) {
    std::string request;
    std::size_t body = std::string::npos;
    std::size_t length = 0;
    while (body == std::string::npos || request.size() < body + length) {
      std::array<char, 16'384> piece;
      const int count = SSL_read(tls, piece.data(), static_cast<int>(piece.size()));
      if (count <= 0) return false;
      request.append(piece.data(), static_cast<std::size_t>(count));
      const std::size_t end = request.find("\r\n\r\n");
      if (body != std::string::npos || end == std::string::npos) continue;
      body = end + 4;
      const std::string field = "Content-Length: ";
      const std::size_t at = request.find(field);
      if (at < body) length = std::stoul(request.substr(at + field.size()));
      if (request.find("Expect: 100-continue") < body) SSL_write(tls, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
    if (SSL_key_update(tls, SSL_KEY_UPDATE_REQUESTED) != 1 || SSL_do_handshake(tls) != 1) return false;
    const std::string reply =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" + request.substr(body);
    for (std::size_t written = 0; written < reply.size();) {
      const int count = SSL_write(tls, reply.data() + written, static_cast<int>(reply.size() - written));
      if (count <= 0) return false;
      written += static_cast<std::size_t>(count);
    }
    return true;
  }

  const docupilot::testing::TlsContext context_;
  const int listener_;
  int port_ = 0;
  std::atomic<int> updates_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a server that asks for new keys is given them with the next request, and the connection goes on") {
  const TestAuthority authority;
  KeyUpdatingServer server(authority);
  const auto transport = make_transport({.tls = {.ca_file = authority.root_file()}});
  int number = 0;
  for (const std::size_t size : {std::size_t{10}, std::size_t{600'000}, std::size_t{1}, std::size_t{70'000}}) {
    CAPTURE(size);
    const std::string body = pattern(size);
    const auto reply = transport->send({.method = "PUT", .url = server.url(), .body = as_bytes(body)});
    REQUIRE_MESSAGE(reply, reply.error().to_string());
    CHECK((reply->body == body));
    CHECK(reply->connection_was_reused == (number > 0));
    CHECK(server.updates() == number++);
  }
}
