#include "interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "output.h"

namespace docupilot_command {

namespace {

// All that a signal handler may touch.
std::atomic<int> signals_seen = 0;
int pipe_ends[2] = {-1, -1};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int) {
  const int saved = errno;
  if (signals_seen.fetch_add(1) > 0) {
    const std::string_view codes = Output::mend_terminal();
    [[maybe_unused]] const ssize_t shown = write(STDERR_FILENO, codes.data(), codes.size());
    _exit(130);
  }
  const char byte = 's';
  [[maybe_unused]] const ssize_t told = write(pipe_ends[1], &byte, 1);
  errno = saved;
}

void handle(int signal_number) {
  struct sigaction before{};
  if (sigaction(signal_number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) return;
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(signal_number, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return;  // without it a signal ends the program as usual
  watcher_ = std::thread([this] {
    char byte = 0;
    ssize_t got = -1;
    do got = read(pipe_ends[0], &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1 && byte == 's') stop_.request_stop();
  });
  handle(SIGINT);
  handle(SIGTERM);
}

Interrupt::~Interrupt() {
  if (!watcher_.joinable()) return;
  const char byte = 'e';
  [[maybe_unused]] const ssize_t told = write(pipe_ends[1], &byte, 1);
  watcher_.join();
}

bool Interrupt::happened() const { return signals_seen.load() > 0; }

}  // namespace docupilot_command
