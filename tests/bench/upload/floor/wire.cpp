#include "wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

void fail(const std::string& what) {
  std::fprintf(stderr, "upload_floor: %s\n", what.c_str());
  std::exit(1);
}

Wire::Wire(const std::string& endpoint, const std::string& ca_file) {
  const std::size_t begin = endpoint.find("://") + 3;
  const std::size_t colon = endpoint.rfind(':');
  host_ = endpoint.substr(begin);
  const std::string name = endpoint.substr(begin, colon - begin);
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::inet_addr(name.c_str());
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("cannot connect to " + endpoint);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!endpoint.starts_with("https://")) return;
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) fail("cannot read " + ca_file);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  tls_ = SSL_new(context);
  SSL_CTX_free(context);
  SSL_set_fd(tls_, fd_);
  if (SSL_connect(tls_) != 1) fail("no TLS with " + endpoint);
}

Wire::~Wire() {
  SSL_free(tls_);
  ::close(fd_);
}

void Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                          : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) fail("the connection broke");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Wire::send(std::string_view head, std::string_view body) {
  std::size_t sent = 0;
  if (tls_ == nullptr) {
    const std::array<iovec, 2> parts = {
        {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}}};
    const ssize_t count = ::writev(fd_, parts.data(), static_cast<int>(parts.size()));
    if (count <= 0) fail("the connection broke");
    sent = static_cast<std::size_t>(count);
  }
  if (sent < head.size()) {
    send(head.substr(sent));
    sent = head.size();
  }
  send(body.substr(sent - head.size()));
}

std::size_t Wire::receive(char* into, std::size_t size) {
  const ssize_t count = tls_ != nullptr ? SSL_read(tls_, into, static_cast<int>(size)) : ::recv(fd_, into, size, 0);
  if (count <= 0) fail("the connection ended");
  return static_cast<std::size_t>(count);
}

const std::string& Wire::reply() {
  constexpr std::string_view name = "\r\nContent-Length: ";
  std::array<char, 4096> block;
  reply_.clear();
  for (;;) {
    reply_.append(block.data(), receive(block.data(), block.size()));
    const std::size_t end = reply_.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const std::size_t at = reply_.find(name);
    if (at == std::string::npos || !reply_.starts_with("HTTP/1.1 200 ")) fail("refused: " + reply_);
    if (reply_.size() >= end + 4 + std::stoul(reply_.substr(at + name.size()))) return reply_;
  }
}
