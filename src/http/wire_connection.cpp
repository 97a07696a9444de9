#include "http/wire_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

#include "http/curl_transfer.h"
#include "http/request_head.h"
#include "http/wire_pool.h"

namespace docupilot::inline v1::http {

namespace {

using Moved = WireSocket::Moved;
using Descriptor = boost::asio::posix::stream_descriptor;

constexpr std::size_t most_lent = std::size_t{256} << 10U;  // at a time, so that others have their turn
constexpr std::chrono::seconds longest_silence(1);  // of a server that was asked for "100 Continue", as in libcurl
// Pieces in a row, where they leave at once: what reads them so fast finds them in the cache, as it would not if each
// of many connections had a little.
constexpr unsigned longest_turn = 4;
constexpr std::size_t reply_piece = std::size_t{16} << 10U;
constexpr std::size_t longest_line = std::size_t{1} << 20U;  // of a reply whose head has no limit
constexpr std::string_view status_line = "HTTP/1.";          // begins with it
constexpr unsigned most_reads = 8;                           // of one connection before the others have their turn

}  // namespace

WireConnection::WireConnection(WirePool& pool, boost::asio::io_context& io, const CurlSetup& setup,
                               std::string endpoint)
    : pool_(pool),
      endpoint_(std::move(endpoint)),
      host_(host_of(endpoint_)),
      user_agent_(setup.user_agent),
      socket_(pool, io, setup, endpoint_.starts_with("https:")),
      timer_(io) {}

void WireConnection::start(CurlTransfer& transfer) {
  const auto self = shared_from_this();  // the pool may be through with it before this returns
  transfer_ = &transfer;
  ++exchanges_;
  handle().forget_error();
  paused_ = can_be_used_again_ = has_reply_ = false;
  line_.clear();
  chunks_ = ChunkedBody();
  sent_ = 0;
  put_head(transfer);
  transfer.on_socket(socket_.descriptor().native_handle());
  static_cast<void>(transfer.on_request());  // the first time, so that it does not refuse
  wait_to_read();
  if (transfer.checked().asks_first(transfer.request())) wait_to_be_asked();
  if (asks_ || fill()) write();
}

void WireConnection::put_head(const CurlTransfer& transfer) {
  write_request_head(head_, transfer.request(), transfer.checked(), host_, user_agent_);
  unread_ = transfer.checked().length;
  borrows_ = !socket_.is_secure() && transfer.lends();
  lent_ = {};
  const std::uint64_t needed = std::min<std::uint64_t>(head_.size() + unread_, pool_.buffer().size());
  if (socket_.passes_libcurl()) own_.resize(static_cast<std::size_t>(needed));
  use_buffer();
  if (head_.size() > buffer_.size()) {
    own_.resize(head_.size());
    buffer_ = own_;
  }
  std::memcpy(buffer_.data(), head_.data(), head_.size());
  front_ = 0;
  back_ = head_.size();
}

void WireConnection::use_buffer() {
  buffer_ = socket_.passes_libcurl() ? MutableByteView(own_) : pool_.buffer();
  is_sealed_ = false;
}

bool WireConnection::seal() {
  if (!socket_.seals() || is_sealed_) return true;
  pool_.records().clear();
  if (!socket_.seal(buffer_.subspan(front_, back_ - front_), pool_.records())) return false;
  buffer_ = pool_.records();
  front_ = 0;
  back_ = buffer_.size();
  is_sealed_ = true;
  return true;
}

void WireConnection::keep_rest() {
  if (buffer_.data() == own_.data()) return;
  own_.assign(buffer_.begin() + static_cast<std::ptrdiff_t>(front_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(back_));
  buffer_ = own_;
  front_ = 0;
  back_ = own_.size();
}

void WireConnection::resume() {
  const auto self = shared_from_this();
  paused_ = false;
  if (transfer_ != nullptr) write();
}

void WireConnection::wait_to_be_asked() {
  asks_ = true;
  timer_.expires_after(longest_silence);
  timer_.async_wait([self = shared_from_this(), mine = exchanges_](const boost::system::error_code& problem) {
    const auto still_asks = [&] { return self->socket_.is_open() && self->exchanges_ == mine && self->asks_; };
    if (problem || !still_asks()) return;
    self->read();  // the answer may have come in time, and this thread be late
    if (!still_asks()) return;
    self->asks_ = false;
    self->write();
  });
}

bool WireConnection::release() {
  transfer_ = nullptr;
  if (std::exchange(asks_, false)) timer_.cancel();
  lent_ = {};
  last_used_ = Moment::clock::now();
  if (can_be_used_again_) wait_to_read();
  return can_be_used_again_;
}

// ---- the request ----------------------------------------------------------------------------------------------------

bool WireConnection::fill() {
  if (unread_ == 0 || paused_) return true;
  const std::size_t count =
      borrows_ ? transfer_->on_lend(lent_, most_lent) : transfer_->on_read(buffer_.subspan(back_));
  if (count == CURL_READFUNC_PAUSE) {
    paused_ = true;
    return true;
  }
  if (count == CURL_READFUNC_ABORT) {
    end(CURLE_ABORTED_BY_CALLBACK);
    return false;
  }
  if (!borrows_) back_ += count;
  unread_ -= count;
  return true;
}

void WireConnection::write(unsigned pieces) {
  for (; write_piece(); --pieces) {
    if (has_bytes() || pieces == 1 || !socket_.is_drained()) return wait_to_write();
  }
}

bool WireConnection::write_piece() {
  if (!has_bytes() && !asks_) {
    front_ = back_ = 0;
    use_buffer();
    if (!fill()) return false;
  }
  if (has_bytes()) {
    std::size_t bytes = 0;
    const Moved moved = !seal() ? Moved::closed : socket_.send(buffer_.subspan(front_, back_ - front_), lent_, bytes);
    if (moved == Moved::closed) {
      // Why, a reply may say that came before.
      read();
      if (transfer_ != nullptr) lost(CURLE_SEND_ERROR);
      return false;
    }
    if (moved == Moved::some) advance(bytes);
    keep_rest();
  }
  if (has_bytes() || (unread_ > 0 && !paused_ && !asks_)) return true;
  if (has_reply_ && is_sent()) end(CURLE_OK);
  return false;
}

void WireConnection::advance(std::size_t bytes) {
  sent_ += static_cast<std::int64_t>(bytes);
  const std::size_t of_buffer = std::min(bytes, back_ - front_);
  front_ += of_buffer;
  lent_ = lent_.subspan(bytes - of_buffer);
}

void WireConnection::wait_to_write() {
  if (waits_to_write_) return;
  waits_to_write_ = true;
  socket_.descriptor().async_wait(Descriptor::wait_write,
                                  [self = shared_from_this()](const boost::system::error_code&) {
                                    if (self->socket_.is_open()) self->pool_.write_in_turn(self);
                                  });
}

void WireConnection::take_turn() {
  waits_to_write_ = false;
  if (socket_.is_open() && transfer_ != nullptr) write(longest_turn);
}

// ---- the reply ------------------------------------------------------------------------------------------------------

void WireConnection::wait_to_read() {
  if (waits_to_read_) return;
  waits_to_read_ = true;
  socket_.descriptor().async_wait(Descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code&) {
    self->waits_to_read_ = false;
    if (!self->socket_.is_open()) return;
    if (self->transfer_ != nullptr) self->read();
    else self->pool_.look_after(*self);
  });
}

void WireConnection::read() {
  if (has_reply_) return;
  std::array<std::byte, reply_piece> piece;
  for (unsigned reads = 0; reads < most_reads; ++reads) {
    std::size_t bytes = 0;
    const Moved moved = socket_.receive(piece, bytes);
    if (moved == Moved::closed) return lost(CURLE_RECV_ERROR);
    if (moved == Moved::none) return wait_to_read();
    if (bytes == 0) return take_end_of_connection();
    const bool goes_on = take(as_text(ByteView(piece).first(bytes)));
    if (asks_ && (has_reply_ || transfer_->head().interim() == 100)) {
      asks_ = false;
      timer_.cancel();
      write();
      if (transfer_ == nullptr) return;
    }
    if (!goes_on) return;
    if (bytes < piece.size() && !socket_.is_secure()) return wait_to_read();
  }
  // Over TLS the session may hold more, of which the system tells nothing.
  boost::asio::post(socket_.descriptor().get_executor(), [self = shared_from_this()] {
    if (self->socket_.is_open() && self->transfer_ != nullptr) self->read();
  });
}

bool WireConnection::take(std::string_view bytes) {
  const ReplyHead& head = transfer_->head();
  while (!head.complete()) {
    if (bytes.empty()) return true;
    if (!take_line(bytes)) return false;
    if (head.complete()) left_ = head.length();
  }
  return take_body(bytes);
}

bool WireConnection::take_line(std::string_view& bytes) {
  const std::size_t feed = bytes.find('\n');
  const std::string_view some = bytes.substr(0, feed == std::string_view::npos ? feed : feed + 1);
  bytes.remove_prefix(some.size());
  const std::uint64_t limit = transfer_->request().limits.header_bytes;
  const bool is_whole = some.ends_with('\n');
  if (!is_whole || !line_.empty()) line_ += some;
  if (!is_whole && line_.size() <= (limit != 0 ? limit : longest_line)) return true;
  const std::string_view line = line_.empty() ? some : std::string_view(line_);
  if (transfer_->on_header(line) != line.size()) {
    end(CURLE_WRITE_ERROR);
    return false;
  }
  line_.clear();
  return true;
}

bool WireConnection::take_body(std::string_view bytes) {
  switch (transfer_->head().framing()) {
    case ReplyHead::Framing::none: return replied(bytes);
    case ReplyHead::Framing::length: {
      const std::string_view content =
          bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
      if (!give(content)) return false;
      left_ -= content.size();
      return left_ > 0 || replied(bytes.substr(content.size()));
    }
    case ReplyHead::Framing::chunked:
      while (!bytes.empty() && !chunks_.done()) {
        const ChunkedBody::Piece piece = chunks_.next(bytes);
        if (chunks_.broken()) {
          end(CURLE_WEIRD_SERVER_REPLY);
          return false;
        }
        if (!give(piece.content)) return false;
        bytes.remove_prefix(piece.taken + piece.content.size());
      }
      return !chunks_.done() || replied(bytes);
    case ReplyHead::Framing::until_close: return give(bytes);
  }
  return true;
}

bool WireConnection::give(std::string_view content) {
  if (content.empty() || transfer_->on_body(as_bytes(content)) == content.size()) return true;
  end(CURLE_WRITE_ERROR);
  return false;
}

void WireConnection::take_end_of_connection() {
  const ReplyHead& head = transfer_->head();
  if (head.complete()) return end(head.framing() == ReplyHead::Framing::until_close ? CURLE_OK : CURLE_PARTIAL_FILE);
  if (head.begun()) return end(CURLE_PARTIAL_FILE);
  const bool is_http = status_line.starts_with(std::string_view(line_).substr(0, status_line.size()));
  lost(is_http ? CURLE_GOT_NOTHING : CURLE_WEIRD_SERVER_REPLY);
}

bool WireConnection::replied(std::string_view rest) {
  const ReplyHead& head = transfer_->head();
  can_be_used_again_ = rest.empty() && head.keeps_connection();
  if (head.success() && !is_sent()) has_reply_ = true;  // the server has not read all, and may want to
  else end(CURLE_OK);
  return false;
}

// ---- the end --------------------------------------------------------------------------------------------------------

void WireConnection::lost(CURLcode result) {
  if (has_reply_) {
    return pool_.give_up(*transfer_,
                         Error(ErrorCode::unavailable, "the connection was lost before all of the body had gone")
                             .hint("connection: the server answered and hung up; try again"));
  }
  if (exchanges_ > 1 && !transfer_->head().begun()) transfer_->refuse_replay();
  end(result);
}

void WireConnection::end(CURLcode result) {
  can_be_used_again_ = can_be_used_again_ && result == CURLE_OK && is_sent();
  pool_.through(*transfer_, result);
}

}  // namespace docupilot::inline v1::http
