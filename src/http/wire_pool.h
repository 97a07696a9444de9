#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/curl_pool.h"
#include "http/wire_connection.h"

namespace docupilot::inline v1::http {

/// The pool for bodies that are uploaded: libcurl opens its connections, and no more. So a body is copied once less and
/// sent with its head in one piece, whichever version of libcurl there is. Connections may be opened before there is
/// anything to send.
class WirePool final : public CurlPool {
 public:
  WirePool(CurlLoop& loop, boost::asio::io_context& io, Sockets& sockets, const CurlSetup& setup);
  ~WirePool() override;

  /// Whether the request may go this way: a PUT that may be sent on a connection that was used before, keeps its reply
  /// in memory, and goes past no proxy.
  [[nodiscard]] static bool suits(const CurlTransfer& transfer, const CurlSetup& setup);

  [[nodiscard]] Result<void> add(CurlTransfer& transfer) override;
  void remove(CurlTransfer& transfer) override;
  void unpause(CurlTransfer& transfer) override;

  /// By a connection that has room for more of a body. One at a time takes its turn, and between two of them the loop
  /// looks what came: a reply, and the request that follows on it, do not wait until all have written. The first piece
  /// of a request, and the first after a pause, go at once.
  void write_in_turn(std::shared_ptr<WireConnection> connection);
  /// For bytes on their way, of the connection that writes now.
  [[nodiscard]] MutableByteView buffer() noexcept { return buffer_; }
  /// Likewise, as records of TLS.
  [[nodiscard]] std::vector<std::byte>& records() noexcept { return records_; }

  /// By a connection: its transfer is through.
  void through(CurlTransfer& transfer, CURLcode result);
  /// By a connection that cannot go on with its transfer.
  void give_up(CurlTransfer& transfer, Error why);
  /// By a connection that is not in use, when bytes came or it was closed at the other end.
  void look_after(WireConnection& connection);
  [[nodiscard]] Moment tidy(Moment now) override;

 private:
  using ConnectionPointer = std::shared_ptr<WireConnection>;
  struct Endpoint {
    std::vector<ConnectionPointer> connections;
    std::vector<WireConnection*> unused;  // the one that was used last stands last
    std::deque<CurlTransfer*> waiting;    // for one that is in use, or being opened ahead
    std::size_t opening = 0;              // ahead, of `connections`
  };

  void done(CurlHandle& handle, CURLcode result) override;
  [[nodiscard]] bool has_room(const Endpoint& endpoint) const;
  /// Whether a request need not wait: for those before it, or for a connection that is being opened for it.
  [[nodiscard]] bool may_begin(const Endpoint& endpoint) const;
  [[nodiscard]] Result<void> serve(CurlTransfer& transfer, Endpoint& endpoint);
  [[nodiscard]] Result<void> serve_anew(CurlTransfer& transfer, Endpoint& endpoint);
  [[nodiscard]] WireConnection* take_unused(Endpoint& endpoint);
  void keep_unused(WireConnection& connection, Endpoint& endpoint);
  void write_soon();
  /// Lets those who wait have what is free, later: who ends a transfer must not begin or end others on the way.
  void serve_soon();
  void serve_waiting();
  /// Opens those that only open a connection, one a turn: requests that come meanwhile do not wait for them.
  void connect_ahead_after(std::chrono::nanoseconds wait);
  void connect_ahead();
  void close(WireConnection& connection, Endpoint& endpoint);

  bool serves_soon_ = false;
  std::deque<ConnectionPointer> writers_;
  std::deque<CurlTransfer*> ahead_;
  boost::asio::steady_timer ahead_timer_;
  std::vector<std::byte> buffer_;
  std::vector<std::byte> records_;
  std::unordered_map<std::string, Endpoint> endpoints_;
};

}  // namespace docupilot::inline v1::http
