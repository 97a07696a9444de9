#include "http/curl_pool.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>

#include "base/file_descriptor.h"
#include "base/try.h"
#include "http/curl_loop.h"
#include "http/curl_transfer.h"

namespace docupilot::inline v1::http {

namespace {

namespace asio = boost::asio;

// What the system keeps of a connection that it could not send yet: by itself, megabytes, which many connections write
// and read through all caches. Bytes that are on their way are not limited.
constexpr int most_unsent = 512 << 10;
constexpr std::size_t most_spare_handles = 64;  // of one shape
constexpr int most_turns = 32;                  // of one pool before the others have theirs

// Null for a handle of libcurl's own.
CurlHandle* handle_of(CURL* easy) {
  CurlHandle* handle = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &handle);
  return handle;
}

}  // namespace

CurlPool::Socket::Socket(CurlPool& owner, int number) : descriptor(owner.io_), pool(&owner), fd(number) {
  FileDescriptor duplicate(::fcntl(number, F_DUPFD_CLOEXEC, 0));
  if (!duplicate) throw std::system_error(errno, std::generic_category());
  descriptor.assign(duplicate.get());
  static_cast<void>(duplicate.release());
}

void CurlPool::Socket::let_go() noexcept {
  gone = true;
  // Released first: while libcurl has it open too, closing alone would leave it in the epoll set.
  if (descriptor.is_open()) ::close(descriptor.release());
}

CurlPool::CurlPool(CurlLoop& loop, asio::io_context& io, Sockets& sockets, const CurlSetup& setup, unsigned connections)
    : loop_(loop),
      io_(io),
      setup_(setup),
      multi_(curl_multi_init()),
      sessions_(curl_share_init()),
      sockets_(sockets),
      timer_(io),
      last_used_(Moment::clock::now()) {
  curl_share_setopt(sessions_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  if (multi_ == nullptr) return;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlPool::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, static_cast<void*>(this));
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlPool::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, static_cast<void*>(this));
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(connections));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(setup.options.connections));
}

CurlPool::~CurlPool() {
  *alive_ = false;
  for (auto& handles : spare_handles_) handles.clear();
  curl_multi_cleanup(multi_);  // closes the connections, by on_close_socket
  std::erase_if(sockets_,
                [this](const auto& entry) { return entry.second->pool == this && (entry.second->let_go(), true); });
}

std::unique_ptr<CurlHandle> CurlPool::take_handle(CheckedRequest::Shape shape) {
  auto& spare = spare_handles_.at(static_cast<std::size_t>(shape));
  if (spare.empty()) return std::make_unique<CurlHandle>(setup_, *this, shape);
  auto handle = std::move(spare.back());
  spare.pop_back();
  return handle;
}

Result<void> CurlPool::add(CurlTransfer& transfer) {
  if (multi_ == nullptr) return Error(ErrorCode::exhausted, "there is no memory for connections");
  auto handle = take_handle(transfer.checked().shape);
  DOCUPILOT_CHECK(handle->prepare(transfer.request(), transfer.checked(), transfer));
  CURL* const easy = handle->get();
  transfer.attach(*this, std::move(handle));
  count_in();
  if (curl_multi_add_handle(multi_, easy) != CURLM_OK) {
    remove(transfer);
    return Error(ErrorCode::exhausted, "there is no memory for a request");
  }
  settle();
  return {};
}

void CurlPool::remove(CurlTransfer& transfer) {
  std::unique_ptr<CurlHandle> handle = transfer.detach();
  curl_multi_remove_handle(multi_, handle->get());
  handle->release();
  auto& spare = spare_handles_.at(static_cast<std::size_t>(handle->shape()));
  if (spare.size() < most_spare_handles) spare.push_back(std::move(handle));
  count_out();
}

void CurlPool::count_out() {
  if (--transfers_ == 0) last_used_ = Moment::clock::now();
  // Called for a transfer that did not end by itself: others may have waited for its connection.
  if (due_now_ && !settling_) settle_soon();
}

void CurlPool::done(CurlHandle& handle, CURLcode result) { loop_.ended(*handle.transfer(), result); }

void CurlPool::settle_soon() {
  asio::post(io_, [this, alive = alive_] {
    if (*alive) settle();
  });
}

void CurlPool::unpause(CurlTransfer& transfer) {
  // It hands out what it kept back by itself, and tells of a failure there nowhere else.
  const CURLcode result = curl_easy_pause(transfer.handle().get(), CURLPAUSE_CONT);
  if (result != CURLE_OK) loop_.ended(transfer, result);
  settle();
}

void CurlPool::settle() {
  if (settling_) return;
  settling_ = true;
  int running = 0;
  for (int turn = 0; turn < most_turns; ++turn) {
    if (due_now_) {
      due_now_ = false;
      curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;  // the message goes with the handle
      done(*handle_of(message->easy_handle), result);
    }
    if (!due_now_) break;
  }
  settling_ = false;
  if (due_now_) settle_soon();
}

int CurlPool::on_timer(CURLM* /*multi*/, long milliseconds, void* self) {
  auto& pool = *static_cast<CurlPool*>(self);
  pool.due_now_ = milliseconds == 0;
  pool.due_ = milliseconds > 0 ? Moment::clock::now() + std::chrono::milliseconds(milliseconds) : Moment::max();
  if (pool.due_ < pool.armed_) pool.arm_timer();
  return 0;
}

// A timer that fires too early is armed again then, which is cheaper than moving it with every request.
void CurlPool::arm_timer() {
  armed_ = due_;
  timer_.expires_at(armed_);
  // A timer that has fired already calls this in any case, even if its pool went in the same turn of the loop.
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& problem) {
    if (!problem && *alive) timer_fired();
  });
}

void CurlPool::timer_fired() {
  armed_ = Moment::max();
  if (due_ == Moment::max()) return;
  if (due_ > Moment::clock::now()) return arm_timer();
  due_ = Moment::max();
  due_now_ = true;
  settle();
}

curl_socket_t CurlPool::open_socket(const curl_sockaddr& address) {
  const int fd = ::socket(address.family, address.socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent, sizeof most_unsent);  // without it all works, too
  try {
    forget(fd);  // in case that its last owner was closed without a word
    auto socket = std::make_shared<Socket>(*this, fd);
    socket->opened_by_us = true;
    sockets_.emplace(fd, std::move(socket));
  } catch (const std::exception&) {  // no memory, or no more room in epoll; the exception must not reach libcurl
    ::close(fd);
    return CURL_SOCKET_BAD;
  }
  return fd;
}

int CurlPool::on_close_socket(void* self, curl_socket_t fd) {
  auto& pool = *static_cast<CurlPool*>(self);
  if (const auto found = pool.sockets_.find(fd); found != pool.sockets_.end() && found->second->pool == &pool) {
    pool.forget(fd);
  }
  return ::close(fd);
}

void CurlPool::forget(int fd) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return;
  found->second->let_go();
  sockets_.erase(found);
}

int CurlPool::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* /*of_socket*/) {
  auto& pool = *static_cast<CurlPool*>(self);
  const CurlHandle* const handle = handle_of(easy);
  CurlTransfer* const transfer = handle == nullptr ? nullptr : handle->transfer();  // null between two transfers
  auto found = pool.sockets_.find(fd);
  if (found != pool.sockets_.end() && found->second->pool != &pool) {  // closed without a word, and opened by another
    pool.forget(fd);
    found = pool.sockets_.end();
  }
  if (what == CURL_POLL_REMOVE) {
    if (found == pool.sockets_.end()) return 0;
    // A connection that did not come about, and a pipe of a thread that resolves a name, are closed without a further
    // word. libcurl's own handle (8.16 and newer) has one pipe for good, and asks for it whenever it has work.
    const bool stays = found->second->opened_by_us ? transfer != nullptr && transfer->requested() : handle == nullptr;
    if (stays) found->second->wanted = 0;
    else pool.forget(fd);
    return 0;
  }
  // While a connection is being made it is watched for writing; to be told something, it must stand.
  if ((what & CURL_POLL_IN) != 0 && found != pool.sockets_.end() && found->second->opened_by_us) {
    if (transfer != nullptr) transfer->on_connected();
  }
  try {
    if (found == pool.sockets_.end()) {  // how a thread that resolves a name wakes libcurl up
      found = pool.sockets_.emplace(fd, std::make_shared<Socket>(pool, fd)).first;
    }
    found->second->wanted = what;
    if (found->second->opened_by_us && transfer != nullptr) transfer->on_socket(fd);
    pool.watch(found->second);
  } catch (const std::exception&) {
    return -1;
  }
  return 0;
}

void CurlPool::watch(const SocketPointer& socket) {
  using Descriptor = asio::posix::stream_descriptor;
  if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->waits_to_read) {
    socket->waits_to_read = true;
    socket->descriptor.async_wait(Descriptor::wait_read, [this, socket](const boost::system::error_code& problem) {
      socket->waits_to_read = false;
      if (!socket->gone) ready(socket, problem ? CURL_CSELECT_ERR : CURL_CSELECT_IN);
    });
  }
  if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->waits_to_write) {
    socket->waits_to_write = true;
    socket->descriptor.async_wait(Descriptor::wait_write, [this, socket](const boost::system::error_code& problem) {
      socket->waits_to_write = false;
      if (!socket->gone) ready(socket, problem ? CURL_CSELECT_ERR : CURL_CSELECT_OUT);
    });
  }
}

void CurlPool::ready(const SocketPointer& socket, int events) {
  const int fd = socket->fd;
  const bool wanted = (events == CURL_CSELECT_IN && (socket->wanted & CURL_POLL_IN) != 0) ||
                      (events == CURL_CSELECT_OUT && (socket->wanted & CURL_POLL_OUT) != 0) ||
                      (events == CURL_CSELECT_ERR && socket->wanted != 0);
  if (!wanted) return;
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  settle();
  if (!socket->gone) watch(socket);
}

}  // namespace docupilot::inline v1::http
