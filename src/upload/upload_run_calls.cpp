#include <algorithm>

#include "base/try.h"
#include "upload/steady_time.h"
#include "upload/upload_run.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t small = std::uint64_t{256} << 10U;      // read into memory before it is sent
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
  call([this] { return record_->open(*schedule_, options_.put, inner()); },
       [this](Result<UploadRecord::Opened> opened) {
         uses_source_ = false;
         if (!opened) return plan_->call_failed(std::move(opened).error(), steady_time());
         opened_.push_back(opened->upload);
         for (const PartInfo& part : opened->has) report_part(part.number, part.size, 0, std::nullopt);
         if (opened->completing) plan_->opened_completing(std::move(opened->upload), opened->has, steady_time());
         else plan_->opened(std::move(opened->upload), opened->has, steady_time());
       });
}

Result<std::shared_ptr<UploadBody>> UploadRun::body_of(int number) {
  if (const auto there = bodies_.find(number); there != bodies_.end()) return there->second;
  const std::uint64_t size = number == 0 ? *size_ : plan_->size_of(number);
  const std::uint64_t offset = number == 0 ? 0 : plan_->offset_of(number);
  std::shared_ptr<UploadBody> body;
  if (size <= small) {
    auto bytes = std::make_unique_for_overwrite<std::byte[]>(size);
    for (std::uint64_t filled = 0; filled < size;) {
      const MutableByteView rest(bytes.get() + filled, static_cast<std::size_t>(size - filled));
      DOCUPILOT_TRY(const std::size_t count, source_->read_at(offset + filled, rest));
      if (count == 0) return Error(ErrorCode::precondition_failed, "the source became shorter while it was read");
      filled += count;
    }
    body = std::make_shared<MemoryPart>(gate_, std::move(bytes), size);
  } else {
    body = std::make_shared<SourcePart>(gate_, *source_, offset, size);
  }
  bodies_[number] = body;
  return body;
}

void UploadRun::send(int number, unsigned attempt, Duration now) {
  auto body = body_of(number);
  if (!body) {
    return plan_->replied(number, {.verdict = PartVerdict::final, .error = std::move(body).error()}, now);
  }
  if (number == 0 && whole_.key.empty()) whole_ = engine_.sender().begin_whole(key_, options_.put);
  PartRequest request{.key = key_,
                      .upload = number == 0 ? whole_ : plan_->upload(),
                      .number = number,
                      .last = static_cast<int>(plan_->progress().parts_total.value_or(0)),
                      .options = options_.put,
                      .body = *body};
  Sending& sending = sending_[number];
  sending.body = *std::move(body);
  sending.epoch = engine_.begin_sending();
  sending.attempt = attempt;
  const auto done = [&engine = engine_, self = shared_from_this(), number](PartReply reply) {
    engine.post([self, number, reply = std::move(reply)]() mutable { self->replied(number, std::move(reply)); });
  };
  if (!engine_.sender().may_wait(request)) {
    sending.transfer = engine_.sender().send(std::move(request), done, inner());
    return;
  }
  call([this, request = std::move(request), done] { return engine_.sender().send(request, done, inner()); },
       [this, number, attempt](std::shared_ptr<PartTransfer> transfer) {
         // It may have ended by now, and the next attempt begun.
         const auto there = sending_.find(number);
         if (there != sending_.end() && there->second.attempt == attempt) there->second.transfer = std::move(transfer);
       });
}

void UploadRun::replied(int number, PartReply reply) {
  const auto there = sending_.find(number);
  const Sending sending = std::move(there->second);
  sending_.erase(there);
  const Duration now = steady_time();
  if (is_aside_) engine_.take_up(1);
  engine_.end_sending(sending.epoch, reply.verdict, reply.bytes_sent, now);
  if (reply.verdict == PartVerdict::final) {
    // A source that changed is the reason, whatever reading it led to.
    if (auto same = check_source(); !same) reply.error = std::move(same).error();
  }
  bytes_sent_ += reply.bytes_sent;
  report_part(number, sending.body->size(), sending.attempt, reply.error);
  if (reply.verdict == PartVerdict::stored) {
    reply.part.number = number;
    reply.part.size = sending.body->size();
    reply.part.crc64nvme = sending.body->crc64nvme();
    if (number != 0) acknowledged_.push_back(reply.part);
    bodies_.erase(number);
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
        if (object) plan_->completed(*std::move(object), steady_time());
        else if (*is_sent) plan_->call_failed(std::move(object).error(), steady_time());
        else plan_->source_failed(std::move(object).error(), steady_time());
      });
}

std::vector<PartInfo> UploadRun::parts() const {
  const auto whole = bodies_.find(0);
  if (whole == bodies_.end()) return plan_->parts();
  const UploadBody& body = *whole->second;
  return {{.number = 1, .size = body.size(), .etag = {}, .crc64nvme = body.crc64nvme()}};
}

void UploadRun::look() {
  call(
      [this, uploads = whole_.key.empty() ? opened_ : std::vector{whole_},
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
  bodies_.clear();
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
