#include <algorithm>
#include <string>
#include <utility>

#include "upload/upload_plan.h"

namespace docupilot::inline v1 {

namespace {

void add_hint(Error& error, const std::string& hint) {
  const std::string all = error.hint().empty() ? hint : error.hint() + "; " + hint;
  error = std::move(error).hint(all);
}

}  // namespace

/// What may pass has failed as often as it may be tried: from here on patience decides.
void UploadPlan::exhausted(Error error, bool was_probe, Duration now, Duration at_least) {
  last_failure_ = std::move(error);
  if (!outage_.lasts() || was_probe) outage_.wait(now, options_.random(), at_least);
}

void UploadPlan::give_up_if_spent() {
  if (goal_ != Goal::upload || paused_ || !outage_.is_spent() || !last_failure_) return;
  // What is under way may still come through; without patience nothing is waited for.
  if (sending_ > 0 && outage_.has_patience()) return;
  Error error = *std::move(last_failure_);
  last_failure_.reset();
  if (outage_.has_patience()) {
    const auto seconds = options_.patience.give_up.nanoseconds() / 1'000'000'000;
    add_hint(error, "nothing was acknowledged for " + std::to_string(seconds) + " s");
  } else if (error.attempts() > 1) {
    add_hint(error, "it was tried " + std::to_string(error.attempts()) + " times");
  }
  error = std::move(error).retryable(true);
  settle(std::move(error));
}

void UploadPlan::fail(Error error) {
  if (goal_ == Goal::end) return;
  goal_ = Goal::end;
  error_ = std::move(error);
}

bool UploadPlan::can_begin_anew() const noexcept {
  // Of a stream, what is not stored is still in memory.
  return restarts_ == 0 && (options_.can_rewind || book_.parts_stored() == 0);
}

void UploadPlan::restart_or_fail(Error error) {
  if (can_begin_anew()) {
    goal_ = Goal::restart;
    last_failure_ = std::move(error);
    return;
  }
  add_hint(error, restarts_ > 0 ? "the upload was begun anew once already"
                                : "the source cannot be read again, so the upload could not begin anew");
  fail(std::move(error));
}

/// The store does not know the upload.
void UploadPlan::forgotten(Error error) {
  has_upload_ = false;
  outage_.progressed();
  if (completions_ == 0) return restart_or_fail(std::move(error));
  last_failure_ = std::move(error);
  goal_ = Goal::look;
}

void UploadPlan::source_failed(Error error, Duration) {
  if (call_ == UploadAction::Kind::complete) {
    call_.reset();
    --completions_;
  }
  fail(std::move(error));
}

void UploadPlan::cancel(Error error, Duration) { fail(std::move(error)); }

void UploadPlan::pause(Duration) {
  if (paused_) return;
  paused_ = true;
  ++pauses_;
}

void UploadPlan::resume(Duration now) {
  if (!paused_) return;
  paused_ = false;
  outage_.resumed(now);
}

bool UploadPlan::is_to_be_aborted() const noexcept {
  if (!has_upload_ || has_aborted_ || (in_doubt_ && !is_broken_)) return false;
  return goal_ == Goal::restart || object_ || was_refused_ || !options_.keep;
}

/// Nothing is under way any more.
std::optional<UploadAction> UploadPlan::turn() {
  if (goal_ == Goal::restart && !can_begin_anew()) {
    // A part of a stream was stored after all.
    goal_ = Goal::upload;
    restart_or_fail(*std::move(last_failure_));
  }
  if (goal_ == Goal::look) {
    goal_ = Goal::upload;
    step_ = Step::looking;
    return std::nullopt;
  }
  if (is_to_be_aborted()) {
    has_aborted_ = true;
    return begin_call(UploadAction::Kind::abort);
  }
  if (has_upload_) {
    left_.push_back(upload_);
    has_upload_ = false;
  }
  if (goal_ == Goal::restart) {
    begin_anew();
    return std::nullopt;
  }
  finished_ = true;
  return UploadAction{.kind = UploadAction::Kind::finish};
}

void UploadPlan::begin_anew() {
  was_in_doubt_ = in_doubt_;
  book_.begin_anew();
  outage_.progressed();
  waiting_.clear();
  probe_ = -1;
  call_due_ = Duration();
  upload_ = {};
  completions_ = rounds_ = 0;
  in_doubt_ = sent_again_ = was_refused_ = is_broken_ = has_aborted_ = looks_once_ = false;
  if_not_ours_.reset();
  last_failure_.reset();
  ++restarts_;
  goal_ = Goal::upload;
  step_ = Step::opening;
}

void UploadPlan::aborted(std::optional<Error> error, Duration) {
  if (!ends_call(UploadAction::Kind::abort)) return;
  if (!error) has_upload_ = false;
}

void UploadPlan::succeed(ObjectInfo object) {
  has_upload_ = false;
  in_doubt_ = false;
  goal_ = Goal::end;
  error_.reset();
  const auto size = book_.total_bytes();
  const auto crc = book_.crc64nvme();
  const bool is_other = (size && object.size != *size) || (crc && object.crc64nvme && *crc != *object.crc64nvme);
  if (is_other) {
    error_ =
        Error(ErrorCode::corrupted, "the store made an object of other bytes than were sent").hint("upload it again");
    return;
  }
  object_ = std::move(object);
}

Result<UploadResult> UploadPlan::result() {
  if (error_) {
    Error error = *std::move(error_);
    if (in_doubt_ && error.code() != ErrorCode::outcome_unknown) {
      add_hint(error, "whether the upload was completed is not known: look at the object");
    }
    return error;
  }
  UploadResult result;
  result.object = *std::move(object_);
  result.crc64nvme = book_.crc64nvme().value_or(result.object.crc64nvme.value_or(0));
  result.parts = book_.is_whole() ? 0 : book_.parts_stored();
  result.parts_resumed = book_.parts_resumed();
  result.bytes_sent = bytes_sent_;
  result.attempts_failed = attempts_failed_;
  result.restarts = restarts_;
  return result;
}

}  // namespace docupilot::inline v1
