#pragma once

#include <cstdint>
#include <string_view>

#include <docupilot/http/transport.h>

namespace docupilot::inline v1::http {

/// Reads the header block of a reply, line by line, and decides how the end of its body is known. It is stricter than
/// libcurl, which calls a reply whole that was cut in its header block, and takes the last of two lengths.
class ReplyHead {
 public:
  enum class Framing {
    none,         ///< No body can follow: HEAD, 204, 304.
    length,       ///< Content-Length.
    chunked,      ///< Transfer-Encoding: chunked.
    until_close,  ///< The end of the connection, which is also what a cut looks like.
  };

  /// Forgets what it read. `limit`: of the bytes of all header blocks together, 0 for none.
  void start(bool to_head_request, std::uint64_t limit);
  /// Takes one line, its end included. Errors: corrupted, too_large.
  [[nodiscard]] Result<void> line(std::string_view line);

  /// A status line came in.
  [[nodiscard]] bool begun() const noexcept { return begun_; }
  /// The blank line that ends the block came in, and it was no interim (1xx) reply.
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  [[nodiscard]] int status() const noexcept { return status_; }
  /// The status of the last interim reply (1xx), 0 before one.
  [[nodiscard]] int interim() const noexcept { return interim_; }
  [[nodiscard]] bool success() const noexcept { return status_ >= 200 && status_ < 300; }
  [[nodiscard]] Framing framing() const noexcept { return framing_; }
  [[nodiscard]] std::uint64_t length() const noexcept { return length_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] Headers& headers() noexcept { return headers_; }
  /// The connection may be used for another request when this reply is whole (RFC 9112, 9.3).
  [[nodiscard]] bool keeps_connection() const noexcept { return keeps_connection_ && framing_ != Framing::until_close; }

 private:
  [[nodiscard]] Result<void> status_line(std::string_view line);
  [[nodiscard]] Result<void> field(std::string_view line);
  [[nodiscard]] Result<void> end();

  Headers headers_;
  std::uint64_t limit_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t length_ = 0;
  int status_ = 0;
  int interim_ = 0;
  Framing framing_ = Framing::until_close;
  bool to_head_request_ = false;
  bool begun_ = false;
  bool complete_ = false;
  bool has_length_ = false;
  bool is_chunked_ = false;
  bool keeps_connection_ = false;
};

}  // namespace docupilot::inline v1::http
