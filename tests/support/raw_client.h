#pragma once

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace docupilot_test {

/// A TCP client without any manners: sends what it is told, and tells how the connection ended.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    address.sin_port = ::htons(port);
    // Against a hanging test: no read or write of these tests takes that long.
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the connection broke before everything was taken.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  /// Reads until `text` stands at the end of what came, or the connection ends.
  std::string read_until(std::string_view text) {
    std::string got;
    for (char c = 0; !got.ends_with(text) && read(&c, 1) == 1;) got += c;
    return got;
  }
  /// Reads that many bytes, or fewer when the connection ends.
  std::string read_bytes(std::size_t count) {
    std::string got(count, '\0');
    std::size_t have = 0;
    while (have < count) {
      const ssize_t some = read(got.data() + have, count - have);
      if (some <= 0) break;
      have += static_cast<std::size_t>(some);
    }
    got.resize(have);
    return got;
  }
  /// Reads to the end, whatever that is.
  std::string read_all() {
    std::string got;
    char room[4096];
    for (ssize_t count = 0; (count = read(room, sizeof room)) > 0;) got.append(room, static_cast<std::size_t>(count));
    return got;
  }
  /// A reply with a Content-Length, or without a body.
  std::string read_reply() {
    std::string head = read_until("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? head : head + read_bytes(std::stoul(head.substr(at + 16)));
  }
  std::string ask(std::string_view request) {
    send(request);
    return read_reply();
  }

  /// How the last read ended: 0 for bytes or FIN, else its errno; ECONNRESET for RST.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] bool at_end() const { return at_end_; }
  [[nodiscard]] int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  ssize_t read(char* into, std::size_t most) {
    const ssize_t count = ::recv(fd_, into, most, 0);
    error_ = count < 0 ? errno : 0;
    at_end_ = count == 0;
    return count;
  }

  int fd_;
  int error_ = 0;
  bool at_end_ = false;
};

}  // namespace docupilot_test
