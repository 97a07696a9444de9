#pragma once

#include <curl/curl.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <unordered_map>
#include <vector>

#include "http/curl_handle.h"

namespace docupilot::inline v1::http {

class CurlLoop;

/// The connections of one identity on one thread, and the transfers that use them: one multi handle of libcurl, driven
/// by the thread's io_context. libcurl shares connections within a multi handle by endpoint, and never between two of
/// them; TLS and proxy are the same for a whole transport. So nobody gets a connection of another identity, endpoint,
/// TLS set-up or proxy. Used by the loop's thread alone.
class CurlPool {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  /// A descriptor of libcurl's that the reactor watches: by a duplicate of our own, since libcurl 7.88 closes that of a
  /// connection that did not come about without telling, and another thread may have its number at once. That of a
  /// connection that stands stays registered until libcurl closes it through us, so that using it again costs nothing.
  struct Socket {
    Socket(CurlPool& owner, int number);
    ~Socket() { let_go(); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    void let_go() noexcept;

    boost::asio::posix::stream_descriptor descriptor;
    CurlPool* pool;
    int fd;          // libcurl's
    int wanted = 0;  // CURL_POLL_IN, CURL_POLL_OUT
    bool opened_by_us = false;
    bool waits_to_read = false;
    bool waits_to_write = false;
    bool gone = false;
  };
  using SocketPointer = std::shared_ptr<Socket>;
  /// By their numbers; one table for all pools of a loop, since a number has one owner at a time.
  using Sockets = std::unordered_map<int, SocketPointer>;

  /// `connections`: at most so many to one endpoint; 0: no limit.
  CurlPool(CurlLoop& loop, boost::asio::io_context& io, Sockets& sockets, const CurlSetup& setup, unsigned connections);
  /// No transfer may be left.
  virtual ~CurlPool();
  CurlPool(const CurlPool&) = delete;
  CurlPool& operator=(const CurlPool&) = delete;

  /// Lets libcurl begin. Errors: as CurlHandle::prepare. The transfer ends by CurlLoop::ended.
  [[nodiscard]] virtual Result<void> add(CurlTransfer& transfer);
  /// Takes the transfer out, whether it is through or not, and its handle back.
  virtual void remove(CurlTransfer& transfer);
  /// Goes on with a transfer that a callback had paused.
  virtual void unpause(CurlTransfer& transfer);
  /// Lets go of what is not used for too long; when to be called again.
  [[nodiscard]] virtual Moment tidy(Moment /*now*/) { return Moment::max(); }

  [[nodiscard]] bool idle() const noexcept { return transfers_ == 0; }
  [[nodiscard]] Moment last_used() const noexcept { return last_used_; }

  /// For a connection; CURL_SOCKET_BAD when the system refuses.
  [[nodiscard]] curl_socket_t open_socket(const curl_sockaddr& address);
  static int on_close_socket(void* self, curl_socket_t fd);
  [[nodiscard]] CURLM* multi() const noexcept { return multi_; }
  /// Sessions of TLS, which later connections go on with. libcurl 7.88 would keep them for one handle alone.
  [[nodiscard]] CURLSH* sessions() const noexcept { return sessions_.get(); }

 protected:
  /// libcurl is through with what it was given.
  virtual void done(CurlHandle& handle, CURLcode result);
  /// Does what libcurl wants done at once, and hands out the transfers that are through. After every call into it.
  void settle();
  void settle_soon();
  void count_in() noexcept { ++transfers_; }
  void count_out();

  CurlLoop& loop_;
  boost::asio::io_context& io_;
  const CurlSetup& setup_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is posted

 private:
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* of_socket);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  void forget(int fd);
  void watch(const SocketPointer& socket);
  void ready(const SocketPointer& socket, int events);
  void arm_timer();
  void timer_fired();
  [[nodiscard]] std::unique_ptr<CurlHandle> take_handle(CheckedRequest::Shape shape);

  struct CleanUp {
    void operator()(CURLSH* sessions) const noexcept { curl_share_cleanup(sessions); }
  };

  CURLM* multi_;
  std::unique_ptr<CURLSH, CleanUp> sessions_;
  Sockets& sockets_;
  std::array<std::vector<std::unique_ptr<CurlHandle>>, 3> spare_handles_;  // by shape
  boost::asio::steady_timer timer_;
  Moment due_ = Moment::max();    // when libcurl wants to be called
  Moment armed_ = Moment::max();  // when the timer fires; it may be before that
  bool due_now_ = false;
  bool settling_ = false;
  std::size_t transfers_ = 0;
  Moment last_used_;
};

}  // namespace docupilot::inline v1::http
