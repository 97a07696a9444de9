#include "http/wire_socket.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/try.h"
#include "http/curl_transfer.h"
#include "http/wire_pool.h"

namespace docupilot::inline v1::http {

namespace {

using Moved = WireSocket::Moved;

Moved moved_of(CURLcode result) noexcept {
  return result == CURLE_OK ? Moved::some : result == CURLE_AGAIN ? Moved::none : Moved::closed;
}

Moved moved_of(ssize_t result, std::size_t& count) noexcept {
  if (result < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Moved::none : Moved::closed;
  count = static_cast<std::size_t>(result);
  return Moved::some;
}

}  // namespace

WireSocket::WireSocket(WirePool& pool, boost::asio::io_context& io, const CurlSetup& setup, bool is_secure)
    : pool_(pool), handle_(setup, pool, CheckedRequest::Shape::connection), is_secure_(is_secure), descriptor_(io) {}

Result<void> WireSocket::open(CurlTransfer& transfer) {
  DOCUPILOT_CHECK(handle_.prepare(transfer.request(), transfer.checked(), transfer));
  if (curl_multi_add_handle(pool_.multi(), handle_.get()) != CURLM_OK) {
    return Error(ErrorCode::exhausted, "there is no memory for a connection");
  }
  is_open_ = true;
  return {};
}

Result<void> WireSocket::opened() {
  handle_.release();
  curl_socket_t number = CURL_SOCKET_BAD;
  curl_easy_getinfo(handle_.get(), CURLINFO_ACTIVESOCKET, &number);
  if (number == CURL_SOCKET_BAD) {
    return Error(ErrorCode::unavailable, "the connection was lost at once").hint("connection: try again");
  }
  const int own = ::fcntl(number, F_DUPFD_CLOEXEC, 0);
  boost::system::error_code problem;
  if (own >= 0) problem = descriptor_.assign(own, problem);
  if (own >= 0 && !problem) {
    if (is_secure_) records_.begin(handle_.get(), handle_.tls_session());
    return {};
  }
  if (own >= 0) ::close(own);
  return Error(ErrorCode::exhausted, "no socket can be opened: too many open files")
      .hint("raise the limit (ulimit -n), or allow fewer connections");
}

void WireSocket::close(bool nothing_is_missing) {
  if (!is_open_) return;
  is_open_ = false;
  records_.end(nothing_is_missing);
  // Released first: while libcurl has it open too, closing alone would leave it in the epoll set.
  if (descriptor_.is_open()) ::close(descriptor_.release());
  curl_multi_remove_handle(pool_.multi(), handle_.get());
  curl_easy_setopt(handle_.get(), CURLOPT_SHARE, nullptr);  // the pool's, which this may outlive
}

Moved WireSocket::send(ByteView first, ByteView second, std::size_t& count) {
  if (passes_libcurl()) return moved_of(curl_easy_send(handle_.get(), first.data(), first.size(), &count));
  // The system only reads from there.
  const auto piece = [](ByteView bytes) { return iovec{const_cast<std::byte*>(bytes.data()), bytes.size()}; };
  std::array<iovec, 2> pieces = {piece(first), piece(second)};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return moved_of(::sendmsg(descriptor_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT), count);
}

Moved WireSocket::receive(MutableByteView into, std::size_t& count) {
  if (is_secure_) return moved_of(curl_easy_recv(handle_.get(), into.data(), into.size(), &count));
  return moved_of(::recv(descriptor_.native_handle(), into.data(), into.size(), MSG_DONTWAIT), count);
}

bool WireSocket::is_drained() noexcept {
  int unsent = 0;
  return ::ioctl(descriptor_.native_handle(), SIOCOUTQNSD, &unsent) == 0 && unsent == 0;
}

bool WireSocket::is_quiet() {
  std::byte byte{};
  std::size_t count = 0;
  // Over TLS what came may lie in the session already, or be meant for it alone.
  if (is_secure_) return receive({&byte, 1}, count) == Moved::none;
  return moved_of(::recv(descriptor_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT), count) == Moved::none;
}

}  // namespace docupilot::inline v1::http
