#include "http/send_call.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t buffer_size = 256U << 10U;

}  // namespace

void SendCall::Buffer::make_room(std::size_t wanted) {
  if (room >= wanted) return;
  bytes = std::make_unique_for_overwrite<std::byte[]>(wanted);
  room = wanted;
}

SendCall::SendCall(const Request& request, const Context& context)
    : request_(request), context_(context), unread_(request.reader != nullptr ? request.length : 0) {}

CurlTransfer::Bodies SendCall::bodies() noexcept {
  return {.source = request_.reader != nullptr ? this : request_.source,
          .sink = request_.writer != nullptr ? this : request_.sink};
}

void SendCall::finish(Result<Response> result) {
  {
    const std::lock_guard lock(mutex_);
    result_.emplace(std::move(result));
  }
  changed_.notify_one();  // who wakes up finds the lock free
}

// ---- the loop's side ------------------------------------------------------------------------------------------------

Result<std::optional<std::size_t>> SendCall::read(MutableByteView into) {
  std::unique_lock lock(mutex_);
  Buffer& buffer = body_[body_drained_];
  if (buffer.size == 0) {
    if (reader_error_) return Error(*reader_error_);
    if (body_ended_) return std::optional<std::size_t>(0);
    source_waits_ = true;
    return std::optional<std::size_t>();
  }
  lock.unlock();
  const std::size_t count = std::min(into.size(), buffer.size - buffer.taken);
  std::memcpy(into.data(), buffer.bytes.get() + buffer.taken, count);
  lock.lock();
  buffer.taken += count;
  if (buffer.taken == buffer.size) {
    buffer.size = buffer.taken = 0;
    body_drained_ ^= 1U;
    changed_.notify_one();
  }
  return std::optional<std::size_t>(count);
}

Result<bool> SendCall::write(ByteView bytes) {
  const std::lock_guard lock(mutex_);
  Buffer& buffer = reply_[reply_filled_];
  if (buffer.size == 0) buffer.make_room(std::max(buffer_size, bytes.size()));
  if (bytes.size() > buffer.room - buffer.size) {
    sink_waits_ = true;
    return false;
  }
  if (!bytes.empty()) std::memcpy(buffer.bytes.get() + buffer.size, bytes.data(), bytes.size());
  buffer.size += bytes.size();
  changed_.notify_one();
  return true;
}

// ---- the caller's side ----------------------------------------------------------------------------------------------

bool SendCall::can_read() const {
  return unread_ > 0 && !body_ended_ && !reader_error_ && body_[body_filled_].size == 0;
}

void SendCall::read_some(std::unique_lock<std::mutex>& lock, Transfer& transfer) {
  Buffer& buffer = body_[body_filled_];
  lock.unlock();
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(unread_, buffer_size));
  buffer.make_room(wanted);
  auto count = request_.reader->read({buffer.bytes.get(), wanted}, context_);
  lock.lock();
  if (!count) {
    reader_error_ = std::move(count).error();
  } else if (*count == 0) {
    body_ended_ = true;
  } else {
    buffer.size = std::min(*count, wanted);
    unread_ -= buffer.size;
    body_filled_ ^= 1U;
  }
  if (!std::exchange(source_waits_, false)) return;
  lock.unlock();
  transfer.resume();
  lock.lock();
}

void SendCall::write_some(std::unique_lock<std::mutex>& lock, Transfer& transfer) {
  Buffer& buffer = reply_[reply_filled_];
  reply_filled_ ^= 1U;
  const bool resume = std::exchange(sink_waits_, false);  // there is an empty buffer now
  lock.unlock();
  if (resume) transfer.resume();
  auto written = request_.writer->write({buffer.bytes.get(), buffer.size});
  if (!written) transfer.cancel();
  lock.lock();
  buffer.size = 0;
  if (!written) writer_error_ = std::move(written).error();
}

bool SendCall::wants_reply() const {
  if (writer_error_) return false;
  // Of a reply that broke off, what came is kept: whoever asks again can ask for the rest alone.
  return !result_ || *result_ || (result_->error().retryable() && context_.check("request"));
}

Result<Response> SendCall::run(Transfer& transfer) {
  try {
    return move_bytes(transfer);
  } catch (...) {  // a reader or writer threw: the transfer must not outlive the request it refers to
    transfer.cancel();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return result_.has_value(); });
    throw;
  }
}

Result<Response> SendCall::move_bytes(Transfer& transfer) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return result_ || can_write() || can_read(); });
    if (can_write() && wants_reply()) {
      write_some(lock, transfer);
    } else if (result_) {
      break;
    } else if (can_read() && !writer_error_) {
      read_some(lock, transfer);
    } else {  // nothing more is moved: only the end is waited for
      changed_.wait(lock, [this] { return result_.has_value(); });
    }
  }
  if (writer_error_) return std::move(*writer_error_);
  return std::move(*result_);
}

}  // namespace docupilot::inline v1::http
