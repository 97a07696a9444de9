#pragma once

#include <cstddef>

#include <docupilot/testing/fault.h>

#include "testing/book.h"
#include "testing/channel.h"

namespace docupilot::inline v1::testing {

/// Takes `fault.at` bytes from a new connection, as they are on the wire, and does to it what the fault says. Returns
/// only from a stall that was released or a delay.
void act_on_connection(const Fault& fault, Channel& client, std::size_t connection, Waker& waker, Book& book);

}  // namespace docupilot::inline v1::testing
