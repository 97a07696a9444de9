#include "store/s3_part_transfer.h"

#include <algorithm>

#include "base/try.h"
#include "http/clock_skew.h"
#include "http/hex.h"
#include "http/retry_after.h"
#include "store/s3_body.h"
#include "store/s3_errors.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t largest_kept = std::uint64_t{256} << 10U;  // body, to be hashed whole before it is sent

bool may_help(http::Verdict verdict) {
  return verdict == http::Verdict::clock_skew || verdict == http::Verdict::maybe_clock_skew;
}

}  // namespace

S3PartTransfer::S3PartTransfer(std::shared_ptr<S3SenderState> state, PartRequest part, PartSender::Done done,
                               const Context& context)
    : state_(std::move(state)),
      client_(*state_->client),
      part_(std::move(part)),
      done_(std::move(done)),
      context_(context) {}

void S3PartTransfer::start(S3ObjectStore& store) {
  if (auto described = describe(store); !described) return fail(std::move(described).error());
  go_on();
}

Result<void> S3PartTransfer::describe(S3ObjectStore& store) {
  const StoreCall now = call();
  DOCUPILOT_CHECK(now.check());
  DOCUPILOT_TRY(request_, store.part_request(part_, now));
  place_ = client_.place();
  request_.checksum = client_.features().checksums && !state_->tries_without_checksum;
  request_.expects = !state_->proven;
  part_.body->rewind();
  const auto crc = part_.body->crc64nvme();
  if (crc) request_.checksum_headers = {{std::string(s3::checksum_header), s3::to_checksum(*crc)}};
  const bool wants_hash = !place_->endpoint.is_https();
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
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_) return Error(ErrorCode::cancelled, "the attempt was cancelled");
    }
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
    if (!std::exchange(resumed_, false) && !cancelled_) {
      phase_ = Phase::waiting;
      return;
    }
  }
  if (auto sent = send(); !sent) fail(std::move(sent).error());
}

Result<void> S3PartTransfer::send() {
  clock_offset_ = client_.clock_skew().offset();
  auto prepared = client_.prepare(request_, *place_, clock_offset_, context_);
  if (!prepared) return call().name(std::move(prepared).error());
  S3Attempt& made = *prepared;
  used_ = made.used;
  if (auto refused = state_->take_refusal(used_)) return *std::move(refused);
  is_framed_signed_ = made.framing && made.framing->is_signed;
  if (request_.streamed && request_.length > 0) {
    source_.emplace(*part_.body, std::move(made.framing), std::move(made.seed));
    made.wire.source = &*source_;
  } else if (made.framing) {
    source_.emplace(*part_.body, std::move(made.framing), std::move(made.seed));
    made.wire.source = &*source_;
  }
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return call().name(Error(ErrorCode::cancelled, "the attempt was cancelled"));
    phase_ = Phase::sending;
  }
  sent_ = client_.now();
  auto transfer = client_.options().transport->start(
      std::move(made.wire),
      [self = shared_from_this()](Result<http::Response> result) { self->finish(self->judge(result)); }, context_);
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::ended) return {};
  transfer_ = std::move(transfer);
  if (resumed_) transfer_->resume();
  if (cancelled_) transfer_->cancel();
  return {};
}

void S3PartTransfer::resume() {
  {
    const std::lock_guard lock(mutex_);
    if (transfer_) return transfer_->resume();
    if (phase_ == Phase::ended) return;
    resumed_ = phase_ != Phase::waiting;
    if (resumed_) return;
    phase_ = Phase::reading_ahead;
  }
  go_on();
}

void S3PartTransfer::cancel() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (transfer_) return transfer_->cancel();
    if (phase_ != Phase::waiting) return;
    phase_ = Phase::reading_ahead;
  }
  fail(Error(ErrorCode::cancelled, "the attempt was cancelled"));
}

void S3PartTransfer::finish(PartReply reply) {
  std::shared_ptr<http::Transfer> transfer;
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::ended;
    transfer = std::move(transfer_);
  }
  const PartSender::Done done = std::move(done_);
  done(std::move(reply));
}

void S3PartTransfer::fail(Error error) {
  const bool named = !error.operation().empty();
  finish({.error = named ? std::move(error) : call().name(std::move(error))});
}

// ---- what came of it ------------------------------------------------------------------------------------------------

PartReply S3PartTransfer::judge(const Result<http::Response>& result) {
  const std::uint64_t sent = source_ ? source_->bytes_read() : result ? result->bytes_sent : 0;
  if (source_ && source_->error()) return {.error = source_->error(), .bytes_sent = sent};
  const S3Outcome outcome = client_.examine(request_, used_, result);
  PartReply reply;
  if (outcome.judgement.verdict == http::Verdict::done) {
    reply = stored(*result);
  } else {
    state_->proven = false;
    Error error = outcome.judgement.error ? *outcome.judgement.error : result.error();
    error = call().name(std::move(error));
    reply.verdict = verdict(outcome, result, error);
    if (const auto hint = result ? http::server_hint(result->headers, client_.now()) : std::nullopt) {
      reply.wait = hint->aws ? hint->delay : std::min(hint->delay, client_.options().retry.longest_hint);
      reply.asked_by_aws = hint->aws;
    }
    reply.error = std::move(error);
  }
  reply.bytes_sent = sent;
  return reply;
}

PartReply S3PartTransfer::stored(const http::Response& reply) const {
  const auto crc = part_.body->crc64nvme();
  const auto told = s3::told_checksum(reply.headers);
  if (crc && told && *crc != *told) {
    return {.verdict = PartVerdict::transient,
            .error = call().error(ErrorCode::corrupted, "the server stored other bytes than were sent",
                                  "the bytes changed on their way: send them again")};
  }
  auto written = s3::written_object(call(), reply.headers, part_.body->size(), part_.options);
  if (!written) return {.error = std::move(written).error()};
  state_->proven = true;
  state_->trusted = true;
  if (!request_.checksum && state_->tries_without_checksum) client_.features().checksums = false;
  PartReply done{.verdict = PartVerdict::stored};
  if (part_.number == 0) {
    done.object = *std::move(written);
    if (!done.object.crc64nvme) done.object.crc64nvme = crc;
  } else {
    done.part = {
        .number = part_.number, .size = part_.body->size(), .etag = std::move(written->etag), .crc64nvme = crc};
  }
  return done;
}

bool S3PartTransfer::corrects_clock(const Result<http::Response>& result) {
  const auto measured = http::measured_offset(result->headers, sent_, client_.now());
  if (!measured || !http::differs_much(*measured, clock_offset_)) return false;
  client_.clock_skew().set(*measured);
  return true;
}

bool S3PartTransfer::leaves_out(const S3Outcome& outcome, const Error& error) {
  if (!outcome.refused) return false;
  // Whether it was the checksum shows when it goes without.
  state_->tries_without_checksum = request_.checksum;
  if (request_.checksum) return true;
  if (!request_.conditional || error.http_status() != 501) return false;
  client_.features().conditional = false;
  return true;
}

PartVerdict S3PartTransfer::verdict(const S3Outcome& outcome, const Result<http::Response>& result, Error& error) {
  if (!result) {
    if (auto going = call().check(); !going) {
      error = std::move(going).error();
      return PartVerdict::final;
    }
  } else if ((outcome.redirected && client_.follow_region(*place_, outcome)) || leaves_out(outcome, error) ||
             (may_help(outcome.judgement.verdict) && corrects_clock(result))) {
    return PartVerdict::mended;
  }
  if (result && part_.number != 0 && s3::is_unknown_upload(error)) {
    error = call().instead(call().no_upload(), error);
    return PartVerdict::no_upload;
  }
  switch (outcome.judgement.verdict) {
    case http::Verdict::transient: return PartVerdict::transient;
    case http::Verdict::throttled: return PartVerdict::throttled;
    case http::Verdict::credentials_expired:
      if (!client_.options().credentials) return PartVerdict::final;
      client_.options().credentials->invalidate(used_);
      state_->refuse(used_, error);
      return PartVerdict::mended;
    case http::Verdict::maybe_clock_skew:
      // The signature covers the bytes: with keys that were good before, it is they that are wrong.
      if (!is_framed_signed_ || !state_->trusted || error.service_code() != "SignatureDoesNotMatch") break;
      error = call().instead(Error(ErrorCode::corrupted, "the bytes that arrived are not those that were signed")
                                 .hint("the bytes changed on their way: send them again"),
                             error);
      return PartVerdict::transient;
    default: break;
  }
  if (result && error.code() == ErrorCode::corrupted) return PartVerdict::transient;  // on their way
  if (request_.conditional) error = S3ObjectStore::told_condition(part_.options, std::move(error), call());
  return PartVerdict::final;
}

}  // namespace docupilot::inline v1
