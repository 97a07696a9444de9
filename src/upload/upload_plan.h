#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include <docupilot/store/part_sender.h>
#include <docupilot/upload/uploader.h>

#include "base/patience.h"
#include "base/token_bucket.h"
#include "upload/part_schedule.h"

namespace docupilot::inline v1 {

struct UploadPlanOptions {
  PartSchedule schedule;
  std::optional<std::uint64_t> size = {};  ///< Of the source; nothing for a stream that does not say.
  bool can_rewind = true;                  ///< The source can be read again: for a restart, and for another run.
  bool multipart = true;                   ///< The store has multipart calls.
  bool keep = false;                       ///< On a failure the upload is kept for another run, else aborted.
  RetryPolicy retry = {};
  PatienceOptions patience = {};
  TokenBucket* bucket = nullptr;           ///< Of retries, shared by all uploads to the endpoint.
  std::function<double()> random;          ///< In [0, 1).
};

/// What to do next. `send` needs a free connection; the others are single calls to the store, one at a time.
struct UploadAction {
  enum class Kind {
    open,      ///< Begin a multipart upload: `opened` or `call_failed`.
    send,      ///< Part `number` (0: the whole source), attempt `attempt`: `replied`.
    list,      ///< Ask the store which parts it has: `listed` or `call_failed`.
    complete,  ///< Complete with `parts()`: `completed` or `call_failed`.
    look,      ///< Is the object at the key ours, by token, size and part list: `looked` or `call_failed`.
    abort,     ///< Abort the upload, once: `aborted`.
    finish,    ///< It is over: take `result()`.
  };
  Kind kind;
  int number = 0;
  unsigned attempt = 0;
};

/// One upload, decided: events in, what to do next out. No I/O, no clock, no thread, no memory of bytes; times are given
/// with each event, chance comes from options, so that any run can be repeated. Errors that end it come out of `result`.
///
/// A source up to one part's size is sent whole, in one request. Else: open, send the parts (as many at a time as there
/// are connections), complete. A part is tried as often as RetryPolicy says; then, if the trouble may pass, the upload
/// waits with patience: nothing is sent but one probe now and then, until a byte is acknowledged again or patience ends.
/// Corrections (`mended`) go again at once, three times for a part at the most.
///
/// A completion whose reply was lost is sent again; when the upload is gone by then, the object at the key is looked at,
/// and is ours only if our token, its size and the list of its parts say so; else the upload begins anew, once. Parts
/// that a completion finds missing or different are asked for and sent again, twice at the most. After the end of a
/// completion is unknown nothing is aborted.
class UploadPlan {
 public:
  UploadPlan(UploadPlanOptions options, Duration now);

  // ---- events ----
  /// An upload was begun. The parts in `has` are known to hold the source's bytes already (another run sent them).
  void opened(MultipartUpload upload, const std::vector<PartInfo>& has, Duration now);
  /// This upload is to go on with completing, whose outcome another run did not see.
  void opened_completing(MultipartUpload upload, const std::vector<PartInfo>& has, Duration now);
  /// The next part of a stream is in memory: so many bytes, and whether the stream has ended with them. The first
  /// part of a stream that ends with it goes whole.
  void produced(std::uint64_t size, bool last, Duration now);
  /// The source cannot be read, or changed.
  void source_failed(Error error, Duration now);
  void replied(int number, PartReply reply, Duration now);
  void listed(const std::vector<PartInfo>& has, Duration now);
  void completed(ObjectInfo object, Duration now);
  /// `object` when it is ours.
  void looked(std::optional<ObjectInfo> object, Duration now);
  /// open, list, complete or look failed, after the store's own attempts.
  void call_failed(Error error, Duration now);
  void aborted(std::optional<Error> error, Duration now);
  void pause(Duration now);
  void resume(Duration now);
  /// Ends it with this error, by the caller's wish: `cancelled` or `timeout`.
  void cancel(Error error, Duration now);

  // ---- decisions ----
  /// The next thing to do; nothing for now. A `send` only when `may_send`. What was returned counts as begun.
  [[nodiscard]] std::optional<UploadAction> next(Duration now, bool may_send);
  /// When to ask `next` again though nothing happened.
  [[nodiscard]] std::optional<Duration> wake_at() const;
  /// Attempts under way are of no more use: cancel them. Their `replied` is still waited for.
  [[nodiscard]] bool wants_all_cancelled() const noexcept;
  /// A stream may be read on: no part of it waits for a connection... and it has not ended or failed.
  [[nodiscard]] bool wants_bytes() const noexcept;

  // ---- facts ----
  [[nodiscard]] const MultipartUpload& upload() const noexcept { return upload_; }
  /// Acknowledged parts in order, for the completion.
  [[nodiscard]] std::vector<PartInfo> parts() const;
  [[nodiscard]] std::uint64_t offset_of(int number) const;
  [[nodiscard]] std::uint64_t size_of(int number) const;
  /// Bytes acknowledged, attempts failed and so on; rates and bytes on their way are the driver's.
  [[nodiscard]] TransferProgress progress() const;
  [[nodiscard]] bool waiting() const noexcept;  ///< With patience.
  /// After `finish`, once. `crc64nvme` is put together from the parts'.
  [[nodiscard]] Result<UploadResult> result();
  /// Whether the upload is still at the store after `finish`: kept, or its abort failed, or its end is unknown.
  [[nodiscard]] bool is_left() const noexcept;

 private:
  MultipartUpload upload_;
};

}  // namespace docupilot::inline v1
