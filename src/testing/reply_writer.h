#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "testing/book.h"
#include "testing/channel.h"

namespace docupilot::inline v1::testing {

/// Writes to the client, and enters what was written.
void write_counted(Channel& client, Waker& waker, Book& book, std::size_t connection, std::string_view bytes);

/// Writes the replies to one request. A byte is sent and entered in the book in one step, so that a client that has
/// its reply finds it in the ledger.
class ReplyWriter {
 public:
  ReplyWriter(Channel& client, Waker& waker, Book& book, std::size_t request)
      : client_(client), waker_(waker), book_(book), request_(request) {}

  /// The status of the final reply, which stands in the ledger once its first byte is sent.
  void begin(int status) noexcept { status_ = status; }
  /// How many bytes of the final reply will be written next, and whether they are its last.
  void announce(std::uint64_t bytes, bool last);
  /// Some of what was announced.
  void write(std::string_view bytes);

 private:
  Channel& client_;
  Waker& waker_;
  Book& book_;
  std::size_t request_;
  int status_ = 0;
  std::uint64_t announced_ = 0;
  bool last_ = false;
};

}  // namespace docupilot::inline v1::testing
