#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "testing/channel.h"
#include "testing/fault_gate.h"

namespace docupilot::inline v1::testing {

/// Does to a client's connection what gates say is due.
class FaultRunner {
 public:
  /// `enter` is called with each fault as it acts, before its effect can be seen.
  FaultRunner(Channel& client, Waker& waker, std::function<void(const Fault&)> enter)
      : client_(client), waker_(waker), enter_(std::move(enter)) {}

  /// Lets every fault act that is due at `gate`. Throws ConnectionEnded for those that end the connection.
  void act(FaultGate& gate, const std::function<void()>& reply_early = {});
  /// Hands `bytes` to `deliver`, piece by piece, with what is due in between, but not with what is due at their end.
  void pass(FaultGate& gate, std::string_view bytes, const std::function<void(std::string_view)>& deliver,
            const std::function<void()>& reply_early = {});

 private:
  Channel& client_;
  Waker& waker_;
  std::function<void(const Fault&)> enter_;
};

}  // namespace docupilot::inline v1::testing
