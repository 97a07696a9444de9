#include "store/gateway_sender.h"

#include "base/try.h"
#include "http/redact.h"
#include "store/part_reply.h"
#include "store/s3_errors.h"
#include "store/s3_part_body.h"
#include "store/store_rules.h"
#include "store/transfer_slot.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t largest_unasked = std::uint64_t{1} << 20U;  // body; before a larger one the server is asked

PartVerdict verdict_of(const Error& error) {
  if (error.code() == ErrorCode::rate_limited) return PartVerdict::throttled;
  return error.retryable() && error.code() != ErrorCode::cancelled ? PartVerdict::transient : PartVerdict::final;
}

/// One attempt.
class GatewayTransfer final : public PartTransfer, public std::enable_shared_from_this<GatewayTransfer> {
 public:
  GatewayTransfer(GatewayState& state, PartRequest part, PartSender::Done done, const Context& context)
      : state_(state), part_(std::move(part)), done_(std::move(done)), context_(context) {}

  void start() {
    auto sent = send();
    if (sent) return;
    Error error = call().name(std::move(sent).error());
    finish({.verdict = verdict_of(error), .error = std::move(error)});
  }
  void resume() override { slot_.resume(); }
  void cancel() override { slot_.cancel(); }

 private:
  [[nodiscard]] StoreCall call() const {
    return {"gateway", part_.number == 0 ? "put" : "put_part", part_.key, context_};
  }
  [[nodiscard]] Result<void> send();
  [[nodiscard]] PartReply judge(const Result<http::Response>& result);
  void finish(PartReply reply) {
    slot_.end();
    const PartSender::Done done = std::move(done_);
    done(std::move(reply));
    state_.under_way.remove(*this);
  }

  GatewayState& state_;  // stays until `done` has returned
  PartRequest part_;
  PartSender::Done done_;
  const Context context_;
  GatewayUrls::Ticket ticket_;
  std::optional<s3::PartBodySource> source_;
  TransferSlot slot_;
};

Result<void> GatewayTransfer::send() {
  DOCUPILOT_CHECK(call().check());
  DOCUPILOT_CHECK(check_object_key(part_.key));
  if (part_.number != 0) DOCUPILOT_CHECK(check_part_number(part_.number));
  DOCUPILOT_TRY(ticket_, state_.urls.get(part_, context_));
  if (slot_.cancelled()) return Error(ErrorCode::cancelled, "the attempt was cancelled");
  part_.body->rewind();
  http::Request wire{.method = "PUT",
                     .url = std::string(ticket_.url.url.expose()),
                     .length = part_.body->size(),
                     .url_rules = state_.options.url_rules,
                     .identity = "upload gateway"};
  for (const auto& [name, value] : ticket_.url.headers) wire.headers.add(name, value);
  wire.expect_continue = wire.length > largest_unasked && !state_.proven;
  if (wire.length > 0) {
    source_.emplace(*part_.body, std::nullopt, http::Signed());
    wire.source = &*source_;
  }
  slot_.begin(state_.options.transport->start(
      std::move(wire),
      [self = shared_from_this()](Result<http::Response> result) { self->finish(self->judge(result)); }, context_));
  return {};
}

PartReply GatewayTransfer::judge(const Result<http::Response>& result) {
  const std::uint64_t sent = source_ ? source_->bytes_read() : 0;
  if (source_ && source_->error()) return {.error = source_->error(), .bytes_sent = sent};
  http::Judgement judgement = s3::judge(result, "");
  PartReply reply;
  state_.proven = judgement.verdict == http::Verdict::done;
  if (state_.proven) {
    reply = stored_reply(part_, result->headers, call());
    if (reply.verdict == PartVerdict::stored) state_.urls.forget(part_);
  } else {
    if (judgement.error) {
      http::Redactor redact;
      redact.add(ticket_.url.url);
      judgement.error = http::cleaned(*judgement.error, redact);
    }
    reply = failed_reply(part_, result, judgement, state_.clock.now(), RetryPolicy(), call());
    const bool refused =
        result && reply.verdict == PartVerdict::final &&
        (result->status == 401 || result->status == 403 || judgement.verdict == http::Verdict::credentials_expired);
    if (refused && state_.urls.refuse(part_, ticket_)) {
      reply.verdict = PartVerdict::mended;
    } else if (refused) {
      reply.error = call().instead(
          Error(ErrorCode::unauthenticated, "the store refuses the URLs that the gateway gives")
              .hint("check who signs them: the credentials, the clock, the method PUT and the headers to be sent"),
          *reply.error);
      state_.urls.forget(part_);
    }
  }
  reply.bytes_sent = sent;
  return reply;
}

}  // namespace

std::shared_ptr<PartTransfer> GatewaySender::send(PartRequest request, Done done, const Context& context) {
  auto transfer = std::make_shared<GatewayTransfer>(state_, std::move(request), std::move(done), context);
  state_.under_way.add(transfer);
  transfer->start();
  return transfer;
}

}  // namespace docupilot::inline v1
