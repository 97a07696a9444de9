#include "testing/listener.h"

#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testing/connection_ended.h"

namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;

namespace {

[[noreturn]] void refuse(int fd, const char* call) {
  const int why = errno;
  if (fd >= 0) ::close(fd);
  throw std::system_error(why, std::generic_category(), call);
}

/// OpenSSL writes without MSG_NOSIGNAL. A signal that a thread brings upon itself stays with that thread.
void block_broken_pipe() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

Listener::Listener(std::shared_ptr<Book> book, int receive_buffer) : book_(std::move(book)) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) refuse(fd_, "socket");
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);  // NOLINT: as the calls want it
  if (::bind(fd_, any, size) != 0) refuse(fd_, "bind");
  if (::listen(fd_, SOMAXCONN) != 0) refuse(fd_, "listen");
  if (::getsockname(fd_, any, &size) != 0) refuse(fd_, "getsockname");
  port_ = ::ntohs(address.sin_port);
}

Listener::~Listener() {
  stop();
  ::close(fd_);
}

void Listener::start(Serve serve) {
  serve_ = std::move(serve);
  acceptor_ = std::thread([this] { accept_all(); });
}

void Listener::stop() {
  const std::lock_guard lock(stop_mutex_);
  control_.stop();
  if (acceptor_.joinable()) acceptor_.join();
  for (Worker& worker : workers_) worker.thread.join();
  workers_.clear();
  // Whoever connects from now on is refused, rather than left waiting in the queue.
  ::shutdown(fd_, SHUT_RDWR);
}

void Listener::accept_all() {
  try {
    Waker waker(control_);
    for (;;) {
      waker.wait(fd_, POLLIN);
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) {
        // Out of descriptors: those waiting stay in the queue until a connection ends.
        if (errno == EMFILE || errno == ENFILE) waker.sleep(std::chrono::milliseconds(10));
        continue;
      }
      reap();
      Worker& worker = workers_.emplace_back();
      try {
        worker.thread = std::thread([this, fd, &worker] {
          serve_one(fd);
          worker.done = true;
        });
      } catch (...) {
        ::close(fd);
        workers_.pop_back();
        throw;
      }
    }
  } catch (const ConnectionEnded&) {
    return;
  } catch (const std::exception&) {
    return;  // no thread or descriptor left for the server itself: its clients wait, and their time limits tell
  }
}

void Listener::serve_one(int fd) {
  block_broken_pipe();
  Channel client(fd);
  const std::size_t number = book_->connect();
  try {
    Waker waker(control_);
    ConnectionEnded end{Ending::left};
    try {
      serve_(client, number, waker);
    } catch (ConnectionEnded& ended) {
      end = std::move(ended);
    }
    if (end.how == Ending::reset || end.how == Ending::unreachable) client.reset();
    // Entered before what is still to come in is thrown away, which lasts as long as the client likes.
    book_->ended(number, end.how, end.note);
    if (end.how == Ending::closed || end.how == Ending::tls_failed) client.finish(waker, end.polite);
  } catch (const ConnectionEnded&) {
    return;  // stopped while finishing
  } catch (const std::exception& thrown) {
    book_->ended(number, Ending::failed, thrown.what());
  } catch (...) {
    book_->ended(number, Ending::failed, "something that is no std::exception");
  }
}

void Listener::reap() {
  workers_.remove_if([](Worker& worker) {
    if (!worker.done) return false;
    worker.thread.join();
    return true;
  });
}

}  // namespace docupilot::inline v1::testing
