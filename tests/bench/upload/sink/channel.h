#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace sink {

/// Reads of a body no faster than so many bytes a second.
class Pace {
 public:
  explicit Pace(std::uint64_t rate) : rate_(rate), start_(std::chrono::steady_clock::now()) {}
  [[nodiscard]] bool limits() const noexcept { return rate_ > 0; }
  /// Waits until `count` more bytes may have come.
  void took(std::size_t count);

 private:
  std::uint64_t rate_;
  std::chrono::steady_clock::time_point start_;
  std::uint64_t taken_ = 0;
};

/// One connection's bytes, in the clear or through TLS. What was read beyond a head waits in a buffer.
class Channel {
 public:
  /// Takes the descriptor. `tls`: a session that has not shaken hands yet, or null.
  Channel(int fd, SSL* tls);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// The handshake, where there is one.
  [[nodiscard]] bool begin();

  /// The bytes that were read and not taken yet.
  [[nodiscard]] std::string_view ahead() const noexcept { return {buffer_.data() + taken_, filled_ - taken_}; }
  void take(std::size_t count) noexcept { taken_ += count; }
  /// Reads more behind them; false at the end of the connection, and when a head grows past 64 KiB.
  [[nodiscard]] bool read_ahead();

  /// Up to `size` bytes, those that wait first; 0 at the end.
  [[nodiscard]] std::size_t read(char* into, std::size_t size);
  /// Throws `count` bytes away: in the kernel, without a copy, where they are in the clear. False: it ended before.
  [[nodiscard]] bool discard(std::uint64_t count, Pace& pace);

  /// Bytes that have come and were not read.
  [[nodiscard]] std::uint64_t unread() const noexcept;

  [[nodiscard]] bool say(std::string_view text);
  /// Ends the connection with a reset, not an orderly close.
  void reset() noexcept;

 private:
  [[nodiscard]] long receive(char* into, std::size_t size);
  [[nodiscard]] bool discard_plain(std::uint64_t count, Pace& pace);
  void wake_at(std::size_t bytes);

  struct Free {
    void operator()(SSL* tls) const noexcept { SSL_free(tls); }
  };
  const int fd_;
  const std::unique_ptr<SSL, Free> tls_;
  std::vector<char> buffer_;
  std::size_t taken_ = 0;
  std::size_t filled_ = 0;
  std::size_t wake_at_ = 1;  // SO_RCVLOWAT
};

}  // namespace sink
