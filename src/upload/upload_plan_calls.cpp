#include <utility>

#include "upload/upload_plan.h"

namespace docupilot::inline v1 {

namespace {

constexpr unsigned most_rounds = 2;

bool may_pass(const Error& error) { return error.retryable() || error.code() == ErrorCode::outcome_unknown; }

/// Whether a completion with this error may have been done nevertheless.
bool may_be_done(const Error& error) {
  switch (error.code()) {
    case ErrorCode::outcome_unknown:
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::cancelled:
    case ErrorCode::internal: return true;
    default: return false;
  }
}

Error unknown(Error why) {
  return Error(ErrorCode::outcome_unknown, "whether the upload was completed is not known")
      .hint("look at the object, or run the upload again")
      .service(why.http_status(), why.service_code(), why.request_id())
      .cause(std::move(why));
}

}  // namespace

std::optional<UploadAction> UploadPlan::next_call(Duration now) {
  if (!outage_.lasts() && call_due_ > now) return std::nullopt;
  switch (step_) {
    case Step::opening: return begin_call(UploadAction::Kind::open);
    case Step::listing: return begin_call(UploadAction::Kind::list);
    case Step::completing: ++completions_; return begin_call(UploadAction::Kind::complete);
    case Step::looking: return begin_call(UploadAction::Kind::look);
    case Step::reading:
    case Step::sending: break;
  }
  return std::nullopt;
}

UploadAction UploadPlan::begin_call(UploadAction::Kind kind) {
  call_ = kind;
  call_pauses_ = pauses_;
  if (outage_.lasts()) outage_.probe_began();
  return {.kind = kind};
}

bool UploadPlan::ends_call(UploadAction::Kind kind) noexcept {
  if (call_ != kind) return false;
  call_.reset();
  return true;
}

void UploadPlan::continue_with(MultipartUpload upload, const std::vector<PartInfo>& has) {
  upload_ = std::move(upload);
  has_upload_ = true;
  book_.set_whole(false);
  step_ = Step::sending;
  book_.resume(has);
}

void UploadPlan::opened(MultipartUpload upload, const std::vector<PartInfo>& has, Duration) {
  if (began_ && !ends_call(UploadAction::Kind::open)) return;
  outage_.progressed();
  continue_with(std::move(upload), has);
}

void UploadPlan::opened_completing(MultipartUpload upload, const std::vector<PartInfo>& has, Duration now) {
  if (began_ && call_ != UploadAction::Kind::open) return;
  opened(std::move(upload), has, now);
  completions_ = 1;
  in_doubt_ = true;
}

void UploadPlan::listed(const std::vector<PartInfo>& has, Duration) {
  if (!ends_call(UploadAction::Kind::list)) return;
  outage_.progressed();
  if (goal_ != Goal::upload) return;
  const auto missing = book_.missing_in(has);
  if (in_doubt_ && !missing.empty()) {
    // A completion that breaks off in the middle can cost a store parts that it had acknowledged, and what is left of
    // such an upload may never complete (MinIO).
    is_broken_ = true;
    last_failure_ = Error(ErrorCode::corrupted, "the store lost parts while it completed the upload");
    goal_ = Goal::look;
    return;
  }
  for (const int number : missing) {
    if (!options_.can_rewind) {
      return settle(Error(ErrorCode::corrupted, "the store has lost a part of a stream, which cannot be read again"));
    }
    book_.lose(*book_.find(number));
  }
  step_ = Step::sending;
}

void UploadPlan::completed(ObjectInfo object, Duration) {
  if (!ends_call(UploadAction::Kind::complete)) return;
  outage_.progressed();
  succeed(std::move(object));
}

void UploadPlan::looked(std::optional<ObjectInfo> object, Duration) {
  if (!ends_call(UploadAction::Kind::look)) return;
  outage_.progressed();
  if (object) {
    // It may be the work of an upload before this one, whose completion came late: then this one is still there.
    const bool may_be_there = has_upload_;
    succeed(*std::move(object));
    has_upload_ = may_be_there;
    return;
  }
  if (goal_ != Goal::upload) return;
  if (if_not_ours_) {
    // Of a whole the look decides; of a completion that may still be under way, it does not.
    if (book_.is_whole()) in_doubt_ = false;
    return fail(*std::exchange(if_not_ours_, std::nullopt));
  }
  Error gone =
      last_failure_ ? *std::move(last_failure_) : Error(ErrorCode::not_found, "the store has forgotten the upload");
  restart_or_fail(in_doubt_ ? unknown(std::move(gone)) : std::move(gone));
}

void UploadPlan::call_failed(Error error, Duration now) {
  if (!call_ || call_ == UploadAction::Kind::abort) return;
  const UploadAction::Kind kind = *std::exchange(call_, std::nullopt);
  if (kind == UploadAction::Kind::complete && may_be_done(error)) in_doubt_ = true;
  if (goal_ != Goal::upload) return;
  // Who answers is not out of reach.
  if (!may_pass(error)) outage_.progressed();
  switch (kind) {
    case UploadAction::Kind::complete: completion_failed(std::move(error), now); break;
    case UploadAction::Kind::look: look_failed(std::move(error), now); break;
    case UploadAction::Kind::list:
      if (error.code() == ErrorCode::not_found) forgotten(std::move(error));
      else if (may_pass(error)) call_again(std::move(error), now);
      else settle(std::move(error));
      break;
    default:
      if (may_pass(error)) call_again(std::move(error), now);
      else fail(std::move(error));
  }
  give_up_if_spent();
}

void UploadPlan::completion_failed(Error error, Duration now) {
  if (may_pass(error)) {
    // The first reply that is lost says nothing of an outage: the same again tells at once what became of it.
    const bool counts = !paused_ && call_pauses_ == pauses_;
    const auto reason = error.code() == ErrorCode::rate_limited ? RetryReason::throttled : RetryReason::transient;
    const bool may_retry = counts && !sent_again_ && !outage_.lasts() &&
                           (options_.bucket == nullptr || options_.bucket->take(retry_cost(reason)));
    if (!may_retry) return call_again(std::move(error), now);
    sent_again_ = true;
    outage_.failed(now);
    call_due_ = Duration(now.nanoseconds() + retry_delay(options_.retry, reason, 0, options_.random()).nanoseconds());
    return;
  }
  switch (error.code()) {
    case ErrorCode::not_found: return forgotten(std::move(error));
    case ErrorCode::corrupted:
      if (rounds_ == most_rounds) return settle(std::move(error));
      ++rounds_;
      step_ = Step::listing;
      return;
    case ErrorCode::conflict:
      if (!in_doubt_) return restart_or_fail(std::move(error));
      last_failure_ = std::move(error);
      goal_ = Goal::look;
      return;
    case ErrorCode::already_exists:
    case ErrorCode::precondition_failed:
      was_refused_ = true;
      return in_doubt_ || was_in_doubt_ ? look_instead(std::move(error)) : fail(std::move(error));
    default: return settle(std::move(error));
  }
}

void UploadPlan::look_failed(Error error, Duration now) {
  if (may_pass(error) && !looks_once_) return call_again(std::move(error), now);
  settle(std::move(error));
}

/// After a failure that may pass, and that the store has tried to overcome.
void UploadPlan::call_again(Error error, Duration now) {
  if (paused_ || call_pauses_ != pauses_) {
    if (outage_.lasts()) outage_.probe_again(now);
    return;
  }
  outage_.failed(now);
  exhausted(std::move(error), outage_.lasts(), now);
}

/// It has failed; but where the end of a completion is unknown, only a look can say so.
void UploadPlan::settle(Error error) {
  if (!in_doubt_) return fail(std::move(error));
  if (step_ != Step::looking) {
    // Once, and at once: patience has had its time.
    looks_once_ = true;
    return look_instead(unknown(std::move(error)));
  }
  // An object that nobody could look at may be ours.
  Error why = if_not_ours_ ? *std::exchange(if_not_ours_, std::nullopt) : std::move(error);
  fail(why.code() == ErrorCode::outcome_unknown ? std::move(why) : unknown(std::move(why)));
}

void UploadPlan::look_instead(Error if_not_ours) {
  if_not_ours_ = std::move(if_not_ours);
  outage_.progressed();
  call_due_ = Duration();
  goal_ = Goal::look;
}

}  // namespace docupilot::inline v1
