#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace docupilot_test {

/// A port that answers no SYN: somebody listens there whose queue is full, and never takes anyone out of it.
class BlackHole {
 public:
  BlackHole() : sockets_{open()} {
    sockaddr_in address = at(0);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(sockets_[0], any, size) != 0 || ::listen(sockets_[0], 0) != 0 ||
        ::getsockname(sockets_[0], any, &size) != 0) {
      throw std::runtime_error("there is no port to listen on");
    }
    port_ = ::ntohs(address.sin_port);
    for (int i = 0; i < 100; ++i) {
      const int fd = open();
      sockets_.push_back(fd);
      static_cast<void>(::connect(fd, any, size));
      pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
      if (::poll(&wanted, 1, 200) == 0 && swallows()) return;
    }
    throw std::runtime_error("the queue does not fill");
  }
  ~BlackHole() {
    for (const int fd : sockets_) ::close(fd);
  }
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The last who knocked still waits for an answer to his SYN.
  [[nodiscard]] bool swallows() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    return ::getsockopt(sockets_.back(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_SYN_SENT;
  }

 private:
  static int open() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }
  static sockaddr_in at(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    address.sin_port = ::htons(port);
    return address;
  }

  std::vector<int> sockets_;
  std::uint16_t port_ = 0;
};

}  // namespace docupilot_test
