// in_quiet_network PROGRAM ARGUMENT...: runs a program in a network of its own with nothing but a loopback, and where
// TCP does not pace (see quiet_network.h); in the one it has where that is not allowed. The program finds what is in
// force in DOCUPILOT_BENCH_CONGESTION.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/support/quiet_network.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: in_quiet_network PROGRAM [ARGUMENT...]\n", stderr);
    return 125;
  }
  ::setenv("DOCUPILOT_BENCH_CONGESTION", enter_quiet_network().c_str(), 1);
  ::execvp(argv[1], argv + 1);
  std::perror(argv[1]);
  return 125;
}
