#include "http/curl_transfer.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"
#include "http/curl_error.h"
#include "http/curl_loop.h"
#include "http/request_report.h"
#include "http/socket_progress.h"
#include "http/url_rules.h"
#include "http/wire_connection.h"

namespace docupilot::inline v1::http {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t most_reserved = 1U << 20U;

Clock::duration clock_length(Duration length) { return std::chrono::nanoseconds(length.nanoseconds()); }

}  // namespace

CurlTransfer::CurlTransfer(std::shared_ptr<CurlLoop> loop, Request request, Context context, Done done)
    : loop_(std::move(loop)),
      own_request_(std::move(request)),
      request_(&own_request_),
      context_(std::move(context)),
      done_(std::move(done)),
      bodies_{.source = own_request_.source, .sink = own_request_.sink} {}

CurlTransfer::CurlTransfer(std::shared_ptr<CurlLoop> loop, const Request* request, CheckedRequest checked,
                           Bodies bodies, const Context& context, Done done, std::shared_ptr<void> kept)
    : loop_(std::move(loop)),
      request_(request),
      checked_(std::move(checked)),
      is_checked_(true),
      context_(context),
      kept_(std::move(kept)),
      done_(std::move(done)),
      bodies_(bodies) {}

CurlTransfer::CurlTransfer(std::shared_ptr<CurlLoop> loop, Request like, unsigned connections)
    : loop_(std::move(loop)),
      own_request_(std::move(like)),
      request_(&own_request_),
      connects_ahead_(connections),
      done_([](const Result<Response>&) {}) {}

CurlTransfer::~CurlTransfer() = default;

void CurlTransfer::resume() {
  if (!resume_posted_.exchange(true)) loop_->post_resume(shared_from_this());
}

void CurlTransfer::cancel() { loop_->post_cancel(shared_from_this()); }

Error CurlTransfer::told(Error error) const {
  return std::move(error).operation("request").target(request_->method + " " + checked_.target);
}

Result<void> CurlTransfer::begin() {
  began_ = last_moved_ = Clock::now();
  if (!is_checked_) {
    if (own_request_.reader != nullptr || own_request_.writer != nullptr) {
      return Error(ErrorCode::invalid_argument, "a reader or writer was given to a call that does not wait")
          .operation("request")
          .hint("give a source or sink, or use send");
    }
    DOCUPILOT_TRY(checked_, check_request(own_request_, loop_->setup().options.allow_plaintext));
    is_checked_ = true;
  }
  if (auto fine = context_.check("request"); !fine) return told(std::move(fine).error());
  const Limits& limits = request_->limits;
  head_.start(checked_.shape == CheckedRequest::Shape::head, limits.header_bytes);
  if (context_.deadline.is_set()) {
    const auto left = clock_length(context_.deadline.remaining());
    if (left < Moment::max() - began_) deadline_ = began_ + left;
  }
  stall_ = clock_length(limits.stall);
  stall_step_ = std::clamp<Clock::duration>(stall_ / 8, std::chrono::milliseconds(5), std::chrono::seconds(1));
  next_check_ = stall_ > Clock::duration::zero() ? std::min(deadline_, began_ + stall_step_) : deadline_;
  if (context_.stop.stop_possible()) stopper_.emplace(context_.stop, Stopper{this});
  return {};
}

void CurlTransfer::attach(CurlPool& pool, std::unique_ptr<CurlHandle> handle) {
  pool_ = &pool;
  handle_ = std::move(handle);
}

void CurlTransfer::attach(CurlPool& pool, WireConnection* wire) {
  pool_ = &pool;
  wire_ = wire;
}

std::unique_ptr<CurlHandle> CurlTransfer::detach() {
  pool_ = nullptr;
  wire_ = nullptr;
  return std::move(handle_);
}

CurlHandle& CurlTransfer::handle() const noexcept { return wire_ != nullptr ? wire_->handle() : *handle_; }

bool CurlTransfer::take_resume() {
  resume_posted_ = false;
  const bool paused = reading_paused_ || writing_paused_;
  reading_paused_ = writing_paused_ = false;
  return paused && attached();
}

std::int64_t CurlTransfer::bytes_moved() const {
  const std::int64_t handed =
      wire_ != nullptr ? wire_->bytes_sent()
                       : handle_->wide_number(CURLINFO_SIZE_UPLOAD_T) + handle_->number(CURLINFO_REQUEST_SIZE);
  return static_cast<std::int64_t>(head_.bytes() + body_received_) + socket_progress(socket_, handed);
}

std::optional<Error> CurlTransfer::overdue(Moment now) {
  if (now >= deadline_) return Error(ErrorCode::timeout, "the deadline passed");
  if (stall_ <= Clock::duration::zero()) return std::nullopt;
  if (now >= next_check_) {
    // Until the request goes out, the connect limit holds; and who is slow himself is not told of a stall.
    const bool waiting = !requested_ || reading_paused_ || writing_paused_ || !attached();
    const std::int64_t moved = waiting ? -1 : bytes_moved();
    if (waiting || moved != moved_) {
      moved_ = moved;
      last_moved_ = now;
    } else if (now - last_moved_ >= stall_) {
      return Error(ErrorCode::timeout, "the transfer stalled: no byte came or went for too long")
          .hint("the server or the network hangs; try again, or raise the stall limit");
    }
    next_check_ = std::min(deadline_, now + stall_step_);
  }
  return std::nullopt;
}

// ---- libcurl's callbacks --------------------------------------------------------------------------------------------

std::size_t CurlTransfer::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  return CURL_WRITEFUNC_ERROR;
}

std::size_t CurlTransfer::on_header(std::string_view line) {
  const bool was_complete = head_.complete();  // what comes after are trailers
  if (auto taken = head_.line(line); !taken) return fail(std::move(taken).error());
  if (was_complete || !head_.complete() || !head_.success() || !request_->on_head) return line.size();
  response_.status = head_.status();
  response_.headers = head_.headers();
  if (auto wanted = request_->on_head(response_); !wanted) {
    failed_in_caller_ = true;
    return fail(std::move(wanted).error());
  }
  return line.size();
}

std::size_t CurlTransfer::on_body(ByteView bytes) {
  if (head_.success() && bodies_.sink != nullptr) {
    auto taken = bodies_.sink->write(bytes);
    if (!taken) {
      failed_in_caller_ = true;
      return fail(std::move(taken).error());
    }
    writing_paused_ = !*taken;
    if (writing_paused_) return CURL_WRITEFUNC_PAUSE;
    body_received_ += bytes.size();
    return bytes.size();
  }
  return keep(bytes);
}

std::size_t CurlTransfer::keep(ByteView bytes) {
  const Limits& limits = request_->limits;
  const std::uint64_t before = body_received_;
  body_received_ += bytes.size();
  if (head_.success()) {
    const bool too_large = limits.body_bytes != 0 && std::max(body_received_, head_.length()) > limits.body_bytes;
    if (too_large) {
      return fail(
          Error(ErrorCode::too_large, "the reply is larger than " + std::to_string(limits.body_bytes) + " bytes")
              .hint("raise body_bytes, or have it written to a writer"));
    }
    if (before == 0) response_.body.reserve(static_cast<std::size_t>(std::min(head_.length(), most_reserved)));
    response_.body.append(as_text(bytes));
    return bytes.size();
  }
  // The body of an error: its beginning is enough. The rest is read, so that the connection can be used again, as long
  // as it is not endless.
  const std::uint64_t most = limits.error_bytes != 0 ? limits.error_bytes : UINT64_MAX;
  const std::uint64_t room = most - std::min(most, std::uint64_t{response_.body.size()});
  response_.body.append(as_text(bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())))));
  response_.body_is_cut = response_.body_is_cut || room < bytes.size();
  enough_ = response_.body_is_cut && limits.body_bytes != 0 && body_received_ > limits.body_bytes;
  return enough_ ? CURL_WRITEFUNC_ERROR : bytes.size();
}

Result<std::optional<std::size_t>> CurlTransfer::read_body(MutableByteView into) {
  if (bodies_.source != nullptr) return bodies_.source->read(into);
  const ByteView rest = request_->body.subspan(static_cast<std::size_t>(body_sent_));
  const std::size_t count = std::min(into.size(), rest.size());
  std::memcpy(into.data(), rest.data(), count);
  return std::optional<std::size_t>(count);
}

Result<std::optional<ByteView>> CurlTransfer::lend_body(std::size_t most) {
  if (bodies_.source != nullptr) return bodies_.source->lend(most);
  return std::optional(request_->body.subspan(static_cast<std::size_t>(body_sent_), most));
}

std::size_t CurlTransfer::most_of_body(std::size_t room) const noexcept {
  return static_cast<std::size_t>(std::min<std::uint64_t>(checked_.length - body_sent_, room));
}

std::size_t CurlTransfer::on_read(MutableByteView into) {
  into = into.first(most_of_body(into.size()));
  return into.empty() ? 0 : hand_out(read_body(into), into.size());
}

std::size_t CurlTransfer::on_lend(ByteView& bytes, std::size_t most) {
  most = most_of_body(most);
  if (most == 0) return 0;
  auto lent = lend_body(most);
  if (!lent) return hand_out(std::move(lent).error(), most);
  if (!*lent) return hand_out(std::optional<std::size_t>(), most);
  bytes = **lent;
  return hand_out(std::optional(bytes.size()), most);
}

std::size_t CurlTransfer::hand_out(Result<std::optional<std::size_t>> count, std::size_t most) {
  if (count && !*count) {
    reading_paused_ = true;
    return CURL_READFUNC_PAUSE;
  }
  if (!count || **count == 0 || **count > most) {
    failed_in_caller_ = true;
    if (!count) fail(std::move(count).error());
    else
      fail(Error(ErrorCode::invalid_argument, "the body ended after " + std::to_string(body_sent_) + " of " +
                                                  std::to_string(checked_.length) + " bytes")
               .hint("give the true length"));
    return CURL_READFUNC_ABORT;
  }
  body_sent_ += **count;
  return **count;
}

// Only for sending again what was begun to be sent, which is the caller's decision.
int CurlTransfer::on_seek(curl_off_t offset, int origin) {
  if (origin == SEEK_SET && offset == 0 && body_sent_ == 0) return CURL_SEEKFUNC_OK;
  refused_replay_ = true;
  return CURL_SEEKFUNC_FAIL;
}

bool CurlTransfer::on_request() {
  if (requested_) {
    refused_replay_ = true;
    return false;
  }
  requested_ = true;
  return true;
}

// After the request went out, libcurl opens a connection only to send it again.
bool CurlTransfer::on_connect(const sockaddr& address) {
  resolved_ = true;
  refused_replay_ = refused_replay_ || requested_;
  const bool allowed = !needs_public_address(*request_) || is_public_address(address);
  refused_address_ = refused_address_ || !allowed;
  return !requested_ && allowed;
}

// ---- the outcome ----------------------------------------------------------------------------------------------------

Result<Response> CurlTransfer::reply() {
  response_.status = head_.status();
  response_.headers = std::move(head_.headers());
  response_.bytes_sent = body_sent_;
  response_.bytes_received = body_received_;
  response_.connection_was_reused = wire_ != nullptr ? wire_->was_used() : handle_->number(CURLINFO_NUM_CONNECTS) == 0;
  response_.elapsed = Duration(std::chrono::nanoseconds(Clock::now() - began_).count());
  return std::move(response_);
}

Result<Response> CurlTransfer::outcome(CURLcode result) {
  if (connects_ahead_ > 0) return Response();  // nobody is told
  if (failure_) return outcome(std::move(*failure_));
  if (head_.complete()) {
    // "417 Expectation Failed" is a reply; libcurl would have sent the request once more.
    if (enough_ || (refused_replay_ && head_.status() == 417)) {
      response_.body_is_cut = true;
      return reply();
    }
    const bool whole = head_.framing() != ReplyHead::Framing::length || checked_.shape == CheckedRequest::Shape::head ||
                       body_received_ == head_.length();
    if (result == CURLE_OK && whole) {
      if (head_.framing() == ReplyHead::Framing::until_close) response_.body_is_cut = true;  // for all one can tell
      if (head_.status() == 407 && !loop_->setup().options.proxy.empty()) return outcome(proxy_refused());
      return reply();
    }
  }
  if (refused_address_ && !requested_) {
    return outcome(Error(ErrorCode::permission_denied, "the URL leads to an address that is not a public one")
                       .hint("a URL from outside may not reach this machine or a private network"));
  }
  return outcome(curl_error({.result = result,
                             .handle = handle(),
                             .setup = loop_->setup(),
                             .resolved = resolved_,
                             .connected = connected_,
                             .reply_begun = head_.begun(),
                             .in_head = head_.begun() && !head_.complete(),
                             .refused_replay = refused_replay_}));
}

Result<Response> CurlTransfer::outcome(Error why) {
  const bool by_caller = failed_in_caller_ || why.code() == ErrorCode::cancelled;
  if (!requested_ || request_->idempotent || by_caller) {
    // What a reader or writer of the caller returned says for itself where it comes from.
    return failed_in_caller_ && !why.operation().empty() ? Result<Response>(std::move(why)) : told(std::move(why));
  }
  return told(Error(ErrorCode::outcome_unknown, "no whole reply came; it may or may not have been done")
                  .hint("look whether it was done before doing it again")
                  .cause(std::move(why)));
}

void CurlTransfer::deliver(Result<Response> result) {
  stopper_.reset();
  if (const Hooks& hooks = loop_->setup().options.hooks; connects_ahead_ == 0 && (hooks.metric || hooks.span)) {
    report(hooks, {.result = result,
                   .taken = began_ == Moment() ? Moment::duration::zero() : Clock::now() - began_,
                   .bytes_sent = body_sent_,
                   .bytes_received = body_received_});
  }
  const Done done = std::move(done_);
  done(std::move(result));
}

}  // namespace docupilot::inline v1::http
