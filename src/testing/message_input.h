#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "testing/book.h"
#include "testing/channel.h"

namespace docupilot::inline v1::testing {

/// What comes in on a channel, kept until it is used.
class MessageInput {
 public:
  /// Bytes read are entered as received on `connection`, unless `book` is null.
  MessageInput(Channel& channel, Waker& waker, Book* book, std::size_t connection)
      : channel_(channel), waker_(waker), book_(book), connection_(connection) {}

  /// A whole header block; less at the connection's end, or when it passes 1 MiB without an end. Taken from the input.
  [[nodiscard]] std::string take_head();
  /// Reads at most `most` bytes, unless some are there already. False at the end.
  [[nodiscard]] bool fill(std::size_t most = 16U << 10U);
  [[nodiscard]] std::string_view waiting() const noexcept { return std::string_view(bytes_).substr(used_); }
  void use(std::size_t count);

 private:
  bool read_more(std::size_t most);

  Channel& channel_;
  Waker& waker_;
  Book* book_;
  std::size_t connection_;
  std::string bytes_;
  std::size_t used_ = 0;
};

}  // namespace docupilot::inline v1::testing
