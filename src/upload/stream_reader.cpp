#include "upload/stream_reader.h"

#include <algorithm>
#include <new>
#include <string>

#include <docupilot/source/content_hash.h>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

// Asked for at a time, and hashed while it is in the cache. Half of what a pipe holds at best: with less, its reader
// and its writer wait for each other more often.
constexpr std::size_t block = std::size_t{512} << 10U;

}  // namespace

StreamReader::StreamReader(Source& source, const PartSchedule& schedule, ByteBudget& budget, OnPart on_part,
                           const Context& context)
    : source_(source),
      schedule_(schedule),
      budget_(budget),
      on_part_(std::move(on_part)),
      outer_(context),
      thread_([this] { run(); }) {}

StreamReader::~StreamReader() { stop(); }

void StreamReader::stop() {
  stop_.request_stop();
  std::call_once(joined_, [this] { thread_.join(); });
}

void StreamReader::run() {
  const std::stop_callback outer(outer_.stop, [this] { stop_.request_stop(); });
  for (int number = 1;; ++number) {
    auto part = next(number);
    const bool last = !part || part->last;
    on_part_(std::move(part));
    if (last) return;
  }
}

Result<std::size_t> StreamReader::read(MutableByteView into) {
  if (ahead_) {
    into[0] = *ahead_;
    ahead_.reset();
    ++read_;
    return std::size_t{1};
  }
  const Context context{.deadline = outer_.deadline, .stop = stop_.get_token()};
  DOCUPILOT_TRY(const std::size_t count, source_.read(into, context));
  if (count > into.size()) {
    return Error(ErrorCode::corrupted, "the source gave more than there was room for").hint("mend the source");
  }
  read_ += count;
  const auto said = source_.size();
  if (said && (read_ > *said || (count == 0 && read_ < *said))) {
    return Error(ErrorCode::corrupted, "the source said " + std::to_string(*said) + " bytes and gave another number")
        .hint("the data changed while they were read: try again");
  }
  return count;
}

Result<StreamReader::Part> StreamReader::next(int number) {
  if (static_cast<std::uint64_t>(number) > most_parts) {
    return Error(ErrorCode::too_large, "the stream is larger than the parts that fit into memory can hold")
        .hint("allow more memory, or a larger part size");
  }
  auto size = static_cast<std::size_t>(schedule_.size_of(number));
  if (const auto said = source_.size()) {
    // A short stream needs no more than it has; at least a byte, to see that it ends.
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, std::max<std::uint64_t>(1, *said - read_)));
  }
  Part part;
  try {
    part.lease = budget_.lease(size, stop_.get_token());
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::exhausted, "there is no memory for a part").hint("allow less memory, or smaller parts");
  }
  if (!part.lease.is_set()) return Error(ErrorCode::cancelled, "stopped at the caller's request");
  const MutableByteView room = part.lease.bytes();
  while (part.size < size) {
    const auto at = static_cast<std::size_t>(part.size);
    const MutableByteView into = room.subspan(at, std::min(block, size - at));
    DOCUPILOT_TRY(const std::size_t count, read(into));
    if (count == 0) {
      part.last = true;
      return part;
    }
    part.crc64nvme = crc64nvme(into.first(count), part.crc64nvme);
    part.size += count;
  }
  std::byte one{};
  DOCUPILOT_TRY(const std::size_t more, read({&one, 1}));
  if (more == 0) {
    part.last = true;
  } else {
    ahead_ = one;
    --read_;
  }
  return part;
}

}  // namespace docupilot::inline v1
