#include "testing/fault_runner.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "testing/connection_ended.h"

namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;

namespace {

/// So that a long body is never copied whole.
constexpr std::size_t largest_piece = 64U << 10U;

}  // namespace

void FaultRunner::act(FaultGate& gate, const std::function<void()>& reply_early) {
  while (const Fault* due = gate.due()) {
    const Fault fault = *due;
    const std::uint64_t releases = waker_.releases();
    book_.fired(request_, fault);
    switch (fault.action) {
      case Fault::Action::reset: client_.flush(waker_); throw ConnectionEnded{Ending::reset};
      case Fault::Action::close: throw ConnectionEnded{Ending::closed};
      case Fault::Action::stall: waker_.stall(client_.fd(), releases); break;
      case Fault::Action::delay: waker_.sleep(fault.wait); break;
      case Fault::Action::reply_early:
        if (reply_early) reply_early();
        break;
      case Fault::Action::drip:
      case Fault::Action::flip: break;  // done by the gate as the bytes pass
    }
  }
}

void FaultRunner::pass(FaultGate& gate, std::string_view bytes, const std::function<void(std::string_view)>& deliver,
                       const std::function<void()>& reply_early) {
  while (!bytes.empty()) {
    act(gate, reply_early);
    const std::size_t most = std::min(bytes.size(), largest_piece);
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(most, gate.allowance()));
    std::string piece(bytes.substr(0, count));
    std::vector<Fault> flipped;
    gate.pass(piece, flipped);
    for (const Fault& fault : flipped) book_.fired(request_, fault);
    deliver(piece);
    bytes.remove_prefix(count);
    if (const auto pause = gate.take_pause(); pause.count() > 0) waker_.sleep(pause);
  }
}

}  // namespace docupilot::inline v1::testing
