#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "channel.h"
#include "request.h"

namespace sink {

/// The bytes of one request's body, without the framing of HTTP itself (RFC 9112, 7.1).
class Body {
 public:
  Body(Channel& channel, const Request& request, std::uint64_t rate);

  /// Up to `size` bytes; 0 at the end, and when the connection ends before: `complete` tells which.
  [[nodiscard]] std::size_t read(char* into, std::size_t size);
  /// All of what is left, up to `limit` bytes.
  [[nodiscard]] std::string read_all(std::size_t limit);
  /// Throws `count` bytes away, or all that are left when there are fewer. False: the connection ended.
  [[nodiscard]] bool discard(std::uint64_t count);

  [[nodiscard]] bool complete() const noexcept { return ended_; }
  /// Bytes read so far, framing of HTTP left out.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

 private:
  [[nodiscard]] bool next_chunk();
  [[nodiscard]] bool read_line(std::string& line);
  void took(std::uint64_t count);

  Channel& channel_;
  Pace pace_;
  const bool chunked_;
  bool first_chunk_ = true;
  bool ended_ = false;
  std::uint64_t rest_ = 0;  // of the body, or of the chunk that is being read
  std::uint64_t taken_ = 0;
};

}  // namespace sink
