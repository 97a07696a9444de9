#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "testing/book.h"
#include "testing/channel.h"
#include "testing/waker.h"

namespace docupilot::inline v1::testing {

/// Accepts connections on a free port of 127.0.0.1, and serves each on a thread of its own.
class Listener {
 public:
  /// Serves one connection: returns or throws ConnectionEnded when it is over. It may throw anything else as well,
  /// which is entered as `failed`.
  using Serve = std::function<void(Channel& client, std::size_t connection, Waker& waker)>;

  /// Listens from now on; nothing is accepted before `start`. Throws std::system_error.
  Listener(std::shared_ptr<Book> book, int receive_buffer);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start(Serve serve);
  /// Ends every connection and joins every thread. Any number of times.
  void stop();
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] Control& control() noexcept { return control_; }

 private:
  struct Worker {
    std::thread thread;
    std::atomic<bool> done{false};
  };
  void accept_all();
  void serve_one(int fd);
  void reap();

  std::shared_ptr<Book> book_;
  Control control_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  Serve serve_;
  std::thread acceptor_;
  std::mutex stop_mutex_;
  std::list<Worker> workers_;  // of the acceptor's thread, until that is joined
};

}  // namespace docupilot::inline v1::testing
