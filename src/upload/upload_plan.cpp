#include "upload/upload_plan.h"

#include <algorithm>
#include <utility>

#include "upload/moments.h"

namespace docupilot::inline v1 {

namespace {

constexpr unsigned most_corrections = 3;

Error error_of(PartReply& reply) {
  if (reply.error) return *std::move(reply.error);
  return {ErrorCode::internal, "an attempt failed without a reason"};
}

}  // namespace

UploadPlan::UploadPlan(UploadPlanOptions options, Duration now)
    : options_(std::move(options)),
      book_(options_.schedule, options_.size, !options_.can_rewind || !options_.size),
      outage_(options_.patience, now),
      asked_at_(now) {
  if (!options_.multipart || (options_.can_rewind && options_.size && *options_.size <= options_.schedule.first())) {
    book_.set_whole(true);
    step_ = Step::sending;
  } else if (options_.size && options_.schedule.parts_of(*options_.size) > most_parts) {
    fail(Error(ErrorCode::too_large, "the source does not fit into 10,000 parts").hint("ask for larger parts"));
  } else if (!options_.can_rewind || !options_.size) {
    step_ = Step::reading;
  }
}

void UploadPlan::produced(std::uint64_t size, bool last, Duration) {
  if (book_.is_whole() || goal_ == Goal::end) return;
  if (book_.produced_parts() >= most_parts && size > 0) {
    return fail(Error(ErrorCode::too_large, "the stream does not fit into 10,000 parts").hint("ask for larger parts"));
  }
  if (!book_.produced(size, last)) {
    return fail(Error(ErrorCode::corrupted, "the source gave another number of bytes than it said"));
  }
  if (step_ != Step::reading) return;
  if (last) book_.set_whole(true);
  step_ = last ? Step::sending : Step::opening;
}

void UploadPlan::replied(int number, PartReply reply, Duration now) {
  PartState* part = book_.find(number);
  if (part == nullptr || part->stage != PartState::Stage::sending) return;
  --sending_;
  bytes_sent_ += reply.bytes_sent;
  if (goal_ != Goal::upload) return drained(*part, std::move(reply));
  if (reply.verdict == PartVerdict::stored) return stored(*part, std::move(reply), now);
  ++attempts_failed_;
  if (number == 0) {
    // A proxy says 503 also when it lost the server after it had done its work.
    const bool is_clear = reply.error && reply.error->code() == ErrorCode::rate_limited;
    maybe_stored_ = maybe_stored_ || reply.verdict == PartVerdict::transient ||
                    (reply.verdict == PartVerdict::throttled && !is_clear);
    if (is_once()) return whole_refused(error_of(reply));
  }
  switch (reply.verdict) {
    case PartVerdict::stored: return;
    case PartVerdict::mended: corrected(*part, error_of(reply), now); break;
    case PartVerdict::transient:
    case PartVerdict::throttled: try_again(*part, reply, now); break;
    case PartVerdict::no_upload:
    case PartVerdict::final: {
      part->stage = PartState::Stage::fresh;
      Error error = error_of(reply);
      const int attempts = std::max(error.attempts(), static_cast<int>(part->attempts));
      error = std::move(error).attempts(attempts);
      if (number == 0) return whole_refused(std::move(error));
      if (reply.verdict == PartVerdict::no_upload) return forgotten(std::move(error));
      return fail(std::move(error));
    }
  }
  give_up_if_spent();
}

/// Whatever else comes back is of no more use, but what is stored is stored.
void UploadPlan::drained(PartState& part, PartReply reply) {
  part.stage = PartState::Stage::fresh;
  if (reply.verdict != PartVerdict::stored) return;
  book_.store(part, std::move(reply.part));
  const bool by_wish = error_ && (error_->code() == ErrorCode::cancelled || error_->code() == ErrorCode::timeout);
  if (book_.is_whole() && by_wish) succeed(std::move(reply.object));
}

void UploadPlan::stored(PartState& part, PartReply reply, Duration now) {
  if (options_.bucket != nullptr) options_.bucket->give(part.tokens == 0 ? 1 : part.tokens);
  part.tokens = 0;
  if (book_.is_whole()) reply.part.size = reply.object.size;
  book_.store(part, std::move(reply.part));
  // Behind an outage all go on at once. When some part comes through while others do not, those keep their distance.
  if (outage_.lasts() && probe_ == part.info.number) {
    for (const int number : waiting_) {
      PartState& other = *book_.find(number);
      other.rest();
      other.due = now;
    }
  }
  probe_ = -1;
  outage_.progressed();
  if (book_.is_whole()) succeed(std::move(reply.object));
}

/// A condition refuses the second of two attempts when the first one made the object and its reply was lost. Of bytes
/// that cannot be sent again, one lost reply is reason enough to look.
void UploadPlan::whole_refused(Error error) {
  const bool by_condition = error.code() == ErrorCode::already_exists || error.code() == ErrorCode::precondition_failed;
  if (error.code() == ErrorCode::outcome_unknown || (maybe_stored_ && (by_condition || is_once()))) {
    in_doubt_ = true;
    return look_instead(std::move(error));
  }
  fail(std::move(error));
}

void UploadPlan::corrected(PartState& part, Error error, Duration now) {
  const bool was_probe = outage_.lasts() && probe_ == part.info.number;
  if (was_probe) {
    probe_ = -1;
    outage_.probe_again(now);
  }
  --part.tries;
  const bool counts = !paused_ && part.pauses == pauses_;
  if (counts && ++part.corrections > most_corrections) return fail(std::move(error));
  // After a probe this part goes again, not one that has corrections left.
  put_back(part, was_probe ? Duration(INT64_MIN) : now);
}

void UploadPlan::try_again(PartState& part, const PartReply& reply, Duration now) {
  const bool was_probe = outage_.lasts() && probe_ == part.info.number;
  if (was_probe) probe_ = -1;
  if (paused_ || part.pauses != pauses_) {
    --part.tries;
    if (was_probe) outage_.probe_again(now);
    return put_back(part, now);
  }
  outage_.failed(now);
  const auto reason = reply.verdict == PartVerdict::throttled ? RetryReason::throttled : RetryReason::transient;
  const auto hint = reply.wait ? std::optional(ServerHint{*reply.wait, reply.asked_by_aws}) : std::nullopt;
  if (!outage_.lasts() && part.tries < options_.retry.attempts) {
    const Duration delay = retry_delay(options_.retry, reason, part.waits++, options_.random(), hint);
    const unsigned cost = retry_cost(reason);
    if (options_.bucket == nullptr || options_.bucket->take(cost)) {
      part.tokens = cost;
      return put_back(part, later(now, delay));
    }
  }
  PartReply failed = reply;
  Error error = error_of(failed);
  const int attempts = std::max(error.attempts(), static_cast<int>(part.attempts));
  error = std::move(error).attempts(attempts);
  part.rest();
  exhausted(std::move(error), was_probe, now, hint ? std::min(hint->delay, options_.retry.longest_hint) : Duration());
  put_back(part, outage_.probe_at().value_or(now));
}

void UploadPlan::put_back(PartState& part, Duration due) {
  part.stage = PartState::Stage::waiting;
  part.due = due;
  waiting_.push_back(part.info.number);
}

int UploadPlan::take_waiting(std::size_t index) {
  const int number = waiting_[index];
  waiting_[index] = waiting_.back();
  waiting_.pop_back();
  return number;
}

UploadAction UploadPlan::begin_send(int number, PartState& part) {
  part.stage = PartState::Stage::sending;
  part.pauses = pauses_;
  ++part.tries;
  ++sending_;
  if (outage_.lasts()) {
    outage_.probe_began();
    probe_ = number;
  }
  return {.kind = UploadAction::Kind::send, .number = number, .attempt = ++part.attempts};
}

std::optional<UploadAction> UploadPlan::next_send(Duration now, bool may_send) {
  const auto due = [this](int number) { return book_.find(number)->due; };
  const auto first = std::ranges::min_element(waiting_, {}, due);
  const bool is_due = first != waiting_.end() && (outage_.lasts() || due(*first) <= now);
  if (!is_due && !waiting_.empty() && waiting_.size() >= sending_) return std::nullopt;
  const auto fresh = is_due ? std::nullopt : book_.next_fresh();
  lacks_connection_ = !may_send && (is_due || fresh);
  if (!may_send) return std::nullopt;
  if (is_due) {
    const int number = take_waiting(static_cast<std::size_t>(first - waiting_.begin()));
    return begin_send(number, *book_.find(number));
  }
  return fresh ? std::optional(begin_send(*fresh, *book_.find(*fresh))) : std::nullopt;
}

std::optional<UploadAction> UploadPlan::next(Duration now, bool may_send) {
  asked_at_ = now;
  began_ = true;
  lacks_connection_ = false;
  if (finished_ || call_) return std::nullopt;
  if (goal_ != Goal::upload) {
    if (sending_ > 0 || (paused_ && goal_ != Goal::end)) return std::nullopt;
    if (auto action = turn()) return action;
  }
  if (paused_ || step_ == Step::reading || (outage_.lasts() && !outage_.is_probe_due(now))) return std::nullopt;
  if (step_ == Step::sending) {
    if (!book_.all_stored()) return next_send(now, may_send);
    step_ = Step::completing;
  }
  return next_call(now);
}

std::optional<Duration> UploadPlan::wake_at() const {
  if (finished_ || call_ || paused_ || goal_ != Goal::upload || step_ == Step::reading) return std::nullopt;
  std::optional<Duration> wake;
  const auto consider = [&](Duration at) {
    if (at > asked_at_ && (!wake || at < *wake)) wake = at;
  };
  if (outage_.lasts()) {
    if (const auto at = outage_.probe_at()) consider(*at);
  } else if (step_ == Step::sending) {
    for (const int number : waiting_) consider(book_.find(number)->due);
  } else {
    consider(call_due_);
  }
  return wake;
}

bool UploadPlan::wants_all_cancelled() const noexcept {
  return goal_ != Goal::upload && call_ != UploadAction::Kind::abort;
}

bool UploadPlan::wants_bytes() {
  return goal_ == Goal::upload && !paused_ && !outage_.lasts() && !book_.is_whole() && !book_.is_complete() &&
         !book_.has_fresh();
}

TransferProgress UploadPlan::progress() const {
  return {.bytes_total = book_.total_bytes(),
          .bytes_done = book_.bytes_stored(),
          .bytes_resumed = book_.bytes_resumed(),
          .parts_done = book_.parts_stored(),
          .parts_total = book_.total_parts(),
          .attempts_failed = attempts_failed_,
          .paused = paused_,
          .waiting = outage_.lasts(),
          .trouble = outage_.lasts() ? last_failure_ : std::nullopt};
}

}  // namespace docupilot::inline v1
