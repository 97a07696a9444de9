#include <docupilot/upload/uploader.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>

#include "base/try.h"
#include "upload/progress_meter.h"
#include "upload/steady_time.h"
#include "upload/upload_engine.h"
#include "upload/upload_run.h"

namespace docupilot::inline v1 {

Upload::~Upload() = default;
Uploader::~Uploader() = default;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

Result<void> check(const UploaderOptions& options) {
  const auto wrong = [](std::string message, std::string_view hint) {
    return Error(ErrorCode::invalid_argument, std::move(message)).operation("upload").hint(hint);
  };
  if (options.memory < 16 * mebibyte || options.memory > mebibyte << 16U) {
    return wrong("memory is not between 16 MiB and 64 GiB", "the default is 64 MiB");
  }
  if (options.connections < 1 || options.connections > 256) {
    return wrong("connections is not between 1 and 256", "the default is 16");
  }
  if (options.connections * mebibyte > options.memory) {
    return wrong("memory is too little for so many connections", "allow 1 MiB for each of them");
  }
  if (options.part_size != 0 && (options.part_size < 5 * mebibyte || options.part_size > mebibyte * 5120)) {
    return wrong("part_size is not between 5 MiB and 5 GiB", "0 has it chosen by the size of the source");
  }
  if (options.patience < Duration()) return wrong("patience is negative", "zero is none");
  return {};
}

/// What waits for the end of an upload.
class Handle final : public Upload {
 public:
  explicit Handle(std::shared_ptr<UploadEngine> engine) : engine_(std::move(engine)) {}
  ~Handle() override {
    if (ended()) return;
    cancel();
    static_cast<void>(wait({}));
  }

  void begin(std::shared_ptr<Source> source, std::string key, UploadOptions options, const Context& context) {
    run_ = std::make_shared<UploadRun>(*engine_, std::move(source), std::move(key), std::move(options), context,
                                       [this](Result<UploadResult> result) { end(std::move(result)); });
    if (auto added = engine_->add(run_); !added) end(std::move(added).error());
  }

  Result<UploadResult> wait(const Context& context) override {
    const std::stop_callback stopper(context.stop, [this] { cancel(); });
    std::unique_lock lock(mutex_);
    const auto ended = [this] { return result_.has_value(); };
    if (context.deadline.is_set()) {
      const auto left = std::chrono::nanoseconds(
          std::min<std::int64_t>(context.deadline.remaining().nanoseconds(), std::int64_t{1} << 60U));
      if (!changed_.wait_for(lock, left, ended)) {
        lock.unlock();
        cancel();
        lock.lock();
      }
    }
    changed_.wait(lock, ended);
    return *result_;
  }
  [[nodiscard]] bool ended() const override {
    const std::lock_guard lock(mutex_);
    return result_.has_value();
  }
  [[nodiscard]] TransferProgress progress() const override { return run_->progress(); }
  void pause() override { run_->request_pause(true); }
  void resume() override { run_->request_pause(false); }
  void cancel() override { run_->request_cancel(); }
  void set_priority(int priority) override { run_->request_priority(priority); }

 private:
  void end(Result<UploadResult> result) {
    const std::lock_guard lock(mutex_);  // told under the lock: whoever waits may destroy this at once
    result_.emplace(std::move(result));
    changed_.notify_all();
  }

  const std::shared_ptr<UploadEngine> engine_;
  std::shared_ptr<UploadRun> run_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Result<UploadResult>> result_;
};

/// Many uploads, of which so many are open at a time that all connections have something to do. Its members are used
/// by the engine's thread but for `wait`.
class Batch {
 public:
  using OnResult = std::function<void(std::size_t, Result<UploadResult>)>;
  using OnProgress = std::function<void(const TransferProgress&)>;

  Batch(UploadEngine& engine, std::vector<UploadItem>& items, const OnResult& on_result, const OnProgress& on_progress,
        const Context& context)
      : engine_(engine),
        items_(items),
        on_result_(on_result),
        on_progress_(on_progress),
        context_(context),
        meter_(steady_time()) {}

  std::size_t wait() {
    engine_.post([this] { begin_more(); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_; });
    return failed_;
  }

 private:
  void begin_more() {
    comes_again_ = false;
    // What cannot be opened ends at once, so that the next is begun from here rather than from its end.
    while (next_ < items_.size() && open_ < std::size_t{2} * engine_.limit()) begin(next_++);
    const bool is_over = next_ == items_.size() && open_ == 0 && !comes_again_;
    report(is_over);
    if (!is_over) return;
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

  void begin(std::size_t index) {
    UploadItem& item = items_[index];
    ++open_;
    std::shared_ptr<Source> source = std::move(item.source);
    if (auto going = context_.check("upload"); !going) return end(index, std::move(going).error().target(item.key));
    if (!source) {
      auto opened = file_source(item.path);
      if (!opened) return end(index, std::move(opened).error());
      source = *std::move(opened);
    }
    const auto on_end = [this, index](Result<UploadResult> result) {
      end(index, std::move(result));
      if (!std::exchange(comes_again_, true)) engine_.post([this] { begin_more(); });
    };
    if (on_progress_) follow(index, item.options.on_progress);
    engine_.take_on(std::make_shared<UploadRun>(engine_, std::move(source), std::move(item.key),
                                                std::move(item.options), context_, on_end));
  }

  void follow(std::size_t index, std::function<void(const TransferProgress&)>& on_progress) {
    on_progress = [this, index, also = std::move(on_progress)](const TransferProgress& progress) {
      under_way_[index] = progress.bytes_done + progress.bytes_moving;
      report(false);
      if (also) also(progress);
    };
  }

  void end(std::size_t index, Result<UploadResult> result) {
    --open_;
    under_way_.erase(index);
    progress_.parts_done += 1;
    if (result) {
      progress_.bytes_done += result->object.size;
      progress_.attempts_failed += result->attempts_failed;
    } else {
      ++failed_;
    }
    if (on_result_) on_result_(index, std::move(result));
  }

  void report(bool last) {
    const Duration now = steady_time();
    if (!on_progress_ || !(last || meter_.due(now))) return;
    progress_.parts_total = items_.size();
    progress_.bytes_moving = 0;
    for (const auto& [index, bytes] : under_way_) progress_.bytes_moving += bytes;
    meter_.measure(now, progress_);
    on_progress_(progress_);
  }

  UploadEngine& engine_;
  std::vector<UploadItem>& items_;
  const OnResult& on_result_;
  const OnProgress& on_progress_;
  const Context& context_;
  std::size_t next_ = 0;
  std::size_t open_ = 0;
  std::size_t failed_ = 0;
  bool comes_again_ = true;  // `begin_more` was posted
  TransferProgress progress_;
  std::map<std::size_t, std::uint64_t> under_way_;  // bytes of uploads that have not ended
  ProgressMeter meter_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

class StoreUploader final : public Uploader {
 public:
  StoreUploader(std::shared_ptr<ObjectStore> store, UploaderOptions options)
      : engine_(std::make_shared<UploadEngine>(std::move(store), std::move(options))) {}

  Result<UploadResult> upload(Source& source, const std::string& key, const UploadOptions& options,
                              const Context& context) override {
    const std::shared_ptr<Source> borrowed(std::shared_ptr<Source>(), &source);
    return start(borrowed, key, options, context)->wait();
  }

  std::unique_ptr<Upload> start(std::shared_ptr<Source> source, std::string key, UploadOptions options,
                                const Context& context) override {
    auto handle = std::make_unique<Handle>(engine_);
    handle->begin(std::move(source), std::move(key), std::move(options), context);
    return handle;
  }

  std::size_t upload_many(std::vector<UploadItem> items,
                          const std::function<void(std::size_t, Result<UploadResult>)>& on_result,
                          const std::function<void(const TransferProgress&)>& on_progress,
                          const Context& context) override {
    if (items.empty()) return 0;
    if (auto opened = engine_->open(); !opened) {
      for (std::size_t i = 0; on_result && i < items.size(); ++i) on_result(i, opened.error());
      return items.size();
    }
    return Batch(*engine_, items, on_result, on_progress, context).wait();
  }

  void limit_rate(std::uint64_t bytes_per_second) override { engine_->limit_rate(bytes_per_second); }

  Result<std::vector<SweptUpload>> sweep(Duration older_than, bool dry_run, const Context& context) override {
    std::vector<SweptUpload> swept;
    UploadJournal* journal = engine_->journal();
    if (journal == nullptr) return swept;
    ObjectStore& store = engine_->store();
    const Timestamp before{Clock::system().now().microseconds - older_than.nanoseconds() / 1000};
    DOCUPILOT_TRY(auto entries, journal->take_stale(store.location(), before, context));
    for (const JournalEntry& entry : entries) {
      SweptUpload one{.upload = {.key = entry.key, .upload_id = entry.upload_id, .started = entry.started}};
      if (!dry_run) {
        auto aborted = entry.upload_id.empty() ? abort_nameless(store, *journal, entry, context)
                                               : store.abort_multipart(one.upload, context);
        if (aborted) aborted = journal->remove(entry.id, context);
        else journal->release(entry.id);
        if (!aborted) one.error = std::move(aborted).error();
      } else {
        journal->release(entry.id);
      }
      swept.push_back(std::move(one));
    }
    return swept;
  }

 private:
  const std::shared_ptr<UploadEngine> engine_;
};

}  // namespace

Result<std::unique_ptr<Uploader>> make_uploader(std::shared_ptr<ObjectStore> store, UploaderOptions options) {
  DOCUPILOT_CHECK(check(options));
  if (!store) return Error(ErrorCode::invalid_argument, "there is no store").operation("upload").hint("give one");
  if (!options.journal.empty() && store->location().empty()) {
    return Error(ErrorCode::invalid_argument, "the store does not say where it is, so a journal cannot tell it apart")
        .operation("upload")
        .hint("set its location (GatewayOptions::location), or upload without a journal");
  }
  return std::unique_ptr<Uploader>(new StoreUploader(std::move(store), std::move(options)));
}

}  // namespace docupilot::inline v1
