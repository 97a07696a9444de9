#include "upload/part_book.h"

#include <docupilot/source/content_hash.h>

#include <algorithm>
#include <utility>

namespace docupilot::inline v1 {

namespace {

/// Whether what the store tells of a part can be the part that it acknowledged. Not all stores tell all.
bool is_same(const PartInfo& ours, const PartInfo& theirs) {
  if (ours.size != theirs.size) return false;
  if (!ours.etag.empty() && !theirs.etag.empty() && ours.etag != theirs.etag) return false;
  return !ours.crc64nvme || !theirs.crc64nvme || ours.crc64nvme == theirs.crc64nvme;
}

}  // namespace

PartBook::PartBook(PartSchedule schedule, std::optional<std::uint64_t> size, bool is_stream)
    : schedule_(schedule), size_(size), is_stream_(is_stream) {}

bool PartBook::produced(std::uint64_t size, bool last) {
  const std::uint64_t full = schedule_.size_of(static_cast<int>(produced_parts_) + 1);
  if (ended_ || size > full || (!last && size != full)) return false;
  produced_bytes_ += size;
  ended_ = last;
  // A stream that ends behind a full part has no empty one.
  if (size > 0 || produced_parts_ == 0) ++produced_parts_;
  return !size_ || (last ? produced_bytes_ == *size_ : produced_bytes_ <= *size_);
}

void PartBook::resume(const std::vector<PartInfo>& has) {
  const std::uint64_t known = known_parts();
  for (const PartInfo& part : has) {
    if (part.number < 1 || static_cast<std::uint64_t>(part.number) > known || part.size != size_of(part.number))
      continue;
    grow(static_cast<std::uint64_t>(part.number));
    PartState& state = parts_[static_cast<std::size_t>(part.number) - 1];
    if (state.stage != PartState::Stage::fresh) continue;
    state.resumed = true;
    ++parts_resumed_;
    bytes_resumed_ += part.size;
    store(state, part);
  }
}

std::uint64_t PartBook::known_parts() const noexcept {
  if (whole_) return 1;
  if (is_stream_) return produced_parts_;
  return size_ ? schedule_.parts_of(*size_) : 0;
}

void PartBook::grow(std::uint64_t count) {
  while (parts_.size() < count) {
    const int number = whole_ ? 0 : static_cast<int>(parts_.size()) + 1;
    PartState state;
    state.info.number = number;
    state.info.size = size_of(number);
    parts_.push_back(std::move(state));
  }
}

std::optional<int> PartBook::next_fresh() {
  while (next_ < parts_.size() && parts_[next_].stage != PartState::Stage::fresh) ++next_;
  if (next_ >= known_parts()) return std::nullopt;
  grow(next_ + 1);
  return parts_[next_].info.number;
}

PartState* PartBook::find(int number) noexcept {
  return const_cast<PartState*>(std::as_const(*this).find(number));  // NOLINT: the book is not const
}

const PartState* PartBook::find(int number) const noexcept {
  const std::size_t index = number == 0 ? 0 : static_cast<std::size_t>(number) - 1;
  if (number < 0 || whole_ != (number == 0) || index >= parts_.size()) return nullptr;
  return &parts_[index];
}

void PartBook::store(PartState& part, PartInfo info) {
  info.number = part.info.number;
  // Of a stream that goes whole without having said its size, only the sender knows it.
  if (!whole_ || total_bytes()) info.size = part.info.size;
  part.info = std::move(info);
  part.stage = PartState::Stage::stored;
  ++parts_stored_;
  bytes_stored_ += part.info.size;
}

void PartBook::lose(PartState& part) {
  --parts_stored_;
  bytes_stored_ -= part.info.size;
  if (part.resumed) {
    part.resumed = false;
    --parts_resumed_;
    bytes_resumed_ -= part.info.size;
  }
  part.stage = PartState::Stage::fresh;
  part.rest();
  next_ = std::min(next_, static_cast<std::size_t>(&part - parts_.data()));
}

std::vector<int> PartBook::missing_in(const std::vector<PartInfo>& has) const {
  std::vector<const PartInfo*> by_index(parts_.size(), nullptr);
  for (const PartInfo& part : has) {
    if (part.number >= 1 && static_cast<std::size_t>(part.number) <= parts_.size()) {
      by_index[static_cast<std::size_t>(part.number) - 1] = &part;
    }
  }
  std::vector<int> missing;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].stage != PartState::Stage::stored) continue;
    if (by_index[i] == nullptr || !is_same(parts_[i].info, *by_index[i])) missing.push_back(parts_[i].info.number);
  }
  return missing;
}

void PartBook::begin_anew() {
  parts_.clear();
  next_ = 0;
  parts_stored_ = bytes_stored_ = parts_resumed_ = bytes_resumed_ = 0;
}

std::optional<std::uint64_t> PartBook::total_parts() const noexcept {
  if (whole_ || !is_stream_ || ended_) return known_parts();
  return std::nullopt;
}

std::optional<std::uint64_t> PartBook::total_bytes() const noexcept {
  if (size_) return size_;
  return ended_ ? std::optional(produced_bytes_) : std::nullopt;
}

std::uint64_t PartBook::offset_of(int number) const noexcept { return number == 0 ? 0 : schedule_.offset_of(number); }

std::uint64_t PartBook::size_of(int number) const noexcept {
  // Of a stream that goes on, all parts so far are full.
  const std::uint64_t total = total_bytes().value_or(number == 0 ? 0 : UINT64_MAX);
  if (number == 0) return total;
  const std::uint64_t offset = offset_of(number);
  return offset >= total ? 0 : std::min(schedule_.size_of(number), total - offset);
}

std::vector<PartInfo> PartBook::stored() const {
  std::vector<PartInfo> all;
  all.reserve(parts_stored_);
  for (const PartState& part : parts_) {
    if (part.stage == PartState::Stage::stored) all.push_back(part.info);
  }
  return all;
}

std::optional<std::uint64_t> PartBook::crc64nvme() const {
  if (!all_stored()) return std::nullopt;
  if (whole_) return parts_.front().info.crc64nvme;
  std::uint64_t crc = 0;
  for (const PartState& part : parts_) {
    if (part.stage != PartState::Stage::stored || !part.info.crc64nvme) return std::nullopt;
    crc = crc64nvme_combine(crc, *part.info.crc64nvme, part.info.size);
  }
  return crc;
}

}  // namespace docupilot::inline v1
