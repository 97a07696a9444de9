#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace docupilot::inline v1::http {

/// Follows the chunked coding of a reply's body (RFC 9112, 7.1), however its bytes are cut into pieces. Trailers are
/// passed over, up to 64 KiB of them.
class ChunkedBody {
 public:
  /// What the front of the given bytes is: `taken` bytes of frame, and behind them `content`.
  struct Piece {
    std::size_t taken = 0;
    std::string_view content;
  };

  /// Empty-handed only at the end of `bytes`, at the end of the body, or where it is broken.
  [[nodiscard]] Piece next(std::string_view bytes);
  /// The last byte was taken.
  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
  /// This is no chunked body.
  [[nodiscard]] bool broken() const noexcept { return state_ == State::broken; }

 private:
  enum class State { size_line, content, content_end, trailer, done, broken };
  void end_line();

  State state_ = State::size_line;
  std::uint64_t left_ = 0;    // of the chunk
  std::size_t trailers_ = 0;  // bytes
  std::string line_;
};

}  // namespace docupilot::inline v1::http
