#pragma once

#include <memory>
#include <mutex>
#include <stop_token>

#include "upload/progress_meter.h"
#include "upload/stream_reader.h"
#include "upload/upload_body.h"
#include "upload/upload_engine.h"
#include "upload/upload_plan.h"
#include "upload/upload_record.h"

namespace docupilot::inline v1 {

/// One upload under way: does what its UploadPlan decides, and tells the plan what came of it. But for what is named,
/// used by the engine's thread alone.
class UploadRun : public std::enable_shared_from_this<UploadRun> {
 public:
  using OnEnd = std::function<void(Result<UploadResult>)>;

  /// The engine outlives the run. `on_end` is called once, on the engine's thread, when nothing touches the source any
  /// more.
  UploadRun(UploadEngine& engine, std::shared_ptr<Source> source, std::string key, UploadOptions options,
            const Context& context, OnEnd on_end);
  ~UploadRun();

  // ---- any thread ----
  void request_pause(bool paused);
  void request_cancel();
  void request_priority(int priority);
  [[nodiscard]] TransferProgress progress() const;

  // ---- the engine's thread ----
  void begin();
  void pause(bool paused);
  void cancel(Error error);
  /// Does what there is to do now; when to be called again though nothing happened. Costs nothing as long as nothing
  /// has happened.
  [[nodiscard]] std::optional<Duration> advance(Duration now);
  [[nodiscard]] int priority() const noexcept { return options_.priority; }
  /// Nothing is under way any more.
  [[nodiscard]] bool is_over() const noexcept { return ended_ && calls_ == 0 && sending_ == 0; }

 private:
  /// A part that may be sent, or sent again.
  struct Part {
    int number = 0;
    std::shared_ptr<UploadBody> body;
    unsigned attempt = 0;                         // under way; 0: none is
    std::shared_ptr<PartTransfer> transfer = {};  // null while `send` has not returned
    std::uint64_t epoch = 0;
  };
  // Before there is a plan.
  void put_directly();
  [[nodiscard]] PartSchedule schedule_for(std::uint64_t part_size) const;
  void make_plan(const PartSchedule& schedule);
  void read_stream();
  void produced(Result<StreamReader::Part> part);
  void fail(Error error);
  [[nodiscard]] std::optional<Duration> act(Duration now);
  // The plan's wishes.
  void perform(const UploadAction& action, Duration now);
  void open();
  void send(int number, unsigned attempt, Duration now);
  void replied(int number, PartReply reply);
  void list();
  void complete();
  void look();
  /// What the object would be made of.
  [[nodiscard]] std::vector<PartInfo> parts();
  void abort();
  void finish();
  void close_record(bool left, Result<UploadResult> result);
  // Their parts.
  /// Null: there is none.
  [[nodiscard]] Part* find(int number) noexcept;
  [[nodiscard]] Result<std::shared_ptr<UploadBody>> make_body(int number);
  void write_journal();
  void feed_starved(Duration now);
  void report(Duration now);
  void report_part(int number, std::uint64_t size, unsigned attempt, const std::optional<Error>& error) const;
  /// Tells who waits for the end, once; what is left to tidy up may go on.
  void tell(Result<UploadResult> result);
  void deliver(Result<UploadResult> result);
  /// Runs `work` on a worker and `then` with its result on the engine's thread; both may use this run, which lives
  /// until then.
  template <class Work, class Then>
  void call(Work work, Then then) {
    ++calls_;
    engine_.call([self = shared_from_this(), work = std::move(work), then = std::move(then)] {
      return [self, then, result = std::make_shared<decltype(work())>(work())] {
        --self->calls_;
        self->has_news_ = true;
        then(std::move(*result));
      };
    });
  }
  /// Whether the source is still what it was when the upload began.
  [[nodiscard]] Result<void> check_source() const;
  [[nodiscard]] Context inner() const { return {.deadline = context_.deadline, .stop = stop_.get_token()}; }

  UploadEngine& engine_;
  const std::shared_ptr<Source> source_;
  const std::string key_;
  UploadOptions options_;
  const Context context_;
  OnEnd on_end_;
  UploadGate gate_;
  std::stop_source stop_;  // of the calls that block
  std::optional<std::stop_callback<std::function<void()>>> stopper_;

  std::optional<std::uint64_t> size_;
  SourceIdentity identity_;
  std::optional<UploadPlan> plan_;
  std::shared_ptr<const PartTarget> whole_;   // by which an object that is sent in one request is known again
  std::shared_ptr<const PartTarget> target_;  // of the parts
  std::vector<MultipartUpload> opened_;       // by which an object in parts is known; more than one when it began anew
  std::optional<PartSchedule> schedule_;
  std::shared_ptr<StreamReader> reader_;
  std::vector<Part> parts_;  // some hundred at the most, in no order
  std::size_t sending_ = 0;  // of these
  std::uint64_t bytes_sent_ = 0;
  unsigned calls_ = 0;  // on workers
  bool ended_ = false;
  bool has_news_ = true;          // since `act`
  std::optional<Duration> wake_;  // of `act`
  std::optional<Error> cancelled_;
  std::optional<Duration> give_up_;  // when a cancelled upload is told as ended though its abort is not
  std::optional<Duration> feed_at_;  // when bodies that waited for the gate look again
  int produced_ = 0;                 // parts of a stream
  bool is_stream_ = false;           // read once, part by part
  bool is_aside_ = false;            // its attempts are not counted as under way
  bool uses_source_ = false;         // a call

  std::optional<UploadRecord> record_;   // of an upload in parts
  std::vector<PartInfo> acknowledged_;   // not in the journal yet
  bool writing_ = false;                 // the journal; one call at a time uses the record
  std::optional<UploadAction> put_off_;  // until that is done

  ProgressMeter meter_;
  mutable std::mutex mutex_;  // of what follows
  TransferProgress told_;
};

}  // namespace docupilot::inline v1
