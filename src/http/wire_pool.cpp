#include "http/wire_pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string_view>

#include "base/try.h"
#include "http/curl_loop.h"
#include "http/curl_transfer.h"

namespace docupilot::inline v1::http {

namespace {

// A head and 256 KiB, also as sixteen signed chunks with their frames: what goes to the system at a time, stays in the
// cache, and is half of what may lie unsent.
constexpr std::size_t buffer_size = (std::size_t{256} << 10U) + 4096;

// Requests that come meanwhile go first. Where the server answers sooner, the requests that follow open their own
// connections at once.
constexpr std::chrono::milliseconds head_start(2);

/// Scheme, host and port.
std::string endpoint_of(const CurlTransfer& transfer) {
  const std::string_view url = transfer.checked().url;
  return std::string(url.substr(0, url.find_first_of("/?", url.find("://") + 3)));
}

}  // namespace

WirePool::WirePool(CurlLoop& loop, boost::asio::io_context& io, Sockets& sockets, const CurlSetup& setup)
    : CurlPool(loop, io, sockets, setup, 0), ahead_timer_(io), buffer_(buffer_size) {}

WirePool::~WirePool() {
  for (auto& [name, endpoint] : endpoints_) {
    for (const ConnectionPointer& connection : endpoint.connections) connection->close();
  }
  endpoints_.clear();
}

bool WirePool::suits(const CurlTransfer& transfer, const CurlSetup& setup) {
  const Request& request = transfer.request();
  return request.method == "PUT" && request.idempotent && transfer.keeps_reply() && setup.options.proxy.empty();
}

Result<void> WirePool::add(CurlTransfer& transfer) {
  if (multi() == nullptr) return Error(ErrorCode::exhausted, "there is no memory for connections");
  count_in();
  transfer.attach(*this, nullptr);
  if (transfer.connects_ahead() > 0) {
    ahead_.push_back(&transfer);
    if (ahead_.size() == 1) connect_ahead_after(head_start);
    return {};
  }
  Endpoint& endpoint = endpoints_[endpoint_of(transfer)];
  if (may_begin(endpoint)) return serve(transfer, endpoint);
  endpoint.waiting.push_back(&transfer);
  return {};
}

bool WirePool::has_room(const Endpoint& endpoint) const {
  return !endpoint.unused.empty() || endpoint.connections.size() < setup_.options.connections;
}

bool WirePool::may_begin(const Endpoint& endpoint) const {
  if (!has_room(endpoint)) return false;
  const bool opens = endpoint.unused.empty() && endpoint.opening > 0;
  return opens ? endpoint.waiting.size() >= endpoint.opening : endpoint.waiting.empty();
}

Result<void> WirePool::serve(CurlTransfer& transfer, Endpoint& endpoint) {
  if (WireConnection* const there = take_unused(endpoint)) {
    transfer.attach(*this, there);
    there->start(transfer);
    return {};
  }
  return serve_anew(transfer, endpoint);
}

Result<void> WirePool::serve_anew(CurlTransfer& transfer, Endpoint& endpoint) {
  auto fresh = std::make_shared<WireConnection>(*this, io_, setup_, endpoint_of(transfer));
  endpoint.connections.push_back(fresh);
  transfer.attach(*this, fresh.get());
  DOCUPILOT_CHECK(fresh->open(transfer));
  settle();
  return {};
}

WireConnection* WirePool::take_unused(Endpoint& endpoint) {
  while (!endpoint.unused.empty()) {
    WireConnection* const connection = endpoint.unused.back();
    endpoint.unused.pop_back();
    if (connection->last_used() + setup_.idle_connection > Moment::clock::now() && connection->is_alive()) {
      return connection;
    }
    close(*connection, endpoint);
  }
  return nullptr;
}

void WirePool::keep_unused(WireConnection& connection, Endpoint& endpoint) {
  if (setup_.idle_connection <= std::chrono::nanoseconds::zero()) return close(connection, endpoint);
  endpoint.unused.push_back(&connection);
  loop_.arm(connection.last_used() + setup_.idle_connection);
}

CurlPool::Moment WirePool::tidy(Moment now) {
  Moment next = Moment::max();
  for (auto& [name, endpoint] : endpoints_) {
    const Moment oldest = now - setup_.idle_connection;
    while (!endpoint.unused.empty() && endpoint.unused.front()->last_used() <= oldest) {
      WireConnection& old = *endpoint.unused.front();
      endpoint.unused.erase(endpoint.unused.begin());
      close(old, endpoint);
    }
    if (!endpoint.unused.empty()) next = std::min(next, endpoint.unused.front()->last_used() + setup_.idle_connection);
  }
  std::erase_if(endpoints_,
                [](const auto& entry) { return entry.second.connections.empty() && entry.second.waiting.empty(); });
  return next;
}

void WirePool::remove(CurlTransfer& transfer) {
  WireConnection* const connection = transfer.wire();
  Endpoint& endpoint = endpoints_[connection != nullptr ? connection->endpoint() : endpoint_of(transfer)];
  static_cast<void>(transfer.detach());
  if (connection != nullptr && transfer.connects_ahead() > 0) --endpoint.opening;
  if (connection == nullptr && transfer.connects_ahead() > 0) std::erase(ahead_, &transfer);
  else if (connection == nullptr) std::erase(endpoint.waiting, &transfer);
  else if (connection->release()) keep_unused(*connection, endpoint);
  else close(*connection, endpoint);
  count_out();
  if (!endpoint.waiting.empty()) serve_soon();
}

void WirePool::serve_soon() {
  if (std::exchange(serves_soon_, true)) return;
  boost::asio::post(io_, [this, alive = alive_] {
    if (*alive) serve_waiting();
  });
}

void WirePool::serve_waiting() {
  serves_soon_ = false;
  for (auto& [name, endpoint] : endpoints_) {
    // Of those who wait, as many are left as there are connections being opened.
    while (!endpoint.waiting.empty() && has_room(endpoint) &&
           (!endpoint.unused.empty() || endpoint.waiting.size() > endpoint.opening)) {
      CurlTransfer& next = *endpoint.waiting.front();
      endpoint.waiting.pop_front();
      if (auto served = serve(next, endpoint); !served) loop_.end(next, std::move(served).error());
    }
  }
}

void WirePool::write_in_turn(ConnectionPointer connection) {
  writers_.push_back(std::move(connection));
  if (writers_.size() == 1) write_soon();
}

void WirePool::write_soon() {
  boost::asio::post(io_, [this, alive = alive_] {
    if (!*alive) return;
    const ConnectionPointer next = std::move(writers_.front());
    writers_.pop_front();
    if (!writers_.empty()) write_soon();
    next->take_turn();
  });
}

void WirePool::connect_ahead_after(std::chrono::nanoseconds wait) {
  ahead_timer_.expires_after(wait);
  ahead_timer_.async_wait([this, alive = alive_](const boost::system::error_code& problem) {
    if (!problem && *alive && !ahead_.empty()) connect_ahead();
  });
}

void WirePool::connect_ahead() {
  CurlTransfer& transfer = *ahead_.front();
  ahead_.pop_front();
  if (!ahead_.empty()) connect_ahead_after({});
  Endpoint& endpoint = endpoints_[endpoint_of(transfer)];
  const std::size_t wanted = std::min<std::size_t>(transfer.connects_ahead(), setup_.options.connections);
  if (endpoint.connections.size() >= wanted) {
    return loop_.end(transfer, Error(ErrorCode::exhausted, "there are as many connections as are wanted"));
  }
  ++endpoint.opening;
  if (auto served = serve_anew(transfer, endpoint); !served) loop_.end(transfer, std::move(served).error());
}

void WirePool::unpause(CurlTransfer& transfer) {
  if (transfer.wire() != nullptr) transfer.wire()->resume();
}

void WirePool::through(CurlTransfer& transfer, CURLcode result) { loop_.ended(transfer, result); }

void WirePool::give_up(CurlTransfer& transfer, Error why) { loop_.end(transfer, std::move(why)); }

void WirePool::look_after(WireConnection& connection) {
  if (connection.is_alive()) return connection.watch();
  Endpoint& endpoint = endpoints_[connection.endpoint()];
  std::erase(endpoint.unused, &connection);
  close(connection, endpoint);
}

void WirePool::close(WireConnection& connection, Endpoint& endpoint) {
  const auto is_it = [&](const ConnectionPointer& one) { return one.get() == &connection; };
  connection.close();
  std::erase_if(endpoint.connections, is_it);
}

void WirePool::done(CurlHandle& handle, CURLcode result) {
  CurlTransfer& transfer = *handle.transfer();
  if (result != CURLE_OK) return loop_.ended(transfer, result);
  if (auto opened = transfer.wire()->opened(); !opened) return loop_.end(transfer, std::move(opened).error());
  if (transfer.connects_ahead() == 0) return transfer.wire()->start(transfer);
  transfer.wire()->keep_ready();
  loop_.ended(transfer, result);
}

}  // namespace docupilot::inline v1::http
