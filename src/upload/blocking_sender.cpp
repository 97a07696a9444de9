#include "upload/blocking_sender.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace docupilot::inline v1 {

namespace {

/// Gives a body's bytes to a store that pulls them, and waits where the body has none for now.
class BodyReader final : public Reader {
 public:
  explicit BodyReader(PartBody& body) : body_(body) {}

  Result<std::size_t> read(MutableByteView into, const Context& context) override {
    for (;;) {
      auto count = body_.read(into);
      if (!count) return failure_.emplace(std::move(count).error());
      if (*count) {
        sent_ += **count;
        return **count;
      }
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, context.stop, std::chrono::milliseconds(100), [this] { return resumed_; });
      resumed_ = false;
      if (auto going = context.check("read"); !going) return std::move(going).error();
    }
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return body_.size(); }

  void resume() {
    {
      const std::lock_guard lock(mutex_);
      resumed_ = true;
    }
    changed_.notify_all();
  }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  /// The body's own error, which is none of the store's.
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

 private:
  PartBody& body_;
  std::uint64_t sent_ = 0;
  std::optional<Error> failure_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool resumed_ = false;
};

PartVerdict verdict_of(const Error& error, bool is_part) {
  switch (error.code()) {
    case ErrorCode::rate_limited: return PartVerdict::throttled;
    case ErrorCode::unavailable:
    case ErrorCode::timeout: return PartVerdict::transient;
    case ErrorCode::not_found:
      return is_part && error.service_code() != "NoSuchBucket" ? PartVerdict::no_upload : PartVerdict::final;
    default: return PartVerdict::final;
  }
}

}  // namespace

class BlockingSender::Transfer final : public PartTransfer {
 public:
  Transfer(PartRequest request, Done done, const Context& context)
      : request_(std::move(request)), done_(std::move(done)), context_(context), reader_(*request_.body) {}

  void resume() override { reader_.resume(); }
  void cancel() override { stop_.request_stop(); }

  void run(ObjectStore& store) {
    const std::stop_callback outer(context_.stop, [this] { stop_.request_stop(); });
    const Context context{.deadline = context_.deadline, .stop = stop_.get_token()};
    const bool is_part = request_.number != 0;
    request_.body->rewind();
    PartReply reply{.verdict = PartVerdict::stored};
    std::optional<Error> failed;
    if (is_part) {
      auto part = store.put_part(request_.target->upload, request_.number, reader_, context);
      if (part) {
        reply.part = *std::move(part);
        if (!reply.part.crc64nvme) reply.part.crc64nvme = request_.body->crc64nvme();
      } else {
        failed = std::move(part).error();
      }
    } else {
      auto object = store.put(request_.key(), reader_, request_.target->options, context);
      if (object) reply.object = *std::move(object);
      else failed = std::move(object).error();
    }
    reply.bytes_sent = reader_.sent();
    if (failed) {
      reply.error = reader_.failure() ? *reader_.failure() : *std::move(failed);
      reply.verdict = reader_.failure() ? PartVerdict::final : verdict_of(*reply.error, is_part);
    }
    const Done done = std::move(done_);
    done(std::move(reply));
  }

 private:
  PartRequest request_;
  Done done_;
  const Context context_;
  std::stop_source stop_;
  BodyReader reader_;
};

std::shared_ptr<PartTransfer> BlockingSender::send(PartRequest request, Done done, const Context& context) {
  auto transfer = std::make_shared<Transfer>(std::move(request), std::move(done), context);
  workers_.run([this, transfer] { transfer->run(store_); });
  return transfer;
}

}  // namespace docupilot::inline v1
