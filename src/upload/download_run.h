#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include <docupilot/store/object_store.h>
#include <docupilot/upload/progress.h>

#include "upload/download_file.h"
#include "upload/download_plan.h"
#include "upload/progress_meter.h"
#include "upload/rate_limit.h"

namespace docupilot::inline v1 {

/// Brings all ranges of one object into its hidden file, several at a time, on threads that end with the call.
class DownloadRun {
 public:
  struct Setting {
    ObjectStore& store;
    const ObjectInfo& object;  ///< As `head` told it: the version that is wanted.
    DownloadFile& file;
    RateLimit& limit;
    unsigned connections;
    const std::function<void(const TransferProgress&)>& on_progress;
  };
  struct Outcome {
    std::uint64_t crc64nvme = 0;
    bool verified = false;
    std::uint64_t bytes_resumed = 0;
    unsigned attempts_failed = 0;
  };

  /// `plan` knows what an earlier run has left.
  DownloadRun(const Setting& setting, DownloadPlan plan, const Context& context);
  DownloadRun(const DownloadRun&) = delete;
  DownloadRun& operator=(const DownloadRun&) = delete;

  /// Once. The errors of Downloader.
  [[nodiscard]] Result<Outcome> run();
  /// After an error: whether what has come is of use to another run.
  [[nodiscard]] bool is_worth_keeping() const;

 private:
  using Range = DownloadPlan::Range;

  [[nodiscard]] Result<void> bring_all();
  void watch(std::unique_lock<std::mutex>& lock);
  void work();
  [[nodiscard]] Result<void> look(const Range& range);
  [[nodiscard]] Result<void> fetch(const Range& range);
  [[nodiscard]] Result<ObjectInfo> get(const Range& range, Writer& into) const;
  [[nodiscard]] Result<void> check(const ObjectInfo& got, const Range& range, std::uint64_t taken);
  [[nodiscard]] bool try_again(const Range& range, const Error& error);
  void fail(Error error);
  void report();
  [[nodiscard]] Error error(ErrorCode code, std::string_view message, std::string_view hint) const;

  const Setting setting_;
  const Context& outer_;
  std::stop_source stop_;  // of the threads: when the caller wants it, or when one of them fails
  const Context context_;
  ProgressMeter meter_;
  std::atomic<std::uint64_t> moving_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  DownloadPlan plan_;                    // this and the next five: under the mutex
  std::optional<std::uint64_t> stored_;  // the store's own checksum
  std::optional<Error> error_;
  unsigned attempts_failed_ = 0;
  unsigned working_ = 0;
};

}  // namespace docupilot::inline v1
