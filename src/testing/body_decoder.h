#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "testing/http_text.h"

namespace docupilot::inline v1::testing {

/// Follows a body on the wire and knows where it ends. Shares nothing with the library's own reader of bodies, which is
/// tested against it.
class BodyDecoder {
 public:
  explicit BodyDecoder(Framing framing);

  /// The last byte was taken. Never true for a body that ends with the connection.
  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
  /// What came is no chunked body. Takes everything from here on, since nobody knows where it ends.
  [[nodiscard]] bool broken() const noexcept { return state_ == State::broken; }
  [[nodiscard]] bool until_close() const noexcept { return state_ == State::rest; }
  /// Takes what belongs to the body from the front of `wire`, appends what it says to `content`, and returns how many
  /// bytes that were.
  std::size_t feed(std::string_view wire, std::string& content);

 private:
  enum class State { data, size_line, chunk_data, chunk_end, trailer, rest, done, broken };
  void end_line();

  State state_;
  std::uint64_t left_ = 0;
  std::string line_;
};

}  // namespace docupilot::inline v1::testing
