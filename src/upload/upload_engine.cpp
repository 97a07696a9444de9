#include "upload/upload_engine.h"

#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/try.h"
#include "upload/blocking_sender.h"
#include "upload/steady_time.h"
#include "upload/upload_run.h"

namespace docupilot::inline v1 {

namespace {

constexpr unsigned most_workers = 8;                                // for calls that block
constexpr std::uint64_t of_connection = std::uint64_t{512} << 10U;  // its buffers

/// They grow to what a quarter of the memory pays for.
unsigned most_connections(const UploaderOptions& options) {
  const auto affordable = static_cast<unsigned>(std::min<std::uint64_t>(options.memory / 4 / of_connection, 256));
  return std::max(options.connections, std::min(options.most_connections, affordable));
}

/// What connections leave, at the least half.
std::uint64_t buffers_of(const UploaderOptions& options) {
  return options.memory - most_connections(options) * of_connection;
}

}  // namespace

UploadEngine::UploadEngine(std::shared_ptr<ObjectStore> store, UploaderOptions options)
    : store_(std::move(store)),
      options_(std::move(options)),
      capabilities_(store_->capabilities()),
      memory_(buffers_of(options_)),
      rate_(options_.bytes_per_second),
      retries_(options_.retry.bucket),
      window_(options_.connections, most_connections(options_)),
      sender_(store_->part_sender()),
      process_(::getpid()) {
  if (!options_.journal.empty()) journal_ = std::make_unique<UploadJournal>(options_.journal, Clock::system());
  if (sender_ == nullptr) {
    own_sender_ = std::make_unique<BlockingSender>(*store_, most_connections(options_));
    sender_ = own_sender_.get();
  }
}

UploadEngine::~UploadEngine() {
  if (::getpid() != process_) {
    // A child after a fork: the threads stayed behind, and cannot be waited for.
    if (thread_.joinable()) thread_.detach();
    queue_.abandon();
    [[maybe_unused]] const auto* const workers = workers_.release();
    [[maybe_unused]] const auto* const sender = own_sender_.release();
    return;
  }
  if (!thread_.joinable()) return;
  post([this] {
    closing_ = true;
    for (const auto& run : runs_) run->cancel(Error(ErrorCode::cancelled, "the uploader was closed"));
  });
  thread_.join();
}

Result<void> UploadEngine::open() {
  if (::getpid() != process_) {  // its thread did not come along
    return Error(ErrorCode::unsupported, "this uploader belongs to the process that forked this one")
        .operation("upload")
        .hint("make an uploader of its own in the child");
  }
  std::call_once(opened_, [this] {
    try {
      workers_ = std::make_unique<WorkerPool>(most_workers);
      thread_ = std::thread([this] { loop(); });
    } catch (const std::system_error& problem) {
      open_result_ = Error(ErrorCode::exhausted, std::string("no thread can be started: ") + problem.what())
                         .operation("upload")
                         .hint("raise the limit of threads (ulimit -u)");
    }
  });
  return open_result_;
}

Result<void> UploadEngine::add(std::shared_ptr<UploadRun> run) {
  DOCUPILOT_CHECK(open());
  post([this, run = std::move(run)] { take_on(run); });
  return {};
}

void UploadEngine::take_on(std::shared_ptr<UploadRun> run) {
  UploadRun& taken = *runs_.emplace_back(std::move(run));
  taken.begin();
  if (closing_) taken.cancel(Error(ErrorCode::cancelled, "the uploader was closed"));
}

void UploadEngine::limit_rate(std::uint64_t bytes_per_second) { rate_.set(steady_time(), bytes_per_second); }

void UploadEngine::log(LogLevel level, std::string_view message) const {
  if (options_.hooks.log && level >= options_.hooks.minimum_level) {
    options_.hooks.log({.level = level, .component = "upload", .message = message});
  }
}

void UploadEngine::call(std::function<TaskQueue::Task()> work) {
  workers_->run([this, work = std::move(work)] { post(work()); });
}

std::uint64_t UploadEngine::begin_sending() noexcept {
  ++in_use_;
  return window_.epoch();
}

void UploadEngine::end_sending(std::uint64_t epoch, PartVerdict verdict, std::uint64_t bytes, Duration now) noexcept {
  if (verdict == PartVerdict::throttled) window_.throttled(epoch);
  if (verdict == PartVerdict::stored) window_.succeeded(bytes, in_use_, now);
  --in_use_;
}

std::optional<Duration> UploadEngine::advance() {
  const auto by_priority = [](const auto& a, const auto& b) { return a->priority() > b->priority(); };
  if (!std::ranges::is_sorted(runs_, by_priority)) runs_.sort(by_priority);
  std::optional<Duration> wake;
  const Duration now = steady_time();
  for (const auto& run : runs_) {
    const std::optional<Duration> next = run->advance(now);
    if (next && (!wake || *next < *wake)) wake = next;
  }
  std::erase_if(runs_, [](const auto& run) { return run->is_over(); });
  return wake;
}

void UploadEngine::loop() {
  std::vector<TaskQueue::Task> tasks;
  std::optional<Duration> wake;
  while (!closing_ || !runs_.empty()) {
    std::optional<TaskQueue::Moment> until;
    if (wake) until = TaskQueue::Moment(std::chrono::nanoseconds(std::max<std::int64_t>(0, wake->nanoseconds())));
    queue_.wait(tasks, until);
    for (const TaskQueue::Task& task : tasks) task();
    wake = advance();
  }
}

}  // namespace docupilot::inline v1
