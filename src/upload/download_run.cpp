#include "upload/download_run.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/try.h"
#include "upload/range_writer.h"
#include "upload/steady_time.h"

namespace docupilot::inline v1 {

DownloadRun::DownloadRun(const Setting& setting, DownloadPlan plan, const Context& context)
    : setting_(setting),
      outer_(context),
      context_{.deadline = context.deadline, .stop = stop_.get_token()},
      meter_(steady_time()),
      plan_(std::move(plan)),
      stored_(setting.object.crc64nvme) {}

Error DownloadRun::error(ErrorCode code, std::string_view message, std::string_view hint) const {
  return Error(code, std::string(message))
      .operation("download")
      .backend(setting_.store.scheme())
      .target(setting_.object.key)
      .hint(hint);
}

Result<DownloadRun::Outcome> DownloadRun::run() {
  for (;;) {
    auto all = bring_all();
    report();
    DOCUPILOT_CHECK(std::move(all));
    const std::uint64_t crc = plan_.crc64nvme();
    if (!stored_ || *stored_ == crc) {
      return Outcome{.crc64nvme = crc,
                     .verified = stored_.has_value(),
                     .bytes_resumed = plan_.bytes_resumed(),
                     .attempts_failed = attempts_failed_};
    }
    ++attempts_failed_;
    const bool again = plan_.start_over();
    DOCUPILOT_CHECK(setting_.file.forget());
    if (!again) {
      return error(ErrorCode::corrupted, "the bytes that came, twice, are not those that were stored",
                   "a proxy in between may be at fault; else the object is damaged: upload it again");
    }
  }
}

bool DownloadRun::is_worth_keeping() const {
  const std::scoped_lock lock(mutex_);
  if (!plan_.has_any() || !error_) return false;
  switch (error_->code()) {
    case ErrorCode::corrupted: return error_->retryable();  // cut, again and again; else damaged
    case ErrorCode::not_found:
    case ErrorCode::precondition_failed:
    case ErrorCode::invalid_argument:
    case ErrorCode::unsupported: return false;
    default: return true;
  }
}

Result<void> DownloadRun::bring_all() {
  const std::stop_callback pass_on(outer_.stop, [this] { stop_.request_stop(); });
  std::vector<std::jthread> threads;
  std::unique_lock lock(mutex_);
  const auto open = plan_.ranges() - plan_.ranges_done();
  const auto wanted = static_cast<unsigned>(std::min<std::uint64_t>(setting_.connections, open));
  for (unsigned i = 0; i < wanted; ++i) {
    try {
      threads.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      break;  // with fewer, or none
    }
    ++working_;
  }
  if (threads.empty()) error_ = error(ErrorCode::exhausted, "no thread can be started", "end other programs");
  watch(lock);
  lock.unlock();
  threads.clear();
  if (error_) return *error_;
  return {};
}

void DownloadRun::watch(std::unique_lock<std::mutex>& lock) {
  while (working_ > 0) {
    const auto left = std::chrono::nanoseconds(meter_.due_at().nanoseconds() - steady_time().nanoseconds());
    if (left.count() > 0) {
      changed_.wait_for(lock, left);
      continue;
    }
    lock.unlock();
    report();
    lock.lock();
  }
}

void DownloadRun::report() {
  TransferProgress progress;
  {
    const std::scoped_lock lock(mutex_);
    progress.bytes_total = setting_.object.size;
    progress.bytes_done = plan_.bytes_done();
    progress.bytes_resumed = plan_.bytes_resumed();
    progress.bytes_moving = moving_;
    progress.parts_done = plan_.ranges_done();
    progress.parts_total = plan_.ranges();
    progress.attempts_failed = attempts_failed_;
  }
  meter_.measure(steady_time(), progress);
  if (setting_.on_progress) setting_.on_progress(progress);
}

void DownloadRun::work() {
  for (;;) {
    std::optional<DownloadPlan::Task> task;
    {
      const std::scoped_lock lock(mutex_);
      if (!error_) task = plan_.next();
    }
    if (!task) break;
    auto done = task->look ? look(task->range) : fetch(task->range);
    if (!done && (task->look || !try_again(task->range, done.error()))) fail(std::move(done).error());
  }
  const std::scoped_lock lock(mutex_);
  --working_;
  changed_.notify_all();
}

void DownloadRun::fail(Error error) {
  const std::scoped_lock lock(mutex_);
  // The others are stopped because of the first.
  if (!error_) error_ = std::move(error);
  stop_.request_stop();
}

Result<void> DownloadRun::look(const Range& range) {
  DOCUPILOT_TRY(const auto crc, setting_.file.checksum(range.offset, range.length, context_));
  const std::scoped_lock lock(mutex_);
  plan_.looked(range.index, crc);
  return {};
}

Result<void> DownloadRun::fetch(const Range& range) {
  RangeWriter writer(setting_.file, range, setting_.limit, moving_, context_);
  DOCUPILOT_CHECK(context_.check("download"));
  const auto got = get(range, writer);
  if (writer.error()) return *writer.error();
  if (!got && got.error().code() == ErrorCode::conflict) {
    return error(ErrorCode::precondition_failed, "the object was replaced while it was read", "download it again")
        .cause(got.error());
  }
  if (!got) return got.error();
  DOCUPILOT_CHECK(check(*got, range, writer.taken()));
  DOCUPILOT_CHECK(setting_.file.came(range.offset, range.length, {range.index, writer.crc64nvme()}));
  const std::scoped_lock lock(mutex_);
  writer.settle();
  plan_.fetched(range.index, writer.crc64nvme());
  return {};
}

Result<ObjectInfo> DownloadRun::get(const Range& range, Writer& into) const {
  GetOptions options{.if_match = setting_.object.etag};
  // A whole object is asked for as such: stores check its checksum then.
  if (plan_.ranges() > 1) {
    options.offset = range.offset;
    options.length = range.length;
  }
  return setting_.store.get(setting_.object.key, into, options, context_);
}

Result<void> DownloadRun::check(const ObjectInfo& got, const Range& range, std::uint64_t taken) {
  if (got.etag != setting_.object.etag) {
    return error(ErrorCode::precondition_failed, "the object was replaced while it was read", "download it again");
  }
  if (taken != range.length || got.size != setting_.object.size) {
    return error(ErrorCode::corrupted, "the store did not send as many bytes as there should be",
                 "the store or a proxy before it is at fault");
  }
  const std::scoped_lock lock(mutex_);
  if (!stored_) stored_ = got.crc64nvme;
  return {};
}

bool DownloadRun::try_again(const Range& range, const Error& error) {
  const std::scoped_lock lock(mutex_);
  if (stop_.stop_requested()) return false;
  ++attempts_failed_;
  // What may be tried again, the store has tried again.
  return error.code() == ErrorCode::corrupted && !error.retryable() && plan_.damaged(range.index);
}

}  // namespace docupilot::inline v1
