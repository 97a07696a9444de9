#include "upload/range_writer.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include <docupilot/source/content_hash.h>

#include "base/try.h"
#include "upload/steady_time.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::int64_t longest_wait = 50'000'000;  // the limit may be raised meanwhile, and the deadline pass

/// Waits, but not when it is to stop.
void pause(std::int64_t nanoseconds, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, std::chrono::nanoseconds(nanoseconds), [] { return false; });
}

}  // namespace

Result<std::size_t> RangeWriter::wait_for(std::size_t want) const {
  for (;;) {
    DOCUPILOT_CHECK(context_.check("download"));
    const Duration now = steady_time();
    const RateLimit::Grant grant = limit_.take(now, want);
    if (grant.bytes > 0) return static_cast<std::size_t>(grant.bytes);
    pause(std::min({longest_wait, grant.again.nanoseconds() - now.nanoseconds(),
                    context_.deadline.remaining().nanoseconds()}),
          context_.stop);
  }
}

Result<void> RangeWriter::take(ByteView bytes) {
  if (bytes.size() > range_.length - taken_) {
    return Error(ErrorCode::corrupted, "the store sends more than it was asked for")
        .operation("download")
        .hint("the store or a proxy before it is at fault");
  }
  while (!bytes.empty()) {
    DOCUPILOT_TRY(const std::size_t count, wait_for(bytes.size()));
    const ByteView part = bytes.first(count);
    DOCUPILOT_CHECK(file_.write(range_.offset + taken_, part));
    crc_ = docupilot::crc64nvme(part, crc_);
    taken_ += count;
    counted_ += count;
    moving_ += count;
    bytes = bytes.subspan(count);
  }
  return {};
}

Result<void> RangeWriter::write(ByteView bytes) {
  if (error_) return *error_;
  auto done = take(bytes);
  if (!done) error_ = done.error();
  return done;
}

}  // namespace docupilot::inline v1
