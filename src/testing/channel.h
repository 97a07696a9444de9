#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include <openssl/ssl.h>

#include "testing/waker.h"

namespace docupilot::inline v1::testing {

struct FreeTls {
  void operator()(SSL* tls) const noexcept { SSL_free(tls); }
};

/// One end of a TCP connection, plain or TLS. One thread may read while another writes; every wait is in a Waker, and
/// every failure and every end but that of `read` is a ConnectionEnded.
class Channel {
 public:
  /// Takes the connected socket.
  explicit Channel(int fd);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// A connection to a numeric IPv4 address or a name of this machine. Throws `unreachable`.
  [[nodiscard]] static std::unique_ptr<Channel> connect(const char* host, std::uint16_t port, Waker& waker);

  /// The server's side of the handshake. Throws `tls_failed`.
  void accept_tls(SSL_CTX* context, Waker& waker);

  /// At least one byte, or 0 at the end.
  [[nodiscard]] std::size_t read(char* into, std::size_t most, Waker& waker);
  void write(std::string_view bytes, Waker& waker);
  /// Writes what the system takes at once. For 0, `events` are what to wait for.
  [[nodiscard]] std::size_t write_some(std::string_view bytes, short& events);
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Whether bytes are waiting inside TLS, where a poll of `fd` does not see them.
  [[nodiscard]] bool has_pending();

  /// Waits, for at most 50 ms, until the other side's system has everything that was written.
  void flush(Waker& waker);
  /// Closes with RST. No other thread may be using the channel; nothing but destruction may follow.
  void reset() noexcept;
  /// Closes with FIN, saying goodbye in TLS when `polite`, and throws away what still comes, until the other side
  /// closes as well.
  void finish(Waker& waker, bool polite);
  /// FIN alone: nothing more is written.
  void end_writing() noexcept;

 private:
  enum class Step { done, ended, again };
  /// Runs an SSL call; where it has to wait, tells for what.
  Step try_tls(const std::function<int()>& call, std::size_t& count, short& events);

  int fd_;
  std::mutex tls_mutex_;  // OpenSSL's connections are for one thread at a time
  std::unique_ptr<SSL, FreeTls> tls_;
};

}  // namespace docupilot::inline v1::testing
