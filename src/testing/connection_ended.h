#pragma once

#include <string>
#include <utility>

#include <docupilot/testing/ledger.h>

namespace docupilot::inline v1::testing {

/// Thrown through the thread of a connection when there is nothing more to do on it; caught where the thread began.
struct ConnectionEnded {
  RecordedConnection::Ending how;
  std::string note = {};
};

}  // namespace docupilot::inline v1::testing
