#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "testing/book.h"
#include "testing/channel.h"

namespace docupilot::inline v1::testing {

/// Writes the replies to one request. A byte is sent and entered in the book in one step, so that a client that has
/// its reply finds it in the ledger.
class ReplyWriter {
 public:
  ReplyWriter(Channel& client, Waker& waker, Book& book, std::size_t request)
      : client_(client), waker_(waker), book_(book), request_(request) {}

  /// An interim reply: counts for the connection alone.
  void interim(std::string_view bytes);
  /// How many bytes of the final reply will be written next, and whether they are its last.
  void announce(std::uint64_t bytes, bool last);
  /// Some of what was announced.
  void write(std::string_view bytes);

 private:
  Channel& client_;
  Waker& waker_;
  Book& book_;
  std::size_t request_;
  std::uint64_t announced_ = 0;
  bool last_ = false;
};

}  // namespace docupilot::inline v1::testing
