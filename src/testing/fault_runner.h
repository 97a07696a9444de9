#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "testing/book.h"
#include "testing/channel.h"
#include "testing/fault_gate.h"

namespace docupilot::inline v1::testing {

/// Does what gates say is due, for one request on one connection, and enters it in the book.
class FaultRunner {
 public:
  FaultRunner(Channel& client, Waker& waker, Book& book, std::size_t request)
      : client_(client), waker_(waker), book_(book), request_(request) {}

  /// Lets every fault act that is due at `gate`. Throws ConnectionEnded for those that end the connection.
  void act(FaultGate& gate, const std::function<void()>& reply_early = {});
  /// Hands `bytes` to `deliver`, piece by piece, with what is due in between, but not with what is due at their end.
  void pass(FaultGate& gate, std::string_view bytes, const std::function<void(std::string_view)>& deliver,
            const std::function<void()>& reply_early = {});

 private:
  Channel& client_;
  Waker& waker_;
  Book& book_;
  std::size_t request_;
};

}  // namespace docupilot::inline v1::testing
