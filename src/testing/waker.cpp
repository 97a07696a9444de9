#include "testing/waker.h"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "testing/connection_ended.h"

namespace docupilot::inline v1::testing {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void Control::stop() {
  stopping_ = true;
  const std::lock_guard lock(mutex_);
  for (Waker* waker : wakers_) waker->nudge();
}

void Control::release() {
  ++releases_;
  const std::lock_guard lock(mutex_);
  for (Waker* waker : wakers_) waker->nudge();
}

Waker::Waker(Control& control) : control_(control), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  const std::lock_guard lock(control_.mutex_);
  control_.wakers_.insert(this);
}

Waker::~Waker() {
  {
    const std::lock_guard lock(control_.mutex_);
    control_.wakers_.erase(this);
  }
  ::close(event_);
}

void Waker::check() const {
  if (control_.stopping() || interrupted_) throw ConnectionEnded{RecordedConnection::Ending::stopped};
}

bool Waker::wait(int fd, short events, milliseconds timeout) {
  const bool limited = timeout.count() >= 0;
  const auto until = steady_clock::now() + (limited ? timeout : milliseconds(0));
  for (;;) {
    check();
    int left = -1;
    if (limited) {
      // Rounded up: a wait is never shorter than what was asked for.
      const auto rest = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
      left = static_cast<int>(rest > 0 ? rest : 0);
    }
    pollfd entries[] = {{.fd = event_, .events = POLLIN, .revents = 0}, {.fd = fd, .events = events, .revents = 0}};
    const int count = ::poll(entries, fd < 0 ? 1 : 2, left);
    if (count < 0 && errno != EINTR) throw ConnectionEnded{RecordedConnection::Ending::failed, "poll"};
    if (count < 0) continue;
    if (entries[0].revents != 0) {
      std::uint64_t ignored = 0;
      [[maybe_unused]] const auto got = ::read(event_, &ignored, sizeof ignored);
      check();
      return entries[1].revents != 0;
    }
    return entries[1].revents != 0;
  }
}

void Waker::sleep(milliseconds time) {
  const auto until = steady_clock::now() + time;
  for (auto now = steady_clock::now(); now < until; now = steady_clock::now()) {
    wait(-1, 0, std::chrono::ceil<milliseconds>(until - now));
  }
}

void Waker::stall(int fd, std::uint64_t before) {
  while (control_.releases() == before) {
    if (wait(fd, POLLRDHUP)) throw ConnectionEnded{RecordedConnection::Ending::left};
  }
}

void Waker::nudge() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(event_, &one, sizeof one);
}

void Waker::interrupt() noexcept {
  interrupted_ = true;
  nudge();
}

}  // namespace docupilot::inline v1::testing
