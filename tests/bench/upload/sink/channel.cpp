#include "channel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

namespace sink {

namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;
constexpr std::size_t buffer_size = std::size_t{64} << 10U;

}  // namespace

void Pace::took(std::size_t count) {
  if (rate_ == 0) return;
  taken_ += count;
  const std::chrono::duration<double> due(static_cast<double>(taken_) / static_cast<double>(rate_));
  std::this_thread::sleep_until(start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(due));
}

Channel::Channel(int fd, SSL* tls) : fd_(fd), tls_(tls), buffer_(buffer_size) {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls_) SSL_set_fd(tls_.get(), fd_);
}

Channel::~Channel() { ::close(fd_); }

bool Channel::begin() { return tls_ == nullptr || SSL_accept(tls_.get()) == 1; }

long Channel::receive(char* into, std::size_t size) {
  if (tls_) return SSL_read(tls_.get(), into, static_cast<int>(std::min<std::size_t>(size, 1U << 30U)));
  for (;;) {
    const ssize_t count = ::recv(fd_, into, size, 0);
    if (count >= 0 || errno != EINTR) return count;
  }
}

bool Channel::read_ahead() {
  if (taken_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + taken_, filled_ - taken_);
    filled_ -= taken_;
    taken_ = 0;
  }
  if (filled_ == buffer_.size()) return false;
  wake_at(1);
  const long count = receive(buffer_.data() + filled_, buffer_.size() - filled_);
  if (count <= 0) return false;
  filled_ += static_cast<std::size_t>(count);
  return true;
}

std::size_t Channel::read(char* into, std::size_t size) {
  if (const std::size_t here = std::min(size, filled_ - taken_); here > 0) {
    std::memcpy(into, buffer_.data() + taken_, here);
    take(here);
    return here;
  }
  wake_at(1);
  return static_cast<std::size_t>(std::max(0L, receive(into, size)));
}

bool Channel::discard(std::uint64_t count, Pace& pace) {
  const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(count, filled_ - taken_));
  take(here);
  count -= here;
  if (!tls_) return discard_plain(count, pace);
  std::vector<char> hole(count == 0 ? 0 : 4 * buffer_size);
  while (count > 0) {
    const long gone = receive(hole.data(), static_cast<std::size_t>(std::min<std::uint64_t>(count, hole.size())));
    if (gone <= 0) return false;
    count -= static_cast<std::uint64_t>(gone);
    pace.took(static_cast<std::size_t>(gone));
  }
  return true;
}

// An eager receiver costs the sender time: each wake-up of it is billed there. So it sleeps until a MiB has come. It
// polls first, since a receive that took a part of what it waits for would not be woken for the rest.
bool Channel::discard_plain(std::uint64_t count, Pace& pace) {
  while (count > 0) {
    const std::uint64_t most = pace.limits() ? std::min<std::uint64_t>(count, mib / 4) : count;
    wake_at(static_cast<std::size_t>(std::min<std::uint64_t>(most, mib)));
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, -1) < 0 && errno != EINTR) return false;
    const ssize_t gone = ::recv(fd_, nullptr, static_cast<std::size_t>(most), MSG_TRUNC | MSG_DONTWAIT);
    if (gone < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (gone <= 0) return false;
    count -= static_cast<std::uint64_t>(gone);
    pace.took(static_cast<std::size_t>(gone));
  }
  return true;
}

void Channel::wake_at(std::size_t bytes) {
  if (tls_ || bytes == wake_at_) return;
  const int value = static_cast<int>(bytes);
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
  wake_at_ = bytes;
}

std::uint64_t Channel::unread() const noexcept {
  int waiting = 0;
  ::ioctl(fd_, FIONREAD, &waiting);
  return ahead().size() + static_cast<std::uint64_t>(waiting);
}

bool Channel::say(std::string_view text) {
  while (!text.empty()) {
    const long count = tls_ ? SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()))
                            : static_cast<long>(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void Channel::reset() noexcept {
  const linger gone{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &gone, sizeof gone);
}

}  // namespace sink
