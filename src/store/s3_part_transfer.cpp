#include "store/s3_part_transfer.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "http/clock_skew.h"
#include "store/part_reply.h"
#include "store/s3_body.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t largest_kept = std::uint64_t{256} << 10U;  // body, to be hashed whole before it is sent

}  // namespace

S3PartTransfer::S3PartTransfer(S3SenderState& state, PartRequest part, PartSender::Done done, const Context& context)
    : PartAttempt("s3", state.under_way, std::move(part), std::move(done), context),
      state_(state),
      client_(state.client) {}

void S3PartTransfer::start(S3ObjectStore& store) {
  if (auto sent = send(store); !sent) fail(std::move(sent).error());
}

Result<void> S3PartTransfer::send(S3ObjectStore& store) {
  DOCUPILOT_CHECK(describe(store));
  clock_offset_ = client_.clock_skew().offset();
  DOCUPILOT_TRY(S3Attempt made,
                client_.prepare(request_, std::move(request_.headers), *place_, clock_offset_, context_));
  used_ = std::move(made.used);
  state_.lasting_keys = !used_->expires;
  if (auto refused = state_.take_refusal(*used_)) return *std::move(refused);
  is_framed_ = made.framing.has_value();
  sent_ = client_.now();
  return PartAttempt::send(*client_.options().transport, std::move(made.wire), made.framing, std::move(made.seed));
}

Result<void> S3PartTransfer::describe(S3ObjectStore& store) {
  const StoreCall now = call();
  DOCUPILOT_CHECK(now.check());
  DOCUPILOT_TRY(request_, store.part_request(part_, now));
  place_ = client_.place();
  request_.checksum = client_.features().checksums && !state_.goes_without_checksum(part_);
  request_.expects = state_.asks_first(part_);
  part_.body->rewind();
  request_.body_crc64nvme = part_.body->crc64nvme();
  if (const auto whole = part_.body->whole()) {
    request_.may_go_unsigned = true;
    send_from(*whole);
    return {};
  }
  const bool is_signed = client_.signs_payload(*place_);
  if (!is_signed && (request_.body_crc64nvme || !request_.checksum)) return {};
  if (request_.length <= largest_kept) return read_small();
  if (client_.quirks().streaming) return {};
  return now.error(ErrorCode::unsupported, "this server takes no bodies over http that are signed as they are sent",
                   "use https");
}

Result<void> S3PartTransfer::read_small() {
  memory_.resize(static_cast<std::size_t>(request_.length));
  for (std::size_t filled = 0; filled < memory_.size();) {
    const MutableByteView rest(reinterpret_cast<std::byte*>(memory_.data()) + filled, memory_.size() - filled);
    DOCUPILOT_TRY(const auto count, part_.body->read(rest));
    if (!count && client_.quirks().streaming) {
      part_.body->rewind();
      return {};
    }
    if (!count) return Error(ErrorCode::unavailable, "the body has no bytes for now");
    if (*count == 0 || *count > rest.size()) {
      return call().error(ErrorCode::corrupted, "the body said another size than it has",
                          "the data changed while they were read: try again");
    }
    filled += *count;
  }
  send_from(as_bytes(memory_));
  return {};
}

void S3PartTransfer::send_from(ByteView memory) {
  request_.streamed = false;
  request_.body = memory;
}

// ---- what came of it ------------------------------------------------------------------------------------------------

PartReply S3PartTransfer::judge(const Result<http::Response>& result) {
  const S3Outcome outcome = client_.examine(request_, used_.get(), result);
  PartReply reply;
  if (outcome.judgement.verdict == http::Verdict::done) {
    reply = stored_reply(part_, result->headers, call());
    state_.last_reply = S3SenderState::LastReply::success;
    if (request_.checksum) state_.takes_checksums = true;
    else if (state_.goes_without_checksum(part_)) client_.features().checksums = false;
  } else {
    state_.last_reply = S3SenderState::LastReply::failure;
    reply = failed_reply(part_, result, outcome.judgement, client_.now(), client_.options().retry, call());
    if (result) mend(outcome, *result, reply);
  }
  return reply;
}

bool S3PartTransfer::corrects_clock(http::Verdict verdict, const http::Response& result) {
  if (verdict != http::Verdict::clock_skew && verdict != http::Verdict::maybe_clock_skew) return false;
  const auto measured = http::measured_offset(result.headers, sent_, client_.now());
  if (!measured || !http::differs_much(*measured, clock_offset_)) return false;
  client_.clock_skew().set(*measured);
  return true;
}

bool S3PartTransfer::drops_credentials(http::Verdict verdict, const Error& error) {
  if (verdict != http::Verdict::credentials_expired || !client_.options().credentials) return false;
  client_.options().credentials->invalidate(*used_);
  state_.refuse(used_, error);
  return true;
}

bool S3PartTransfer::leaves_out(const S3Outcome& outcome, const Error& error) {
  if (!outcome.refused) return false;
  // Whether it was the checksum shows when this very part goes without.
  if (request_.checksum) return state_.leave_out_checksum(part_);
  state_.put_back_checksum(part_);
  if (!request_.conditional || error.http_status() != 501) return false;
  client_.features().conditional = false;
  return true;
}

bool S3PartTransfer::is_damage(const Error& error) const {
  static constexpr std::array<std::string_view, 5> codes = {"BadRequest", "IncompleteBody", "InvalidChunkSizeError",
                                                            "MalformedTrailerError", "SignatureDoesNotMatch"};
  // With keys that were good before, by which the upload of a part was begun too, it is the bytes that are wrong.
  return is_framed_ && (client_.features().trusted || part_.number != 0) &&
         std::ranges::find(codes, error.service_code()) != codes.end();
}

void S3PartTransfer::mend(const S3Outcome& outcome, const http::Response& result, PartReply& reply) {
  Error& error = *reply.error;
  const http::Verdict verdict = outcome.judgement.verdict;
  if (result.status == 417) {
    // Somebody on the way cannot be asked (RFC 9110, 10.1.1).
    if (request_.expects && !state_.never_asks.exchange(true)) reply.verdict = PartVerdict::mended;
  } else if ((outcome.redirected && client_.follow_region(*place_, outcome)) || leaves_out(outcome, error) ||
             corrects_clock(verdict, result) || drops_credentials(verdict, error)) {
    reply.verdict = PartVerdict::mended;
  } else if (reply.verdict == PartVerdict::final && is_damage(error)) {
    reply.verdict = PartVerdict::transient;
    error = call().instead(Error(ErrorCode::corrupted, "the bytes that arrived are not those that were sent")
                               .hint("the bytes changed on their way: send them again"),
                           error);
  } else if (reply.verdict == PartVerdict::final && request_.conditional) {
    error = S3ObjectStore::told_condition(part_.target->options, std::move(error), call());
  }
}

}  // namespace docupilot::inline v1
