#include "upload/upload_run.h"

#include <algorithm>
#include <system_error>

#include "base/try.h"
#include "crypto/random.h"
#include "upload/moments.h"
#include "upload/steady_time.h"

namespace docupilot::inline v1 {

namespace {

constexpr Duration feed_turn = Duration::milliseconds(10);     // how often a body that waits for the gate looks again
constexpr Duration cancel_time = Duration::milliseconds(150);  // of it, for which the caller waits too

Error stopped() { return Error(ErrorCode::cancelled, "stopped at the caller's request"); }

}  // namespace

UploadRun::UploadRun(UploadEngine& engine, std::shared_ptr<Source> source, std::string key, UploadOptions options,
                     const Context& context, OnEnd on_end)
    : engine_(engine),
      source_(std::move(source)),
      key_(std::move(key)),
      options_(std::move(options)),
      context_(context),
      on_end_(std::move(on_end)),
      gate_{engine.rate(), [this] { engine_.post([this] { has_news_ = true; }); }},
      meter_(steady_time()) {}

UploadRun::~UploadRun() = default;

// ---- what other threads ask for -------------------------------------------------------------------------------------

void UploadRun::request_pause(bool paused) {
  gate_.paused = paused;
  engine_.post([weak = weak_from_this(), paused] {
    if (const auto self = weak.lock()) self->pause(paused);
  });
}

void UploadRun::request_cancel() {
  engine_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->cancel(stopped());
  });
  stop_.request_stop();  // what blocks ends behind that
}

void UploadRun::request_priority(int priority) {
  engine_.post([weak = weak_from_this(), priority] {
    if (const auto self = weak.lock()) self->options_.priority = priority;
  });
}

TransferProgress UploadRun::progress() const {
  const std::lock_guard lock(mutex_);
  return told_;
}

// ---- from the beginning to a plan -----------------------------------------------------------------------------------

void UploadRun::begin() {
  stopper_.emplace(context_.stop, [this] { request_cancel(); });
  if (auto checked = check_object_key(key_); !checked) return fail(std::move(checked).error());
  if (options_.put.durability != Durability::now) {
    return fail(Error(ErrorCode::invalid_argument, "an upload cannot wait for a flush").hint("use Durability::now"));
  }
  const StoreCapabilities& store = engine_.capabilities();
  size_ = source_->size();
  is_stream_ = !source_->can_rewind() || !size_;
  if (is_stream_ && !store.multipart) return put_directly();
  // An earlier run may have sent it in smaller parts than this one would.
  const std::uint64_t threshold = engine_.journal() != nullptr ? store.minimum_part_size : 0;
  const PartSchedule schedule = schedule_for(engine_.options().part_size);
  const bool in_parts = store.multipart && (is_stream_ || *size_ > schedule.first());
  const bool may_be_in_parts = store.multipart && threshold > 0 && !is_stream_ && *size_ > threshold;
  if (!in_parts && !may_be_in_parts) return make_plan(schedule);
  if (!is_stream_) {
    auto identity = source_->identity();
    if (!identity) return fail(std::move(identity).error());
    identity_ = *std::move(identity);
  }
  record_.emplace(engine_.store(), engine_.journal(), *source_, identity_, key_);
  call([this] { return record_->find(options_.when_changed, inner()); },
       [this, in_parts](Result<std::optional<std::uint64_t>> part_size) {
         if (!part_size) return fail(std::move(part_size).error());
         if (cancelled_) return close_record(true, *cancelled_);
         if (!*part_size && !in_parts) record_.reset();
         make_plan(schedule_for(part_size->value_or(engine_.options().part_size)));
       });
}

PartSchedule UploadRun::schedule_for(std::uint64_t part_size) const {
  const StoreCapabilities& store = engine_.capabilities();
  return PartSchedule({.size = size_,
                       .part_size = part_size,
                       .connections = engine_.options().connections,
                       .memory = is_stream_ ? engine_.memory().size() : UINT64_MAX,
                       .least = std::max<std::uint64_t>(1, store.minimum_part_size),
                       .equal_parts = store.equal_parts});
}

void UploadRun::make_plan(const PartSchedule& schedule) {
  const bool remembered = engine_.journal() != nullptr && identity_.is_set();
  plan_.emplace(UploadPlanOptions{.schedule = schedule,
                                  .size = size_,
                                  .can_rewind = !is_stream_,
                                  .multipart = engine_.capabilities().multipart,
                                  .keep = remembered && options_.unfinished == Unfinished::keep_if_resumable,
                                  .retry = engine_.options().retry,
                                  .patience = {.give_up = engine_.options().patience},
                                  .bucket = &engine_.retries(),
                                  .random = crypto::random_part},
                steady_time());
  schedule_.emplace(schedule);
  if (gate_.paused) plan_->pause(steady_time());
  if (!is_stream_) return;
  try {
    read_stream();
  } catch (const std::system_error& problem) {
    plan_->source_failed(
        Error(ErrorCode::exhausted, std::string("no thread can be started to read the stream: ") + problem.what())
            .hint("raise the limit of threads (ulimit -u), or upload fewer streams at a time"),
        steady_time());
  }
}

void UploadRun::read_stream() {
  // The reader posts; what comes after the end of this upload is dropped with its lease.
  const auto on_part = [this, weak = weak_from_this()](Result<StreamReader::Part> part) {
    const auto shared = std::make_shared<Result<StreamReader::Part>>(std::move(part));
    engine_.post([weak, shared] {
      if (const auto self = weak.lock()) self->produced(std::move(*shared));
    });
  };
  reader_ = std::make_shared<StreamReader>(*source_, *schedule_, engine_.memory(), on_part, inner());
}

void UploadRun::produced(Result<StreamReader::Part> part) {
  has_news_ = true;
  if (ended_ || cancelled_) return;
  if (!part) return plan_->source_failed(std::move(part).error(), steady_time());
  const bool whole = produced_ == 0 && part->last;
  parts_.push_back({.number = whole ? 0 : ++produced_,
                    .body = std::make_shared<MemoryPart>(gate_, std::move(part->lease), part->size, part->crc64nvme)});
  plan_->produced(part->size, part->last, steady_time());
}

// ---- on the way -----------------------------------------------------------------------------------------------------

void UploadRun::pause(bool paused) {
  has_news_ = true;
  // What stands still leaves its turn to others.
  if (paused != is_aside_) {
    if (paused) engine_.set_aside(sending_);
    else engine_.take_up(sending_);
    is_aside_ = paused;
  }
  if (!paused) feed_at_ = steady_time();
  if (!plan_) return;
  if (paused) plan_->pause(steady_time());
  else plan_->resume(steady_time());
}

void UploadRun::cancel(Error error) {
  has_news_ = true;
  if (ended_ || cancelled_) return;
  cancelled_ = error;
  give_up_ = later(steady_time(), cancel_time);
  stop_.request_stop();
  if (reader_) {
    call([reader = reader_] { return reader->stop(), true; }, [this](bool) { reader_.reset(); });
  }
  if (plan_) plan_->cancel(std::move(error), steady_time());
}

std::optional<Duration> UploadRun::advance(Duration now) {
  const bool may_send_now = plan_ && plan_->lacks_connection() && engine_.may_send();
  if (has_news_ || may_send_now || (wake_ && *wake_ <= now)) {
    has_news_ = false;
    wake_ = act(now);
  }
  return wake_;
}

std::optional<Duration> UploadRun::act(Duration now) {
  if (ended_) return std::nullopt;
  if (!cancelled_ && context_.deadline.expired()) {
    cancel(Error(ErrorCode::timeout, "the deadline passed").hint("allow more time"));
  }
  std::optional<Duration> wake;
  if (plan_) {
    write_journal();
    while (!ended_) {
      const auto action = plan_->next(now, engine_.may_send());
      if (!action) break;
      perform(*action, now);
    }
    if (plan_->wants_all_cancelled()) {
      for (const Part& part : parts_) {
        if (part.transfer) part.transfer->cancel();
      }
    }
    earliest(wake, plan_->wake_at());
    if (!ended_ && meter_.due(now)) report(now);
    earliest(wake, meter_.due_at());
  }
  feed_starved(now);
  if (!gate_.paused) earliest(wake, feed_at_);
  if (ended_) return std::nullopt;
  if (give_up_ && on_end_) {
    // Nothing of the source is used any more: who cancelled need not wait for what is tidied up.
    if (now >= *give_up_ && sending_ == 0 && !reader_ && !uses_source_) tell(*cancelled_);
    else earliest(wake, std::max(*give_up_, later(now, Duration::milliseconds(20))));
  }
  if (!cancelled_ && context_.deadline.is_set()) earliest(wake, later(now, context_.deadline.remaining()));
  return wake;
}

void UploadRun::feed_starved(Duration now) {
  if (gate_.paused || ended_) return;
  const auto starved = [](const Part& part) { return part.transfer && part.body->is_starved(); };
  if (!feed_at_ && std::ranges::any_of(parts_, starved)) feed_at_ = later(now, feed_turn);
  if (!feed_at_ || now < *feed_at_) return;
  feed_at_.reset();
  for (const Part& part : parts_) {
    if (part.transfer && part.body->take_starved()) part.transfer->resume();
  }
}

void UploadRun::report(Duration now) {
  TransferProgress progress = plan_->progress();
  for (const Part& part : parts_) progress.bytes_moving += part.attempt > 0 ? part.body->given() : 0;
  progress.waiting = plan_->waiting();
  progress.paused = gate_.paused;
  meter_.measure(now, progress);
  {
    const std::lock_guard lock(mutex_);
    told_ = progress;
  }
  if (options_.on_progress && on_end_) options_.on_progress(progress);
}

void UploadRun::report_part(int number, std::uint64_t size, unsigned attempt, const std::optional<Error>& error) const {
  if (!options_.on_part || !on_end_) return;
  const std::uint64_t offset = number == 0 ? 0 : schedule_->offset_of(number);
  options_.on_part({.number = number, .offset = offset, .size = size, .attempt = attempt, .error = error});
}

void UploadRun::tell(Result<UploadResult> result) {
  if (!on_end_) return;
  if (plan_) report(steady_time());
  stopper_.reset();
  if (!result && result.error().operation().empty()) {
    result = Error(result.error()).operation("upload").target(key_);
  }
  std::exchange(on_end_, nullptr)(std::move(result));
}

void UploadRun::deliver(Result<UploadResult> result) {
  ended_ = true;
  tell(std::move(result));
}

void UploadRun::fail(Error error) { deliver(std::move(error).operation("upload").target(key_)); }

/// A stream into a store that takes it only whole: the store pulls it.
void UploadRun::put_directly() {
  call([this] { return engine_.store().put(key_, *source_, options_.put, inner()); },
       [this](Result<ObjectInfo> object) {
         if (!object) return deliver(std::move(object).error());
         UploadResult result;
         result.bytes_sent = object->size;
         result.crc64nvme = object->crc64nvme.value_or(0);
         result.object = *std::move(object);
         deliver(std::move(result));
       });
}

}  // namespace docupilot::inline v1
