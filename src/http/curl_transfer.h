#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "http/curl_handle.h"
#include "http/reply_head.h"

namespace docupilot::inline v1::http {

class CurlLoop;
class CurlPool;
class WireConnection;

/// One request on its way: what libcurl's callbacks do, and what comes of it. But for `resume` and `cancel`, it is
/// used by the thread of its loop alone once it was submitted.
class CurlTransfer final : public Transfer, public std::enable_shared_from_this<CurlTransfer> {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  using Done = std::function<void(Result<Response>)>;

  /// Where body and reply are, of which the request names some only.
  struct Bodies {
    BodySource* source = nullptr;
    BodySink* sink = nullptr;
  };

  /// The transfer owns the request, and calls `done`.
  CurlTransfer(std::shared_ptr<CurlLoop> loop, Request request, Context context, Done done);
  /// The request is kept by the caller until `done` was called; `kept` by this transfer, past the end of `done`.
  CurlTransfer(std::shared_ptr<CurlLoop> loop, const Request* request, CheckedRequest checked, Bodies bodies,
               const Context& context, Done done, std::shared_ptr<void> kept);
  /// Opens a connection for requests like this one, unless there are so many; sends nothing, and tells nobody.
  CurlTransfer(std::shared_ptr<CurlLoop> loop, Request like, unsigned connections);
  ~CurlTransfer() override;

  void resume() override;
  void cancel() override;

  // ---- by the loop ----
  /// Readies it: the request is checked if it was not yet. Errors: why it cannot be sent.
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] const Request& request() const noexcept { return *request_; }
  [[nodiscard]] CheckedRequest& checked() noexcept { return checked_; }
  [[nodiscard]] const CheckedRequest& checked() const noexcept { return checked_; }
  /// Of one that only opens a connection: how many there may be then. Else 0.
  [[nodiscard]] unsigned connects_ahead() const noexcept { return connects_ahead_; }
  [[nodiscard]] const ReplyHead& head() const noexcept { return head_; }
  void attach(CurlPool& pool, std::unique_ptr<CurlHandle> handle);
  /// `wire`: null while it waits for one.
  void attach(CurlPool& pool, WireConnection* wire);
  [[nodiscard]] std::unique_ptr<CurlHandle> detach();
  [[nodiscard]] bool attached() const noexcept { return pool_ != nullptr; }
  [[nodiscard]] CurlPool& pool() noexcept { return *pool_; }
  /// That of libcurl's transfer, or of the connection. Not while it waits for one.
  [[nodiscard]] CurlHandle& handle() const noexcept;
  [[nodiscard]] WireConnection* wire() const noexcept { return wire_; }
  /// The body of a success is kept in the response.
  [[nodiscard]] bool keeps_reply() const noexcept { return bodies_.sink == nullptr; }
  /// A connection stands; TLS may not, yet.
  void on_connected() noexcept { connected_ = true; }
  /// It has a connection, and the request goes out on it, or has.
  [[nodiscard]] bool requested() const noexcept { return requested_; }
  /// Goes on if it was paused: true. To be called before libcurl is told.
  [[nodiscard]] bool take_resume();
  /// Why it must end now, if it must: its deadline passed, or nothing moved for too long.
  [[nodiscard]] std::optional<Error> overdue(Moment now);
  /// When `overdue` wants to be asked again.
  [[nodiscard]] Moment next_check() const noexcept { return next_check_; }
  /// What came of it, as libcurl ended it. While attached.
  [[nodiscard]] Result<Response> outcome(CURLcode result);
  /// What came of it when it was ended for `why`. A request that must not be done twice and may have been read by the
  /// server has an unknown outcome, unless the caller asked for the end.
  [[nodiscard]] Result<Response> outcome(Error why);
  /// Tells whoever waits. Once, and not while attached.
  void deliver(Result<Response> result);

  // ---- by libcurl, or by the connection ----
  std::size_t on_header(std::string_view line);
  std::size_t on_body(ByteView bytes);
  std::size_t on_read(MutableByteView into);
  /// The body lies in memory: `on_lend` may be called in the place of `on_read`, and says where.
  [[nodiscard]] bool lends() const { return bodies_.source == nullptr || bodies_.source->lends(); }
  std::size_t on_lend(ByteView& bytes, std::size_t most);
  int on_seek(curl_off_t offset, int origin);
  bool on_request();
  bool on_connect(const sockaddr& address);
  /// It went out on a connection that was used before and broke; it is not sent again.
  void refuse_replay() noexcept { refused_replay_ = true; }
  /// The connection that it is on, as far as is known. libcurl tells it before the end to nobody who asks.
  void on_socket(int fd) noexcept { socket_ = fd; }

  std::size_t place_in_loop = 0;  ///< Kept by the loop.

 private:
  struct Stopper {
    CurlTransfer* transfer;
    void operator()() const { transfer->cancel(); }
  };

  std::size_t fail(Error error);
  [[nodiscard]] std::size_t keep(ByteView bytes);
  [[nodiscard]] Result<std::optional<std::size_t>> read_body(MutableByteView into);
  [[nodiscard]] Result<std::optional<ByteView>> lend_body(std::size_t most);
  [[nodiscard]] std::size_t most_of_body(std::size_t room) const noexcept;
  /// What libcurl is told of so many bytes, of which `most` were asked for.
  [[nodiscard]] std::size_t hand_out(Result<std::optional<std::size_t>> count, std::size_t most);
  [[nodiscard]] Result<Response> reply();
  [[nodiscard]] Error told(Error error) const;
  [[nodiscard]] std::int64_t bytes_moved() const;

  std::shared_ptr<CurlLoop> loop_;
  Request own_request_;
  const Request* request_;
  CheckedRequest checked_;
  bool is_checked_ = false;
  const unsigned connects_ahead_ = 0;
  Context context_;
  const std::shared_ptr<void> kept_;
  Done done_;
  Bodies bodies_;
  CurlPool* pool_ = nullptr;
  std::unique_ptr<CurlHandle> handle_;
  WireConnection* wire_ = nullptr;
  std::optional<std::stop_callback<Stopper>> stopper_;

  ReplyHead head_;
  Response response_;
  std::optional<Error> failure_;  // of a callback, which libcurl reports by a code of its own
  std::uint64_t body_sent_ = 0;   // handed to libcurl
  std::uint64_t body_received_ = 0;
  bool resolved_ = false;          // a connection was begun
  bool connected_ = false;         // and it stands, though perhaps without TLS
  bool requested_ = false;         // the request went out, or part of it
  bool refused_replay_ = false;    // libcurl wanted to send it again
  bool refused_address_ = false;   // libcurl wanted to connect to one that the request does not allow
  bool enough_ = false;            // of the body of an error
  bool failed_in_caller_ = false;  // the failure is the source's or the sink's
  bool reading_paused_ = false;
  bool writing_paused_ = false;
  std::atomic<bool> resume_posted_ = false;

  Moment began_;
  Moment deadline_ = Moment::max();
  Moment next_check_ = Moment::max();
  Moment last_moved_;
  std::int64_t moved_ = -1;
  int socket_ = -1;  // looked at while attached alone
  Moment::duration stall_{};
  Moment::duration stall_step_{};
};

}  // namespace docupilot::inline v1::http
