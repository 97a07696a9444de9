#include "upload/download_plan.h"

#include <algorithm>

#include <docupilot/source/content_hash.h>

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t most_ranges = 65'536;

std::uint64_t divide_up(std::uint64_t size, std::uint64_t by) noexcept {
  return size / by + static_cast<std::uint64_t>(size % by != 0);
}

}  // namespace

std::uint64_t DownloadPlan::range_size_for(std::uint64_t size, std::uint64_t wanted) noexcept {
  return std::max<std::uint64_t>({1, wanted, divide_up(size, most_ranges)});
}

DownloadPlan::DownloadPlan(std::uint64_t size, std::uint64_t range_size)
    : size_(size),
      range_size_(range_size_for(size, range_size)),
      states_(std::max<std::uint64_t>(1, divide_up(size, range_size_)), State::missing),
      was_damaged_(states_.size()),
      crcs_(states_.size()) {}

void DownloadPlan::recorded(std::uint64_t index, std::uint64_t crc64nvme) {
  states_[index] = State::recorded;
  crcs_[index] = crc64nvme;
}

std::optional<DownloadPlan::Task> DownloadPlan::next() {
  for (; cursor_ < states_.size(); ++cursor_) {
    State& state = states_[cursor_];
    if (state != State::missing && state != State::recorded) continue;
    const bool look = state == State::recorded;
    state = look ? State::looking : State::begun;
    return Task{range(cursor_), look};
  }
  return std::nullopt;
}

void DownloadPlan::looked(std::uint64_t index, std::optional<std::uint64_t> crc64nvme) {
  if (crc64nvme == crcs_[index]) {
    bytes_resumed_ += range(index).length;
    fetched(index, crcs_[index]);
    return;
  }
  states_[index] = State::missing;
  cursor_ = std::min(cursor_, index);
}

void DownloadPlan::fetched(std::uint64_t index, std::uint64_t crc64nvme) {
  states_[index] = State::done;
  crcs_[index] = crc64nvme;
  ++ranges_done_;
  bytes_done_ += range(index).length;
}

bool DownloadPlan::damaged(std::uint64_t index) {
  if (was_damaged_[index]) return false;
  was_damaged_[index] = true;
  states_[index] = State::missing;
  cursor_ = std::min(cursor_, index);
  return true;
}

bool DownloadPlan::start_over() {
  if (started_over_) return false;
  started_over_ = true;
  std::ranges::fill(states_, State::missing);
  cursor_ = ranges_done_ = bytes_done_ = bytes_resumed_ = 0;
  return true;
}

DownloadPlan::Range DownloadPlan::range(std::uint64_t index) const noexcept {
  const std::uint64_t offset = index * range_size_;
  return {.index = index, .offset = offset, .length = std::min(range_size_, size_ - offset)};
}

bool DownloadPlan::has_any() const noexcept {
  return std::ranges::any_of(
      states_, [](State state) { return state == State::done || state == State::recorded || state == State::looking; });
}

std::uint64_t DownloadPlan::crc64nvme() const noexcept {
  std::uint64_t crc = 0;
  for (std::uint64_t i = 0; i < crcs_.size(); ++i) crc = crc64nvme_combine(crc, crcs_[i], range(i).length);
  return crc;
}

}  // namespace docupilot::inline v1
