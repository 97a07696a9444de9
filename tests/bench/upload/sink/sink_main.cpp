// The server that upload clients are measured and checked against.
//
//   upload_sink --access-key ID --secret-key KEY [--processor N]
//
// Listens on two free ports of the loopback, HTTP and HTTPS (TLS 1.3 with AES-128-GCM first, under a certificate made
// at the start), and prints one line of JSON: {"http":PORT,"https":PORT,"ca_file":PATH}. Ends when its standard input
// does, so that it cannot outlive the run. How it behaves is told by POST /_mode, see service.h.

#include <arpa/inet.h>
#include <docupilot/testing/test_authority.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "service.h"

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int listen_anywhere(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 4096) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("upload_sink: cannot listen");
  }
  port = ntohs(address.sin_port);
  return fd;
}

SSL_CTX* tls_context(const docupilot::testing::TestAuthority& authority) {
  const auto certificate = authority.issue();
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  const std::string chain = authority.write_file("sink.crt", certificate.certificate_pem);
  const std::string key = authority.write_file("sink.key", certificate.key_pem);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, std::size_t{256} << 10U);
  if (SSL_CTX_use_certificate_chain_file(context, chain.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    std::fputs("upload_sink: OpenSSL refuses the certificate\n", stderr);
    std::exit(1);
  }
  return context;
}

void serve(sink::Service& service, int fd, SSL_CTX* context) {
  sink::Channel channel(fd, context == nullptr ? nullptr : SSL_new(context));
  if (channel.begin()) service.serve(channel);
}

void accept_all(sink::Service& service, int listener, SSL_CTX* context) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) std::thread(serve, std::ref(service), fd, context).detach();
    else if (errno != EINTR && errno != ECONNABORTED) fail("upload_sink: cannot accept");
  }
}

void keep_to_processor(int processor) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

int main(int argc, char** argv) {
  sink::Key key;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--access-key") key.id = argv[i + 1];
    else if (flag == "--secret-key") key.secret = argv[i + 1];
    else if (flag == "--processor") keep_to_processor(std::atoi(argv[i + 1]));
    else {
      std::fprintf(stderr, "upload_sink: unknown option %s\n", argv[i]);
      return 2;
    }
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::optional<docupilot::testing::TestAuthority> authority(std::in_place);
  SSL_CTX* const context = tls_context(*authority);
  sink::Service service(key);
  std::uint16_t http = 0;
  std::uint16_t https = 0;
  const int plain_listener = listen_anywhere(http);
  const int tls_listener = listen_anywhere(https);
  std::thread(accept_all, std::ref(service), plain_listener, nullptr).detach();
  std::thread(accept_all, std::ref(service), tls_listener, context).detach();
  std::printf("{\"http\":%u,\"https\":%u,\"ca_file\":\"%s\"}\n", http, https, authority->root_file().c_str());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  authority.reset();  // its folder; connections may still be served, and end with the process
  std::_Exit(0);
}
