#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <docupilot/store/part_sender.h>
#include <docupilot/upload/uploader.h>

#include "base/retry_law.h"
#include "base/token_bucket.h"
#include "upload/outage.h"
#include "upload/part_book.h"

namespace docupilot::inline v1 {

struct UploadPlanOptions {
  PartSchedule schedule;
  std::optional<std::uint64_t> size = {};  ///< Of the source; nothing for a stream that does not say.
  /// The source can be read at any place, again and again. False, or without a size: `produced` tells its parts.
  bool can_rewind = true;
  bool multipart = true;  ///< The store has multipart calls. False: all goes in one request, whatever its size.
  bool keep = false;      ///< On a failure the upload is kept for another run, else aborted.
  RetryPolicy retry = {};
  PatienceOptions patience = {};
  TokenBucket* bucket = nullptr;   ///< Of retries, shared by all uploads to the endpoint. Null: no limit.
  std::function<double()> random;  ///< In [0, 1).
};

/// What to do next. `send` needs a free connection; the others are single calls to the store, one at a time, with no
/// `send` under way.
struct UploadAction {
  enum class Kind {
    open,      ///< Begin a multipart upload: `opened` or `call_failed`.
    send,      ///< Part `number` (0: the whole source), attempt `attempt`: `replied`.
    list,      ///< Ask the store which parts it has: `listed` or `call_failed`.
    complete,  ///< Complete with `parts()`: `completed` or `call_failed`; or `source_failed`, and it was not sent.
    look,      ///< Is the object at the key ours, by token, size and part list: `looked` or `call_failed`.
    abort,     ///< Abort `upload()`, once: `aborted`.
    finish,    ///< It is over: take `result()`. Comes once, and nothing behind it.
  };
  Kind kind;
  int number = 0;
  unsigned attempt = 0;
};

/// One upload, decided: events in, what to do next out. No I/O, no clock, no thread, no memory of bytes; times are
/// given with each event, chance comes from options, so that any run can be repeated. Errors that end it come out of
/// `result`.
///
/// A source up to one part's size is sent whole, in one request. Else: open, send the parts (as many at a time as there
/// are connections), complete. A part is tried as often as RetryPolicy says, with the delays and the bucket of all
/// calls; then, if the trouble may pass, the upload waits with patience: nothing is sent but one probe at a time, until
/// a byte is acknowledged again or patience ends. So it is with a call that failed after the store's own attempts.
/// Corrections (`mended`) go again at once, three times for a part at the most. No fresh part begins while as many wait
/// to go again as are under way: who says "slow down" is not given other parts instead.
///
/// A completion whose reply was lost is sent again; when the upload is gone by then, the object at the key is looked
/// at, and is ours only if our token, its size and the list of its parts say so; else the upload begins anew, once.
/// Parts that a completion finds missing or different are asked for and sent again, twice at the most; those of an
/// upload that an earlier completion may have broken are not, it begins anew. After the end of a completion is unknown
/// nothing but a look decides that it failed, and nothing else is aborted.
class UploadPlan {
 public:
  UploadPlan(UploadPlanOptions options, Duration now);

  // ---- events: those for a part or call that is not under way are ignored ----
  /// An upload was begun; or, as the answer to `open` or before the first `next`, one of an earlier run is to go on.
  /// The parts in `has` are known to hold the source's bytes already. `crc64nvme` of the result needs theirs.
  void opened(MultipartUpload upload, const std::vector<PartInfo>& has, Duration now);
  /// Likewise, one whose completion another run has begun, and did not see the end of.
  void opened_completing(MultipartUpload upload, const std::vector<PartInfo>& has, Duration now);
  /// The next part of a stream is in memory: so many bytes (PartSchedule::size_of, or less of the last), and whether
  /// the stream has ended with them. The first part of a stream that ends with it goes whole. Its bytes are needed
  /// until it was `stored`.
  void produced(std::uint64_t size, bool last, Duration now);
  /// The source cannot be read, or changed.
  void source_failed(Error error, Duration now);
  /// `stored`: with the checksum as it was sent in `part.crc64nvme`, also of the whole.
  void replied(int number, PartReply reply, Duration now);
  void listed(const std::vector<PartInfo>& has, Duration now);
  void completed(ObjectInfo object, Duration now);
  /// `object` when it is ours.
  void looked(std::optional<ObjectInfo> object, Duration now);
  /// open, list, complete or look failed, after the store's own attempts.
  void call_failed(Error error, Duration now);
  void aborted(std::optional<Error> error, Duration now);
  /// Nothing is begun until `resume`. What fails meanwhile, and what was under way and fails later, is not held against
  /// the part: it goes again.
  void pause(Duration now);
  void resume(Duration now);
  /// Ends it with this error, by the caller's wish: `cancelled` or `timeout`. It succeeds nevertheless when what is
  /// under way turns out to have made the object.
  void cancel(Error error, Duration now);

  // ---- decisions ----
  /// The next thing to do; nothing for now. A `send` only when `may_send`. What was returned counts as begun.
  [[nodiscard]] std::optional<UploadAction> next(Duration now, bool may_send);
  /// When to ask `next` again though nothing happened, later than it was last asked. What only lacks a connection is
  /// none of that.
  [[nodiscard]] std::optional<Duration> wake_at() const;
  /// Whether the last `next` had something to send, but for a connection.
  [[nodiscard]] bool lacks_connection() const noexcept { return lacks_connection_; }
  /// Sends under way, and a call other than abort, are of no more use: cancel them. Their event is still waited for.
  [[nodiscard]] bool wants_all_cancelled() const noexcept;
  /// A stream may be read on: no part of it waits for its first attempt, and it has not ended or failed.
  [[nodiscard]] bool wants_bytes();

  // ---- facts ----
  [[nodiscard]] const MultipartUpload& upload() const noexcept { return upload_; }
  /// Acknowledged parts in order, for the completion.
  [[nodiscard]] std::vector<PartInfo> parts() const { return book_.stored(); }
  [[nodiscard]] std::uint64_t offset_of(int number) const noexcept { return book_.offset_of(number); }
  [[nodiscard]] std::uint64_t size_of(int number) const noexcept { return book_.size_of(number); }
  [[nodiscard]] int last_part() const noexcept { return static_cast<int>(book_.total_parts().value_or(0)); }
  /// Bytes acknowledged, attempts failed and so on; rates and bytes on their way are the driver's.
  [[nodiscard]] TransferProgress progress() const;
  [[nodiscard]] bool waiting() const noexcept { return outage_.lasts(); }  ///< With patience.
  /// After `finish`, once.
  [[nodiscard]] Result<UploadResult> result();
  /// After `finish`: uploads of ours that are still at the store, or may be: kept, or the abort failed, or the end of
  /// the completion is unknown. More than one only when the upload began anew.
  [[nodiscard]] const std::vector<MultipartUpload>& left() const noexcept { return left_; }
  [[nodiscard]] bool is_left() const noexcept { return !left_.empty(); }

 private:
  /// What the upload is at.
  enum class Step { reading, opening, sending, listing, completing, looking };
  /// What happens once nothing is under way any more.
  enum class Goal { upload, look, restart, end };

  // Parts: upload_plan.cpp
  void drained(PartState& part, PartReply reply);
  void stored(PartState& part, PartReply reply, Duration now);
  void whole_refused(Error error);
  void corrected(PartState& part, Error error, Duration now);
  void try_again(PartState& part, const PartReply& reply, Duration now);
  void put_back(PartState& part, Duration due);
  [[nodiscard]] std::optional<UploadAction> next_send(Duration now, bool may_send);
  [[nodiscard]] UploadAction begin_send(int number, PartState& part);
  [[nodiscard]] int take_waiting(std::size_t index);
  [[nodiscard]] bool is_once() const noexcept { return !options_.multipart && !options_.can_rewind; }

  // Failures and patience, and the way to the end: upload_plan_end.cpp
  void exhausted(Error error, bool was_probe, Duration now, Duration at_least = {});
  void give_up_if_spent();
  void fail(Error error);
  void restart_or_fail(Error error);
  void forgotten(Error error);
  [[nodiscard]] bool can_begin_anew() const noexcept;
  [[nodiscard]] std::optional<UploadAction> turn();
  void begin_anew();
  [[nodiscard]] bool is_to_be_aborted() const noexcept;

  // Calls: upload_plan_calls.cpp
  [[nodiscard]] std::optional<UploadAction> next_call(Duration now);
  [[nodiscard]] UploadAction begin_call(UploadAction::Kind kind);
  [[nodiscard]] bool ends_call(UploadAction::Kind kind) noexcept;
  void continue_with(MultipartUpload upload, const std::vector<PartInfo>& has);
  void completion_failed(Error error, Duration now);
  void look_failed(Error error, Duration now);
  void call_again(Error error, Duration now);
  void settle(Error error);
  void look_instead(Error if_not_ours);
  void succeed(ObjectInfo object);

  UploadPlanOptions options_;
  PartBook book_;
  Outage outage_;

  Step step_ = Step::opening;
  Goal goal_ = Goal::upload;
  bool began_ = false;  // `next` was asked
  bool finished_ = false;
  Duration asked_at_;  // when `next` was, the last time
  bool lacks_connection_ = false;

  std::vector<int> waiting_;  // parts to be sent again, in no order
  unsigned sending_ = 0;
  int probe_ = -1;  // the part that is sent as a probe

  std::optional<UploadAction::Kind> call_;  // under way
  unsigned call_pauses_ = 0;                // how many pauses there had been when it began
  Duration call_due_;

  MultipartUpload upload_;
  bool has_upload_ = false;
  unsigned completions_ = 0;   // of this upload
  bool was_in_doubt_ = false;  // so it was of the upload before this one, which may have made the object meanwhile
  bool in_doubt_ = false;      // the end of one of them is unknown
  bool sent_again_ = false;    // a completion, without waiting for a probe
  bool was_refused_ = false;   // by a condition: another run could not complete it either
  bool is_broken_ = false;     // a completion in doubt has cost it parts
  unsigned rounds_ = 0;        // of parts that a completion found missing
  bool has_aborted_ = false;   // or tried to
  bool maybe_stored_ = false;  // the whole, by an attempt that failed

  bool paused_ = false;
  unsigned pauses_ = 0;
  unsigned restarts_ = 0;

  std::optional<Error> last_failure_;  // that patience is about
  bool looks_once_ = false;            // patience has had its time
  std::optional<Error> if_not_ours_;   // the error when the object at the key is not ours; nothing: begin anew
  std::optional<Error> error_;
  std::optional<ObjectInfo> object_;
  std::vector<MultipartUpload> left_;
  std::uint64_t bytes_sent_ = 0;
  unsigned attempts_failed_ = 0;
};

}  // namespace docupilot::inline v1
