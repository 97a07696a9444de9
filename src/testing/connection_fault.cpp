#include "testing/connection_fault.h"

#include <algorithm>
#include <vector>

#include "testing/connection_ended.h"

namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;

void act_on_connection(const Fault& fault, Channel& client, std::size_t connection, Waker& waker, Book& book) {
  std::vector<char> room(4096);
  for (std::uint64_t left = fault.at; left > 0;) {
    const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(left, room.size()));
    const std::size_t count = client.read(room.data(), most, waker);
    if (count == 0) throw ConnectionEnded{Ending::left};
    book.received(connection, count);
    left -= count;
  }
  const std::uint64_t releases = waker.releases();
  book.fired_on_connection(connection, fault);
  switch (fault.action) {
    case Fault::Action::reset: throw ConnectionEnded{Ending::reset};
    case Fault::Action::close: throw ConnectionEnded{Ending::closed};
    case Fault::Action::stall: waker.stall(client.fd(), releases); break;
    case Fault::Action::delay: waker.sleep(fault.wait); break;
    case Fault::Action::drip:
    case Fault::Action::flip:
    case Fault::Action::reply_early: break;
  }
}

}  // namespace docupilot::inline v1::testing
