#pragma once

#include <cstdint>

/// Counts what this program and all its libraries allocate: malloc and its kin are defined here in place of glibc's.
/// Off until it is started, so that it costs nothing while time is measured.
namespace malloc_count {

void start();
/// Since `start`, on all threads.
std::uint64_t stop();

}  // namespace malloc_count
