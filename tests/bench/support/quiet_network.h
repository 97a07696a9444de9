#pragma once

#include <string>

/// Moves the program, which may have no threads yet, into a network of its own that has nothing but a loopback, and
/// where TCP sends without pacing (reno): otherwise a system that paces (bbr) adds timers that have nothing to do with
/// the client. Where that is not allowed the program stays where it is. Returns the congestion control in force.
std::string enter_quiet_network();
