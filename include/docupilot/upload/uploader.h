#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <docupilot/base/log.h>
#include <docupilot/base/retry.h>
#include <docupilot/source/source.h>
#include <docupilot/store/object_store.h>
#include <docupilot/upload/progress.h>

namespace docupilot::inline v1 {

/// Shared by all uploads of one Uploader.
struct UploaderOptions {
  /// Remembers uploads under way, so that one that was killed goes on where it was: a SQLite file, made when first
  /// needed, mode 0600, without secrets. Several processes may share it. Empty: nothing is remembered, and an upload
  /// that was killed begins anew.
  std::string journal = {};
  /// Bytes for buffers of streams and connections together. Files need none but for connections: they are read into
  /// the connection's own buffer. 16 MiB to 64 GiB. Default 64 MiB.
  std::uint64_t memory = std::uint64_t{64} << 20U;
  /// To begin with, 1 to 256, and one for each MiB of memory at the most. Grows while the rate grows with it, halves
  /// when throttled.
  unsigned connections = 16;
  /// What it grows to, as far as a quarter of the memory pays for it. Less than `connections`: it does not grow.
  unsigned most_connections = 64;
  /// 5 MiB to 5 GiB. Default 0: 8 to 64 MiB by the size of the source. Of a stream, whose parts are kept in memory,
  /// never more than half of that.
  std::uint64_t part_size = 0;
  std::uint64_t bytes_per_second = 0;  ///< Of all uploads together; see Uploader::limit_rate. 0: no limit.
  RetryPolicy retry = {};              ///< Of each part.
  /// How long an upload waits without one acknowledged byte for a store that is out of reach, or busy, asking now and
  /// then, before it fails. Zero: it fails when the attempts of a part have run out. Default 15 minutes.
  Duration patience = Duration::milliseconds(900'000);
  Hooks hooks = {};
};

/// What to do about an upload of the journal whose source is no longer what it was.
enum class WhenChanged {
  refuse,   ///< Fail with `precondition_failed`; the upload is kept.
  restart,  ///< Abort that upload and begin anew.
};

/// What becomes of an upload that fails or is cancelled.
enum class Unfinished {
  keep_if_resumable,  ///< Kept when the journal knows it and its source can be read again, else aborted.
  abort,              ///< Aborted, so that no parts are left.
};

struct UploadOptions {
  PutOptions put = {};  ///< Content type, attributes, conditions. Durability::on_flush is not for uploads.
  int priority = 0;     ///< Parts of higher ones go first.
  WhenChanged when_changed = WhenChanged::refuse;
  Unfinished unfinished = Unfinished::keep_if_resumable;
  /// Called a few times a second and once at the end, on the uploader's thread: must not block or throw.
  std::function<void(const TransferProgress&)> on_progress = {};
  /// Called at the end of each attempt to send a part, and once for each part that need not be sent; likewise.
  std::function<void(const PartProgress&)> on_part = {};
};

struct UploadResult {
  ObjectInfo object;                ///< As the store told it: of one in parts it need not tell the attributes.
  std::uint64_t crc64nvme = 0;      ///< Of all bytes, computed as they were read; 0 where only the store has read them.
  std::uint64_t parts = 0;          ///< 0: in one request.
  std::uint64_t parts_resumed = 0;  ///< Of these, sent by an earlier run.
  std::uint64_t bytes_sent = 0;     ///< Of bodies, in this run: of a small object in one request, what was answered.
  unsigned attempts_failed = 0;
  unsigned restarts = 0;  ///< 1: the server had forgotten the upload, and it was begun anew.
};

/// An upload under way. Any thread. Destroying it cancels the upload and waits for its end, so not in a callback. It
/// may outlive its Uploader, and goes on then.
class DOCUPILOT_EXPORT Upload {
 public:
  virtual ~Upload();
  /// Waits for the end. When the context ends first, the upload is cancelled.
  [[nodiscard]] virtual Result<UploadResult> wait(const Context& context = {}) = 0;
  [[nodiscard]] virtual bool ended() const = 0;
  [[nodiscard]] virtual TransferProgress progress() const = 0;
  /// No byte goes out until `resume`; what the server drops meanwhile is sent again. Its connections may be used by
  /// other uploads, the buffers of a stream are kept.
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// Ends it with `cancelled` within 250 ms, and as UploadOptions::unfinished says.
  virtual void cancel() = 0;
  virtual void set_priority(int priority) = 0;
};

/// One of many.
struct UploadItem {
  std::string path;  ///< A regular file, opened when its turn comes; or
  std::shared_ptr<Source> source = {};
  std::string key;
  UploadOptions options = {};
};

struct SweptUpload {
  MultipartUpload upload;
  std::optional<Error> error;  ///< Why it could not be aborted.
};

/// Brings sources into a store, in bounded memory whatever their size: in one request up to a part's size, else in
/// parts, several at a time, each with a checksum, tried again as RetryPolicy says, and with patience. Bytes are read
/// once for each attempt that sends them. An object appears whole or not at all. A stream that goes to a store without
/// multipart calls is put by the store itself: without pause, rate, progress and further attempts.
///
/// Over any ObjectStore that has multipart calls; stores with a part_sender use one thread for all connections.
/// Calls may be made from any thread at any time. No thread before the first call. Of the process that made it: in a
/// child after a fork uploads fail with `unsupported`.
class DOCUPILOT_EXPORT Uploader {
 public:
  virtual ~Uploader();

  /// Uploads, or goes on with the upload of this source to this key that the journal knows. Errors: those of
  /// ObjectStore::put; of the source; precondition_failed when the source changed, before (see WhenChanged) or
  /// meanwhile; conflict when another process is at this upload; outcome_unknown when it cannot be told whether the
  /// object was completed; cancelled, timeout.
  [[nodiscard]] virtual Result<UploadResult> upload(Source& source, const std::string& key,
                                                    const UploadOptions& options = {}, const Context& context = {}) = 0;
  /// Likewise, and returns at once; errors come with `wait`.
  [[nodiscard]] virtual std::unique_ptr<Upload> start(std::shared_ptr<Source> source, std::string key,
                                                      UploadOptions options = {}, const Context& context = {}) = 0;
  /// Many, side by side, in bounded memory however many. `on_result` is called once each, as they end, never two at a
  /// time, on the uploader's thread: it must not block or throw. What `on_progress` calls parts are sources. Returns
  /// how many failed; the rest goes on when one does.
  [[nodiscard]] virtual std::size_t upload_many(
      std::vector<UploadItem> items, const std::function<void(std::size_t index, Result<UploadResult>)>& on_result,
      const std::function<void(const TransferProgress&)>& on_progress = {}, const Context& context = {}) = 0;

  /// Changes the bandwidth of all uploads together, at once. 0: no limit.
  virtual void limit_rate(std::uint64_t bytes_per_second) = 0;
  /// Aborts uploads that this journal began, that no living process is at, and that did not get on for `older_than`;
  /// with `dry_run` only tells them. Those of other programs stay, with one exception: of an upload whose beginning
  /// nobody saw the end of, only key and time are known, and what was begun for that key within five minutes is taken
  /// for it.
  [[nodiscard]] virtual Result<std::vector<SweptUpload>> sweep(Duration older_than, bool dry_run,
                                                               const Context& context = {}) = 0;
};

/// Errors: invalid_argument for options that cannot be right, and for a journal with a store that does not say where it
/// is (ObjectStore::location).
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<Uploader>> make_uploader(std::shared_ptr<ObjectStore> store,
                                                                               UploaderOptions options = {});

}  // namespace docupilot::inline v1
