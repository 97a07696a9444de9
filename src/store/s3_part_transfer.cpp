#include "store/s3_part_transfer.h"

#include <algorithm>

#include "base/try.h"
#include "http/clock_skew.h"
#include "http/hex.h"
#include "store/part_reply.h"
#include "store/s3_body.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t largest_kept = std::uint64_t{256} << 10U;  // body, to be hashed whole before it is sent

}  // namespace

S3PartTransfer::S3PartTransfer(S3SenderState& state, PartRequest part, PartSender::Done done, const Context& context)
    : state_(state), client_(state.client), part_(std::move(part)), done_(std::move(done)), context_(context) {}

void S3PartTransfer::start(S3ObjectStore& store) {
  if (auto described = describe(store); !described) return fail(std::move(described).error());
  go_on();
}

Result<void> S3PartTransfer::describe(S3ObjectStore& store) {
  const StoreCall now = call();
  DOCUPILOT_CHECK(now.check());
  DOCUPILOT_TRY(request_, store.part_request(part_, now));
  place_ = client_.place();
  request_.checksum = client_.features().checksums && !state_.tries_without_checksum;
  request_.expects = !state_.proven;
  part_.body->rewind();
  const auto crc = part_.body->crc64nvme();
  if (crc) request_.checksum_headers = {{std::string(s3::checksum_header), s3::to_checksum(*crc)}};
  const bool wants_hash = client_.signs_payload(*place_);
  const bool wants_checksum = request_.checksum && !crc;
  keeps_bytes_ = (wants_hash || wants_checksum) && request_.length <= largest_kept;
  if (keeps_bytes_) memory_.resize(static_cast<std::size_t>(request_.length));
  else if ((wants_hash || wants_checksum) && !client_.quirks().streaming) hash_ = crypto::Digest::sha256();
  return {};
}

Result<bool> S3PartTransfer::read_ahead() {
  if (!keeps_bytes_ && !hash_) return true;
  std::string block(keeps_bytes_ ? 0 : store_block, '\0');
  while (ahead_ < request_.length) {
    if (slot_.cancelled()) return cancelled();
    DOCUPILOT_CHECK(call().check());
    std::string& into = keeps_bytes_ ? memory_ : block;
    const std::size_t at = keeps_bytes_ ? static_cast<std::size_t>(ahead_) : 0;
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(into.size() - at, request_.length - ahead_));
    const MutableByteView space(reinterpret_cast<std::byte*>(into.data()) + at, room);
    DOCUPILOT_TRY(const auto count, part_.body->read(space));
    if (!count) return false;
    if (*count == 0 || *count > room) {
      return call().error(ErrorCode::corrupted, "the body said another size than it has",
                          "the data changed while they were read: try again");
    }
    if (hash_) hash_->update(space.first(*count));
    ahead_ += *count;
  }
  if (keeps_bytes_) {
    request_.streamed = false;
    request_.body = as_bytes(memory_);
  } else {
    std::array<std::byte, 32> digest;
    hash_->finish(digest);
    request_.payload_hash = http::hex(digest);
    if (const auto crc = part_.body->crc64nvme()) {
      request_.checksum_headers = {{std::string(s3::checksum_header), s3::to_checksum(*crc)}};
    }
    part_.body->rewind();
  }
  return true;
}

void S3PartTransfer::go_on() {
  for (;;) {
    auto ready = read_ahead();
    if (!ready) return fail(std::move(ready).error());
    if (*ready) break;
    // What fits into memory may also be streamed; where nothing can, there is time.
    if (client_.quirks().streaming) {
      keeps_bytes_ = false;
      memory_.clear();
      part_.body->rewind();
      break;
    }
    const std::lock_guard lock(mutex_);
    waits_ = !std::exchange(resumed_, false) && !slot_.cancelled();
    if (waits_) return;
  }
  if (auto sent = send(); !sent) fail(std::move(sent).error());
}

Result<void> S3PartTransfer::send() {
  clock_offset_ = client_.clock_skew().offset();
  auto prepared = client_.prepare(request_, *place_, clock_offset_, context_);
  if (!prepared) {
    Error error = call().name(std::move(prepared).error());
    const bool passes = error.retryable() && call().check();
    fail(std::move(error), passes ? PartVerdict::transient : PartVerdict::final);
    return {};
  }
  S3Attempt& made = *prepared;
  used_ = made.used;
  if (auto refused = state_.take_refusal(used_)) return *std::move(refused);
  is_framed_signed_ = made.framing && made.framing->is_signed;
  if (made.wire.length > 0) {
    source_.emplace(*part_.body, std::move(made.framing), std::move(made.seed));
    made.wire.source = &*source_;
  }
  if (slot_.cancelled()) return cancelled();
  sent_ = client_.now();
  auto transfer = client_.options().transport->start(
      std::move(made.wire),
      [self = shared_from_this()](Result<http::Response> result) { self->finish(self->judge(result)); }, context_);
  slot_.begin(std::move(transfer));
  return {};
}

bool S3PartTransfer::stops_waiting() {
  const std::lock_guard lock(mutex_);
  resumed_ = !waits_;
  return std::exchange(waits_, false);
}

void S3PartTransfer::resume() {
  if (stops_waiting()) go_on();
  else slot_.resume();
}

void S3PartTransfer::cancel() {
  slot_.cancel();
  if (stops_waiting()) fail(cancelled());
}

void S3PartTransfer::finish(PartReply reply) {
  slot_.end();
  const PartSender::Done done = std::move(done_);
  done(std::move(reply));
  state_.under_way.remove(*this);
}

void S3PartTransfer::fail(Error error, PartVerdict verdict) {
  const bool named = !error.operation().empty();
  finish({.verdict = verdict, .error = named ? std::move(error) : call().name(std::move(error))});
}

// ---- what came of it ------------------------------------------------------------------------------------------------

PartReply S3PartTransfer::judge(const Result<http::Response>& result) {
  const std::uint64_t sent = source_ ? source_->bytes_read() : result ? result->bytes_sent : 0;
  if (source_ && source_->error()) return {.error = source_->error(), .bytes_sent = sent};
  const S3Outcome outcome = client_.examine(request_, used_, result);
  PartReply reply;
  if (outcome.judgement.verdict == http::Verdict::done) {
    reply = stored_reply(part_, result->headers, call());
    state_.proven = state_.trusted = true;
    if (!request_.checksum && state_.tries_without_checksum) client_.features().checksums = false;
  } else {
    state_.proven = false;
    reply = failed_reply(part_, result, outcome.judgement, client_.now(), client_.options().retry, call());
    if (result) mend(outcome, *result, reply);
  }
  reply.bytes_sent = sent;
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
  client_.options().credentials->invalidate(used_);
  state_.refuse(used_, error);
  return true;
}

bool S3PartTransfer::leaves_out(const S3Outcome& outcome, const Error& error) {
  if (!outcome.refused) return false;
  // Whether it was the checksum shows when it goes without.
  state_.tries_without_checksum = request_.checksum;
  if (request_.checksum) return true;
  if (!request_.conditional || error.http_status() != 501) return false;
  client_.features().conditional = false;
  return true;
}

void S3PartTransfer::mend(const S3Outcome& outcome, const http::Response& result, PartReply& reply) {
  Error& error = *reply.error;
  const http::Verdict verdict = outcome.judgement.verdict;
  if ((outcome.redirected && client_.follow_region(*place_, outcome)) || leaves_out(outcome, error) ||
      corrects_clock(verdict, result) || drops_credentials(verdict, error)) {
    reply.verdict = PartVerdict::mended;
  } else if (reply.verdict == PartVerdict::final && is_framed_signed_ && (state_.trusted || part_.number != 0) &&
             error.service_code() == "SignatureDoesNotMatch") {
    // The signature covers the bytes: with keys that were good before, by which the upload of a part was begun too, it
    // is they that are wrong.
    reply.verdict = PartVerdict::transient;
    error = call().instead(Error(ErrorCode::corrupted, "the bytes that arrived are not those that were signed")
                               .hint("the bytes changed on their way: send them again"),
                           error);
  } else if (reply.verdict == PartVerdict::final && request_.conditional) {
    error = S3ObjectStore::told_condition(part_.options, std::move(error), call());
  }
}

}  // namespace docupilot::inline v1
