#pragma once

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/raw_client.h"

namespace docupilot_test {

/// A proxy that opens a tunnel to one port of this machine whatever it is asked for, and cuts the first tunnels after
/// so many bytes that came back through them.
class TunnelProxy {
 public:
  TunnelProxy(std::uint16_t origin, std::vector<std::size_t> cuts) : origin_(origin), cuts_(std::move(cuts)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, any, &size) != 0) {
      throw std::runtime_error("there is no port to listen on");
    }
    port_ = ::ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TunnelProxy() {
    stopped_ = true;
    acceptor_.join();
    for (std::thread& one : tunnels_) one.join();
    ::close(listener_);
  }
  TunnelProxy(const TunnelProxy&) = delete;
  TunnelProxy& operator=(const TunnelProxy&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The header blocks of the requests for a tunnel.
  [[nodiscard]] std::vector<std::string> heads() const {
    const std::lock_guard lock(mutex_);
    return heads_;
  }
  [[nodiscard]] int cuts_made() const { return cuts_made_; }

 private:
  [[nodiscard]] bool readable(int fd) const {
    pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
    while (!stopped_) {
      if (::poll(&wanted, 1, 20) > 0) return true;
    }
    return false;
  }
  void accept_all() {
    for (std::size_t number = 0; readable(listener_); ++number) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const std::size_t cut = number < cuts_.size() ? cuts_[number] : SIZE_MAX;
      tunnels_.emplace_back([this, fd, cut] {
        serve(fd, cut);
        ::close(fd);
      });
    }
  }
  void serve(int client, std::size_t cut) {
    std::string head;
    for (char c = 0; !head.ends_with("\r\n\r\n"); head += c) {
      if (!readable(client) || ::recv(client, &c, 1, 0) != 1) return;
    }
    {
      const std::lock_guard lock(mutex_);
      heads_.push_back(head);
    }
    send_all(client, "HTTP/1.1 200 Connection established\r\n\r\n");
    const RawClient origin(origin_);
    std::size_t came = 0;
    while (!stopped_) {
      if (came >= cut) {
        ++cuts_made_;
        return;
      }
      pollfd both[2] = {{.fd = client, .events = POLLIN, .revents = 0},
                        {.fd = origin.fd(), .events = POLLIN, .revents = 0}};
      if (::poll(both, 2, 20) <= 0) continue;
      char room[4096];
      if (both[0].revents != 0) {
        const ssize_t count = ::recv(client, room, sizeof room, 0);
        if (count <= 0 || !origin.send({room, static_cast<std::size_t>(count)})) return;
      }
      if (both[1].revents != 0) {
        const ssize_t count = ::recv(origin.fd(), room, std::min(sizeof room, cut - came), 0);
        if (count <= 0 || !send_all(client, {room, static_cast<std::size_t>(count)})) return;
        came += static_cast<std::size_t>(count);
      }
    }
  }
  static bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  const std::uint16_t origin_;
  const std::vector<std::size_t> cuts_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopped_ = false;
  std::atomic<int> cuts_made_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> heads_;
  std::thread acceptor_;
  std::vector<std::thread> tunnels_;  // of the acceptor, until it was joined
};

}  // namespace docupilot_test
