#include "store/part_attempt.h"

#include "base/try.h"

namespace docupilot::inline v1 {

Result<void> PartAttempt::send(http::Transport& transport, http::Request wire,
                               std::optional<http::ChunkFraming> framing, http::Signed seed) {
  if (wire.length > 0) {
    source_.emplace(*part_.body, framing, std::move(seed));
    wire.source = &*source_;
  }
  if (slot_.cancelled()) return Error(ErrorCode::cancelled, "the attempt was cancelled");
  slot_.begin(transport.start(std::move(wire), [this](Result<http::Response> result) { ended(result); }, context_));
  return {};
}

void PartAttempt::fail(Error error) {
  PartReply reply;
  if (error.code() == ErrorCode::rate_limited) reply.verdict = PartVerdict::throttled;
  else if (error.retryable() && call().check()) reply.verdict = PartVerdict::transient;
  reply.error = error.operation().empty() ? call().name(std::move(error)) : std::move(error);
  finish(std::move(reply));
}

void PartAttempt::ended(const Result<http::Response>& result) {
  const std::uint64_t sent = source_ ? source_->bytes_read() : result ? result->bytes_sent : 0;
  PartReply reply = source_ && source_->error() ? PartReply{.error = source_->error()} : judge(result);
  reply.bytes_sent = sent;
  finish(std::move(reply));
}

void PartAttempt::finish(PartReply reply) {
  slot_.end();
  // Who is told may end what the body and the callback are made of.
  source_.reset();
  part_.body.reset();
  std::exchange(done_, nullptr)(std::move(reply));
  under_way_.remove(*this);
}

}  // namespace docupilot::inline v1
