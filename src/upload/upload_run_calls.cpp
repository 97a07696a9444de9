#include <algorithm>

#include "base/try.h"
#include "upload/steady_time.h"
#include "upload/upload_run.h"

namespace docupilot::inline v1 {

namespace {

constexpr Duration abort_time = Duration::milliseconds(2'000);  // for the one try

}  // namespace

void UploadRun::perform(const UploadAction& action, Duration now) {
  const bool uses_record = action.kind == UploadAction::Kind::open || action.kind == UploadAction::Kind::complete ||
                           action.kind == UploadAction::Kind::finish;
  if (uses_record && writing_) {
    put_off_ = action;
    return;
  }
  switch (action.kind) {
    case UploadAction::Kind::open: return open();
    case UploadAction::Kind::send: return send(action.number, action.attempt, now);
    case UploadAction::Kind::list: return list();
    case UploadAction::Kind::complete: return complete();
    case UploadAction::Kind::look: return look();
    case UploadAction::Kind::abort: return abort();
    case UploadAction::Kind::finish: return finish();
  }
}

void UploadRun::write_journal() {
  if (writing_ || acknowledged_.empty() || !record_) return;
  writing_ = true;
  call([this, parts = std::exchange(acknowledged_, {})] { return record_->acknowledge(parts, {}); },
       [this](Result<void> written) {
         writing_ = false;
         if (written && !acknowledged_.empty()) return write_journal();  // before what was put off
         auto action = std::exchange(put_off_, std::nullopt);
         if (!written) {
           plan_->source_failed(std::move(written).error(), steady_time());
           // The plan has taken that back: what the journal does not know is not completed.
           if (action && action->kind == UploadAction::Kind::complete) action.reset();
         }
         if (action) perform(*action, steady_time());
       });
}

void UploadRun::open() {
  uses_source_ = true;
  // Their connections are opened while the server thinks about the upload; not for probes of one that does not answer.
  const auto soon = plan_->waiting() ? 0U : std::min(engine_.limit(), static_cast<unsigned>(plan_->last_part()));
  call(
      [this, soon] {
        if (soon > 0) engine_.sender().expect(soon, inner());
        return record_->open(*schedule_, options_.put, inner());
      },
      [this](Result<UploadRecord::Opened> opened) {
        uses_source_ = false;
        if (!opened) return plan_->call_failed(std::move(opened).error(), steady_time());
        opened_.push_back(opened->upload);
        target_ = std::make_shared<const PartTarget>(PartTarget{.upload = opened->upload});
        for (const PartInfo& part : opened->has) report_part(part.number, part.size, 0, std::nullopt);
        if (opened->completing) plan_->opened_completing(std::move(opened->upload), opened->has, steady_time());
        else plan_->opened(std::move(opened->upload), opened->has, steady_time());
      });
}

UploadRun::Part* UploadRun::find(int number) noexcept {
  const auto there = std::ranges::find(parts_, number, &Part::number);
  return there == parts_.end() ? nullptr : &*there;
}

Result<std::shared_ptr<UploadBody>> UploadRun::make_body(int number) {
  const std::uint64_t size = number == 0 ? *size_ : plan_->size_of(number);
  const std::uint64_t offset = number == 0 ? 0 : plan_->offset_of(number);
  if (size > small_body) return std::make_shared<SourcePart>(gate_, *source_, offset, size);
  auto bytes = std::make_unique_for_overwrite<std::byte[]>(size);
  for (std::uint64_t filled = 0; filled < size;) {
    const MutableByteView rest(bytes.get() + filled, static_cast<std::size_t>(size - filled));
    DOCUPILOT_TRY(const std::size_t count, source_->read_at(offset + filled, rest));
    if (count == 0) return Error(ErrorCode::precondition_failed, "the source became shorter while it was read");
    filled += count;
  }
  return std::make_shared<MemoryPart>(gate_, std::move(bytes), size);
}

void UploadRun::send(int number, unsigned attempt, Duration now) {
  Part* part = find(number);
  if (part == nullptr) {
    auto body = make_body(number);
    if (!body) {
      return plan_->replied(number, {.verdict = PartVerdict::final, .error = std::move(body).error()}, now);
    }
    part = &parts_.emplace_back(Part{.number = number, .body = *std::move(body)});
  }
  if (number == 0 && !whole_) {
    whole_ = std::make_shared<const PartTarget>(
        PartTarget{.upload = engine_.sender().begin_whole(key_, options_.put), .options = options_.put});
  }
  PartRequest request{
      .target = number == 0 ? whole_ : target_, .number = number, .last = plan_->last_part(), .body = part->body};
  part->epoch = engine_.begin_sending();
  part->attempt = attempt;
  ++sending_;
  // Until then this run is not over, and stays.
  const auto done = [this, number](PartReply reply) {
    engine_.post([this, number, reply = std::move(reply)]() mutable { replied(number, std::move(reply)); });
  };
  if (!engine_.sender().may_wait(request)) {
    part->transfer = engine_.sender().send(std::move(request), done, inner());
    return;
  }
  call([this, request = std::move(request), done] { return engine_.sender().send(request, done, inner()); },
       [this, number, attempt](std::shared_ptr<PartTransfer> transfer) {
         // It may have ended by now, and the next attempt begun.
         Part* const sent = find(number);
         if (sent != nullptr && sent->attempt == attempt) sent->transfer = std::move(transfer);
       });
}

void UploadRun::replied(int number, PartReply reply) {
  has_news_ = true;
  Part& part = *find(number);
  const Part sent = part;
  part.transfer.reset();
  part.attempt = 0;
  --sending_;
  const Duration now = steady_time();
  if (is_aside_) engine_.take_up(1);
  engine_.end_sending(part.epoch, reply.verdict, reply.bytes_sent, now);
  if (reply.verdict == PartVerdict::final) {
    // A source that changed is the reason, whatever reading it led to.
    if (auto same = check_source(); !same) reply.error = std::move(same).error();
  }
  bytes_sent_ += reply.bytes_sent;
  report_part(number, sent.body->size(), sent.attempt, reply.error);
  if (reply.verdict == PartVerdict::stored) {
    reply.part.number = number;
    reply.part.size = sent.body->size();
    reply.part.crc64nvme = sent.body->crc64nvme();
    if (number != 0 && engine_.journal() != nullptr) acknowledged_.push_back(reply.part);
    std::swap(part, parts_.back());
    parts_.pop_back();
  }
  plan_->replied(number, std::move(reply), now);
}

void UploadRun::list() {
  call([this] { return engine_.store().list_parts(plan_->upload(), inner()); },
       [this](Result<std::vector<PartInfo>> parts) {
         if (parts) plan_->listed(*parts, steady_time());
         else plan_->call_failed(std::move(parts).error(), steady_time());
       });
}

Result<void> UploadRun::check_source() const {
  if (!identity_.is_set()) return {};
  DOCUPILOT_TRY(const SourceIdentity now, source_->identity());
  if (now == identity_) return {};
  return Error(ErrorCode::precondition_failed, "the source changed while it was read")
      .hint("upload it again when nobody writes to it any more");
}

void UploadRun::complete() {
  if (auto same = check_source(); !same) return plan_->source_failed(std::move(same).error(), steady_time());
  const auto is_sent = std::make_shared<bool>(false);
  call(
      [this, is_sent, upload = plan_->upload(), parts = plan_->parts(),
       fresh = std::exchange(acknowledged_, {})]() -> Result<ObjectInfo> {
        if (!fresh.empty()) DOCUPILOT_CHECK(record_->acknowledge(fresh, inner()));
        DOCUPILOT_CHECK(record_->completing(inner()));
        *is_sent = true;
        return engine_.store().complete_multipart(upload, parts, inner());
      },
      [this, is_sent](Result<ObjectInfo> object) {
        // What an earlier run began may be of another type.
        if (object && object->content_type.empty() && plan_->progress().bytes_resumed == 0) {
          object->content_type = options_.put.content_type;
        }
        if (object) plan_->completed(*std::move(object), steady_time());
        else if (*is_sent) plan_->call_failed(std::move(object).error(), steady_time());
        else plan_->source_failed(std::move(object).error(), steady_time());
      });
}

std::vector<PartInfo> UploadRun::parts() {
  const Part* const whole = find(0);
  if (whole == nullptr) return plan_->parts();
  return {{.number = 1, .size = whole->body->size(), .etag = {}, .crc64nvme = whole->body->crc64nvme()}};
}

void UploadRun::look() {
  call(
      [this, uploads = whole_ ? std::vector{whole_->upload} : opened_,
       parts = parts()]() -> Result<std::optional<ObjectInfo>> {
        for (const MultipartUpload& upload : uploads) {
          DOCUPILOT_TRY(auto object, engine_.store().find_completed(upload, parts, inner()));
          if (object) return object;
        }
        return std::optional<ObjectInfo>();
      },
      [this](Result<std::optional<ObjectInfo>> object) {
        if (object) plan_->looked(*std::move(object), steady_time());
        else plan_->call_failed(std::move(object).error(), steady_time());
      });
}

void UploadRun::abort() {
  call(
      [this, upload = plan_->upload()] {
        return engine_.store().abort_multipart(upload, {.deadline = Deadline::after(abort_time), .stop = {}});
      },
      [this](Result<void> aborted) {
        std::optional<Error> error;
        if (!aborted) error = std::move(aborted).error();
        plan_->aborted(std::move(error), steady_time());
      });
}

void UploadRun::finish() {
  auto result = plan_->result();
  if (result) result->bytes_sent = bytes_sent_;
  const bool left = plan_->is_left();
  close_record(left, std::move(result));
}

void UploadRun::close_record(bool left, Result<UploadResult> result) {
  parts_.clear();
  if (!record_ && !reader_) return deliver(std::move(result));
  call(
      [this, left, reader = reader_]() -> Result<void> {
        if (reader) reader->stop();
        return record_ ? record_->close(left) : Result<void>();
      },
      [this, result = std::move(result)](Result<void> closed) {
        reader_.reset();
        if (!closed)
          engine_.log(LogLevel::warning, "the journal keeps an upload that is over: " + closed.error().to_string());
        deliver(result);
      });
}

}  // namespace docupilot::inline v1
