#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/chunked_body.h"
#include "http/wire_socket.h"

namespace docupilot::inline v1::http {

class CurlTransfer;
class WirePool;

/// A connection that libcurl opened (name, address, TLS and its checks), and requests with a body that go over it, one
/// after the other, without libcurl: head and the first bytes of the body leave in one piece, and what the body's
/// source writes is what the system is given, over TLS in records that leave together.
///
/// A reply is read while the body is sent. One that is no success ends the sending, and the connection with it. Used by
/// the loop's thread alone.
class WireConnection : public std::enable_shared_from_this<WireConnection> {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  WireConnection(WirePool& pool, boost::asio::io_context& io, const CurlSetup& setup, std::string endpoint);

  /// As those of WireSocket.
  [[nodiscard]] Result<void> open(CurlTransfer& transfer) { return socket_.open(transfer); }
  [[nodiscard]] Result<void> opened() { return socket_.opened(); }
  void close() { socket_.close(!has_bytes()); }
  /// It was opened for requests that will come: released, it is of use.
  void keep_ready() noexcept { can_be_used_again_ = true; }
  /// Sends the request of the transfer, which must be attached, and has it end by WirePool::through.
  void start(CurlTransfer& transfer);
  /// The source of the body can go on.
  void resume();
  /// There is room for more, and nobody else writes now.
  void take_turn();
  /// The transfer is done with, or given up: then false, and the connection is of no use any more.
  [[nodiscard]] bool release();
  /// While it is not used: has the pool look after it when bytes come or it is closed.
  void watch() { wait_to_read(); }
  /// It stands, and nobody has written to it or closed it since it was used last.
  [[nodiscard]] bool is_alive() { return socket_.is_quiet(); }
  [[nodiscard]] CurlHandle& handle() noexcept { return socket_.handle(); }
  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] Moment last_used() const noexcept { return last_used_; }
  [[nodiscard]] bool was_used() const noexcept { return exchanges_ > 1; }
  /// Handed to the system, of the transfer under way.
  [[nodiscard]] std::int64_t bytes_sent() const noexcept { return sent_; }

 private:
  void put_head(const CurlTransfer& transfer);
  /// Whoever was asked says nothing for so long that the body goes without "100 Continue".
  void wait_to_be_asked();
  /// Gives the socket a piece, and up to so many as long as they leave at once; then waits until it takes more.
  void write(unsigned pieces = 1);
  /// False: there is nothing more to write for now.
  [[nodiscard]] bool write_piece();
  /// Over TLS: makes records of what is to be sent. False: the connection is gone.
  [[nodiscard]] bool seal();
  [[nodiscard]] bool has_bytes() const noexcept { return front_ < back_ || !lent_.empty(); }
  /// So many have gone.
  void advance(std::size_t bytes);
  /// Adds bytes of the body to what is to be sent. False: the transfer has ended.
  [[nodiscard]] bool fill();
  void use_buffer();
  /// What could not be sent is kept until it can.
  void keep_rest();
  void read();
  /// False: the transfer has ended.
  [[nodiscard]] bool take(std::string_view bytes);
  [[nodiscard]] bool take_line(std::string_view& bytes);
  [[nodiscard]] bool take_body(std::string_view bytes);
  [[nodiscard]] bool give(std::string_view content);
  void take_end_of_connection();
  /// The reply is whole.
  [[nodiscard]] bool replied(std::string_view rest);
  /// The connection broke, which one that was used before may have done before the request came.
  void lost(CURLcode result);
  void end(CURLcode result);
  void wait_to_read();
  void wait_to_write();
  [[nodiscard]] bool is_sent() const noexcept { return !has_bytes() && unread_ == 0; }

  WirePool& pool_;
  const std::string endpoint_;
  const std::string host_;
  const std::string_view user_agent_;
  WireSocket socket_;
  boost::asio::steady_timer timer_;
  bool waits_to_read_ = false;
  bool waits_to_write_ = false;
  unsigned exchanges_ = 0;
  Moment last_used_;

  CurlTransfer* transfer_ = nullptr;
  // Bytes on their way are in the buffer of the pool, which stays in the cache whatever the number of connections; in
  // one of our own if they could not be sent at once, and where libcurl seals them, which wants to see the same ones
  // again then.
  std::vector<std::byte> own_;
  std::string head_;  // of the request, kept for its room
  MutableByteView buffer_;
  std::size_t front_ = 0;  // of what is to be sent
  std::size_t back_ = 0;
  bool is_sealed_ = false;
  ByteView lent_;             // and behind them
  bool borrows_ = false;      // the body is sent from where it lies
  std::uint64_t unread_ = 0;  // of the body
  std::int64_t sent_ = 0;
  bool asks_ = false;    // the body waits for "100 Continue"
  bool paused_ = false;  // the source has nothing for now
  bool can_be_used_again_ = false;

  std::string line_;        // of the reply's head, begun
  std::uint64_t left_ = 0;  // of a body of known length
  ChunkedBody chunks_;
  bool has_reply_ = false;  // a success, before all was sent
};

}  // namespace docupilot::inline v1::http
