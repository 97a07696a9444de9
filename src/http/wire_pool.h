#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/curl_pool.h"
#include "http/wire_connection.h"

namespace docupilot::inline v1::http {

/// The pool for bodies that are uploaded: libcurl opens its connections, and no more. So a body is copied once less and
/// sent with its head in one piece, whichever version of libcurl there is.
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

  /// For bytes on their way, of the connection whose turn it is.
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
    std::deque<CurlTransfer*> waiting;    // for one that is in use
  };

  void done(CurlHandle& handle, CURLcode result) override;
  [[nodiscard]] bool has_room(const Endpoint& endpoint) const;
  [[nodiscard]] Result<void> serve(CurlTransfer& transfer, Endpoint& endpoint);
  [[nodiscard]] WireConnection* take_unused(Endpoint& endpoint);
  void keep_unused(WireConnection& connection, Endpoint& endpoint);
  /// Lets those who wait have what is free, later: who ends a transfer must not begin or end others on the way.
  void serve_soon();
  void serve_waiting();
  void close(WireConnection& connection, Endpoint& endpoint);

  bool serves_soon_ = false;
  std::vector<std::byte> buffer_;
  std::vector<std::byte> records_;
  std::unordered_map<std::string, Endpoint> endpoints_;
};

}  // namespace docupilot::inline v1::http
