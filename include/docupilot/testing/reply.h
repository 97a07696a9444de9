#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace docupilot::inline v1::testing {

/// A header field, spelled as on the wire.
using Field = std::pair<std::string, std::string>;

/// A canned reply. Nothing is checked: it goes out as it is said, sense or not.
struct Reply {
  /// How the end of the body is told. What is told goes into the header block by itself, as the last field, unless
  /// `headers` holds it already. Replies to HEAD, and 1xx, 204 and 304, have no body.
  enum class Framing {
    length,       ///< Content-Length.
    chunked,      ///< Transfer-Encoding: chunked, in chunks of `chunk` bytes.
    until_close,  ///< Nothing is told; the connection is closed after the last byte.
    untold,       ///< Nothing is told or done: `headers` say what they say.
  };
  /// Blanks in front of the body, `wait` after each, as a server sends them while it is still at work.
  struct Whitespace {
    std::uint64_t bytes = 0;
    std::chrono::milliseconds wait{0};
  };

  int status = 200;
  std::string reason = {};  ///< "" for the usual words.
  std::vector<Field> headers = {};
  std::string body = {};
  Framing framing = Framing::length;
  std::size_t chunk = 8192;
  Whitespace whitespace = {};
  /// Sent instead of all of the above, byte for byte: garbage, HTTP/0.9, two lengths, half a header block.
  std::optional<std::string> raw = {};

  /// A reply that is these bytes and nothing else.
  [[nodiscard]] static Reply verbatim(std::string bytes) {
    Reply reply;
    reply.raw = std::move(bytes);
    return reply;
  }
};

}  // namespace docupilot::inline v1::testing
