#pragma once

#include <sys/types.h>

#include <functional>
#include <list>
#include <memory>
#include <thread>

#include <docupilot/store/part_sender.h>
#include <docupilot/upload/uploader.h>

#include "base/token_bucket.h"
#include "upload/byte_budget.h"
#include "upload/rate_limit.h"
#include "upload/task_queue.h"
#include "upload/upload_journal.h"
#include "upload/window.h"
#include "upload/worker_pool.h"

namespace docupilot::inline v1 {

class UploadRun;

/// What all uploads of one Uploader share: one thread that decides for all of them, the connections, the memory, the
/// rate and the journal. Bytes are moved by the store's own sender, and calls that block by a few workers, so the
/// thread is nearly always free.
class UploadEngine {
 public:
  UploadEngine(std::shared_ptr<ObjectStore> store, UploaderOptions options);
  /// Cancels all uploads and waits for their end.
  ~UploadEngine();
  UploadEngine(const UploadEngine&) = delete;
  UploadEngine& operator=(const UploadEngine&) = delete;

  // ---- any thread ----
  /// Starts the thread, once. Errors: exhausted when there can be none, unsupported in a child after a fork.
  [[nodiscard]] Result<void> open();
  /// Takes an upload on, as `open`.
  [[nodiscard]] Result<void> add(std::shared_ptr<UploadRun> run);
  /// Has it done on the engine's thread.
  void post(TaskQueue::Task task) { queue_.post(std::move(task)); }
  void limit_rate(std::uint64_t bytes_per_second);
  [[nodiscard]] ObjectStore& store() noexcept { return *store_; }
  [[nodiscard]] PartSender& sender() noexcept { return *sender_; }
  [[nodiscard]] const UploaderOptions& options() const noexcept { return options_; }
  [[nodiscard]] const StoreCapabilities& capabilities() const noexcept { return capabilities_; }
  [[nodiscard]] ByteBudget& memory() noexcept { return memory_; }
  [[nodiscard]] RateLimit& rate() noexcept { return rate_; }
  [[nodiscard]] TokenBucket& retries() noexcept { return retries_; }
  /// Null: nothing is remembered.
  [[nodiscard]] UploadJournal* journal() noexcept { return journal_.get(); }
  void log(LogLevel level, std::string_view message) const;

  // ---- the engine's thread ----
  /// Takes an upload on, of a caller who has seen `open` succeed. Not while uploads are at it.
  void take_on(std::shared_ptr<UploadRun> run);
  /// Does `work` on a worker, and then what it returns on the engine's thread.
  void call(std::function<TaskQueue::Task()> work);
  /// How many requests may be under way.
  [[nodiscard]] unsigned limit() const noexcept { return window_.limit(); }
  [[nodiscard]] bool may_send() const noexcept { return window_.has_room(in_use_); }
  /// Counts an attempt as begun; to be given back with its end.
  [[nodiscard]] std::uint64_t begin_sending() noexcept;
  void end_sending(std::uint64_t epoch, PartVerdict verdict, std::uint64_t bytes, Duration now) noexcept;
  /// So many attempts stand still by the caller's wish: others may use their turn until they go on.
  void set_aside(std::size_t attempts) noexcept { in_use_ -= static_cast<unsigned>(attempts); }
  void take_up(std::size_t attempts) noexcept { in_use_ += static_cast<unsigned>(attempts); }

 private:
  void loop();
  /// Lets all uploads do what they can, those of high priority first, and drops those that have ended.
  [[nodiscard]] std::optional<Duration> advance();

  const std::shared_ptr<ObjectStore> store_;
  const UploaderOptions options_;
  const StoreCapabilities capabilities_;
  ByteBudget memory_;
  RateLimit rate_;
  TokenBucket retries_;
  std::unique_ptr<UploadJournal> journal_;
  Window window_;
  unsigned in_use_ = 0;
  TaskQueue queue_;
  std::list<std::shared_ptr<UploadRun>> runs_;
  bool closing_ = false;
  std::once_flag opened_;
  Result<void> open_result_;
  std::unique_ptr<PartSender> own_sender_;  // before the workers, which may be using it
  PartSender* sender_;
  const pid_t process_;
  std::unique_ptr<WorkerPool> workers_;
  std::thread thread_;
};

}  // namespace docupilot::inline v1
