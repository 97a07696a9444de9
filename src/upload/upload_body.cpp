#include "upload/upload_body.h"

#include <algorithm>
#include <cstring>

#include <docupilot/source/content_hash.h>

#include "base/try.h"
#include "upload/steady_time.h"

namespace docupilot::inline v1 {

std::size_t UploadGate::allowed(std::size_t wanted) noexcept {
  if (paused) return 0;
  return static_cast<std::size_t>(rate.take(steady_time(), wanted).bytes);
}

void UploadBody::rewind() {
  given_.store(0, std::memory_order_relaxed);
  starved_ = false;
}

std::size_t UploadBody::pass(std::size_t wanted) {
  const std::size_t allowed = gate_.allowed(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, size_ - given())));
  if (allowed == 0) {
    starved_ = true;
    gate_.on_starved();
  }
  return allowed;
}

Result<std::optional<std::size_t>> UploadBody::read(MutableByteView into) {
  if (into.empty() || given() == size_) return std::optional<std::size_t>(0);
  const std::size_t allowed = pass(into.size());
  if (allowed == 0) return std::optional<std::size_t>();
  DOCUPILOT_TRY(const std::size_t count, fill(given(), into.first(allowed)));
  if (count < allowed) gate_.rate.give_back(allowed - count);
  give(count);
  return std::optional<std::size_t>(count);
}

bool UploadBody::give_all() noexcept {
  const std::size_t allowed = gate_.allowed(static_cast<std::size_t>(size_));
  if (allowed < size_) {
    gate_.rate.give_back(allowed);
    return false;
  }
  given_.store(size_, std::memory_order_relaxed);
  return true;
}

Result<std::size_t> SourcePart::fill(std::uint64_t offset, MutableByteView into) {
  if (offset == 0) sum_ = 0;
  DOCUPILOT_TRY(const std::size_t count, source_.read_at(offset_ + offset, into));
  if (count == 0) {
    return Error(ErrorCode::precondition_failed, "the source became shorter while it was read")
        .hint("upload it again when nobody writes to it any more");
  }
  sum_ = docupilot::crc64nvme(into.first(count), sum_);
  if (offset + count == size()) {
    if (whole_ && *whole_ != sum_) {
      return Error(ErrorCode::precondition_failed, "the source changed while it was read")
          .hint("upload it again when nobody writes to it any more");
    }
    whole_ = sum_;
  }
  return count;
}

MemoryPart::MemoryPart(UploadGate& gate, std::unique_ptr<std::byte[]> bytes, std::uint64_t size)
    : UploadBody(gate, size),
      own_(std::move(bytes)),
      bytes_(own_.get(), static_cast<std::size_t>(size)),
      sum_(docupilot::crc64nvme(bytes_)) {}

std::optional<ByteView> MemoryPart::whole() {
  if (size() > small_body || !give_all()) return std::nullopt;
  return bytes_;
}

std::optional<ByteView> MemoryPart::lend(std::size_t most) {
  const std::size_t count = pass(most);
  if (count == 0) return std::nullopt;
  const ByteView lent = bytes_.subspan(static_cast<std::size_t>(given()), count);
  give(count);
  return lent;
}

Result<std::size_t> MemoryPart::fill(std::uint64_t offset, MutableByteView into) {
  std::memcpy(into.data(), bytes_.data() + offset, into.size());
  return into.size();
}

}  // namespace docupilot::inline v1
