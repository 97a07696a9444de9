#include "store/gateway_sender.h"

#include "base/try.h"
#include "crypto/random.h"
#include "http/redact.h"
#include "store/part_attempt.h"
#include "store/part_reply.h"
#include "store/s3_errors.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t largest_unasked = std::uint64_t{1} << 20U;  // body; before a larger one the server is asked

/// One attempt.
class GatewayTransfer final : public PartAttempt {
 public:
  GatewayTransfer(GatewayState& state, PartRequest part, PartSender::Done done, const Context& context)
      : PartAttempt("gateway", state.under_way, std::move(part), std::move(done), context), state_(state) {}

  void start() {
    if (auto sent = send(); !sent) fail(std::move(sent).error());
  }

 private:
  [[nodiscard]] Result<void> send();
  PartReply judge(const Result<http::Response>& result) override;

  GatewayState& state_;  // stays until `done` has returned
  GatewayUrls::Ticket ticket_;
};

Result<void> GatewayTransfer::send() {
  DOCUPILOT_CHECK(call().check());
  DOCUPILOT_CHECK(check_object_key(part_.key()));
  if (part_.number != 0) DOCUPILOT_CHECK(check_part_number(part_.number));
  DOCUPILOT_TRY(ticket_, state_.urls.get(part_, context_));
  part_.body->rewind();
  http::Request wire{.method = "PUT",
                     .url = std::string(ticket_.url.url.expose()),
                     .length = part_.body->size(),
                     .url_rules = state_.options.url_rules,
                     .identity = "upload gateway"};
  for (const auto& [name, value] : ticket_.url.headers) wire.headers.add(name, value);
  wire.expect_continue = wire.length > largest_unasked && !state_.proven && !state_.never_asks;
  return PartAttempt::send(*state_.options.transport, std::move(wire), std::nullopt, {});
}

PartReply GatewayTransfer::judge(const Result<http::Response>& result) {
  http::Judgement judgement = s3::judge(result, "");
  PartReply reply;
  state_.proven = judgement.verdict == http::Verdict::done;
  if (state_.proven) {
    reply = stored_reply(part_, result->headers, call());
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
    const bool is_first_417 = result && result->status == 417 && !state_.never_asks.exchange(true);
    if (is_first_417 || (refused && state_.urls.refuse(part_, ticket_))) {
      reply.verdict = PartVerdict::mended;
    } else if (refused) {
      reply.error = call().instead(
          Error(ErrorCode::unauthenticated, "the store refuses the URLs that the gateway gives")
              .hint("check who signs them: the credentials, the clock, the method PUT and the headers to be sent"),
          *reply.error);
    }
  }
  if (reply.verdict == PartVerdict::stored || reply.verdict == PartVerdict::final) state_.urls.forget(part_);
  return reply;
}

}  // namespace

bool GatewaySender::may_wait(const PartRequest& request) const { return !state_.urls.has(request); }

MultipartUpload GatewaySender::begin_whole(const std::string& key, const PutOptions&) {
  // A URL is signed for one object and its options, so it is not another upload's.
  return {.key = key, .upload_id = "whole " + crypto::random_hex(32), .started = state_.clock.now()};
}

std::shared_ptr<PartTransfer> GatewaySender::send(PartRequest request, Done done, const Context& context) {
  auto transfer = std::make_shared<GatewayTransfer>(state_, std::move(request), std::move(done), context);
  state_.under_way.add(transfer);
  transfer->start();
  return transfer;
}

}  // namespace docupilot::inline v1
