#include "testing/channel.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "testing/connection_ended.h"
#include "testing/tls_context.h"

namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;
using std::chrono::milliseconds;

namespace {

struct FreeAddresses {
  void operator()(addrinfo* first) const noexcept { ::freeaddrinfo(first); }
};

std::unique_ptr<addrinfo, FreeAddresses> resolve(const char* host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (const int failed = ::getaddrinfo(host, std::to_string(port).c_str(), &wanted, &first); failed != 0) {
    throw ConnectionEnded{Ending::unreachable, ::gai_strerror(failed)};
  }
  return std::unique_ptr<addrinfo, FreeAddresses>(first);
}

}  // namespace

Channel::Channel(int fd) : fd_(fd) {
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Channel::~Channel() {
  if (fd_ >= 0) ::close(fd_);
}

std::unique_ptr<Channel> Channel::connect(const char* host, std::uint16_t port, Waker& waker) {
  const auto addresses = resolve(host, port);
  std::string why = "no address";
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    const int fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) throw ConnectionEnded{Ending::unreachable, std::strerror(errno)};
    auto channel = std::make_unique<Channel>(fd);
    int failed = ::connect(fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (failed == EINPROGRESS) {
      waker.wait(fd, POLLOUT);
      socklen_t size = sizeof failed;
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
    }
    if (failed == 0) return channel;
    why = std::strerror(failed);
  }
  throw ConnectionEnded{Ending::unreachable, why};
}

Channel::Step Channel::try_tls(const std::function<int()>& call, std::size_t& count, short& events) {
  const std::lock_guard lock(tls_mutex_);
  ERR_clear_error();
  const int result = call();
  if (result > 0) {
    count = static_cast<std::size_t>(result);
    return Step::done;
  }
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ: events = POLLIN; return Step::again;
    case SSL_ERROR_WANT_WRITE: events = POLLOUT; return Step::again;
    default: return Step::ended;
  }
}

void Channel::accept_tls(SSL_CTX* context, Waker& waker) {
  tls_.reset(SSL_new(context));
  if (!tls_ || SSL_set_fd(tls_.get(), fd_) != 1) throw ConnectionEnded{Ending::tls_failed, take_tls_error()};
  for (;;) {
    std::size_t ignored = 0;
    short events = 0;
    switch (try_tls([&] { return SSL_accept(tls_.get()); }, ignored, events)) {
      case Step::done: return;
      case Step::again: waker.wait(fd_, events); break;
      case Step::ended: throw ConnectionEnded{Ending::tls_failed, take_tls_error()};
    }
  }
}

std::size_t Channel::read(char* into, std::size_t most, Waker& waker) {
  for (;;) {
    short events = POLLIN;
    if (tls_) {
      std::size_t count = 0;
      const int room = static_cast<int>(std::min<std::size_t>(most, 1U << 20U));
      switch (try_tls([&] { return SSL_read(tls_.get(), into, room); }, count, events)) {
        case Step::done: return count;
        case Step::ended: return 0;
        case Step::again: break;
      }
    } else {
      const ssize_t count = ::recv(fd_, into, most, 0);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        throw ConnectionEnded{Ending::broken, std::strerror(errno)};
      }
    }
    waker.wait(fd_, events);
  }
}

std::size_t Channel::write_some(std::string_view bytes, short& events) {
  events = POLLOUT;
  if (tls_) {
    std::size_t count = 0;
    const int some = static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20U));
    const Step step = try_tls([&] { return SSL_write(tls_.get(), bytes.data(), some); }, count, events);
    if (step == Step::ended) throw ConnectionEnded{Ending::broken, "TLS broke while writing"};
    return count;
  }
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  throw ConnectionEnded{Ending::broken, std::strerror(errno)};
}

void Channel::write(std::string_view bytes, Waker& waker) {
  while (!bytes.empty()) {
    short events = 0;
    const std::size_t count = write_some(bytes, events);
    bytes.remove_prefix(count);
    if (count == 0) waker.wait(fd_, events);
  }
}

bool Channel::has_pending() {
  if (!tls_) return false;
  const std::lock_guard lock(tls_mutex_);
  return SSL_pending(tls_.get()) > 0;
}

void Channel::flush(Waker& waker) {
  // The loopback interface delivers at once, unless the reader has no room left.
  for (int round = 0; round < 50; ++round) {
    int unsent = 0;
    if (::ioctl(fd_, SIOCOUTQ, &unsent) != 0 || unsent == 0) return;
    waker.sleep(milliseconds(1));
  }
}

void Channel::reset() noexcept {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(fd_);
  fd_ = -1;
}

void Channel::end_writing() noexcept { ::shutdown(fd_, SHUT_WR); }

void Channel::finish(Waker& waker, bool polite) {
  if (tls_ && polite) {
    const std::lock_guard lock(tls_mutex_);
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  end_writing();
  // A socket that is closed while bytes wait in it sends RST, and the client may lose what it was sent before.
  char ignored[16U << 10U];
  for (;;) {
    const ssize_t count = ::recv(fd_, ignored, sizeof ignored, 0);
    if (count == 0) return;
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return;
    if (count < 0) waker.wait(fd_, POLLIN);
  }
}

}  // namespace docupilot::inline v1::testing
