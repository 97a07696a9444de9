#include "upload/part_schedule.h"

#include <algorithm>

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t smallest_chosen = 8 * mebibyte;
constexpr std::uint64_t largest_chosen = 64 * mebibyte;
constexpr std::uint64_t parts_of_one_size = 2'000;  // of a source of unknown size

std::uint64_t divided(std::uint64_t size, std::uint64_t by) { return size / by + (size % by == 0 ? 0 : 1); }
std::uint64_t in_mebibytes(std::uint64_t size) {
  return size > UINT64_MAX - mebibyte ? size : divided(size, mebibyte) * mebibyte;
}

}  // namespace

PartSchedule::PartSchedule(const PartScheduleOptions& options) {
  std::uint64_t first = options.part_size == 0 ? smallest_chosen : options.part_size;
  if (options.size) {
    const std::uint64_t shares = std::uint64_t{8} * std::max(1U, options.connections);
    if (options.part_size == 0) {
      first = std::clamp(in_mebibytes(divided(*options.size, shares)), smallest_chosen, largest_chosen);
    }
    if (divided(*options.size, first) > most_parts) first = in_mebibytes(divided(*options.size, most_parts));
  }
  const auto within_limits = [&](std::uint64_t size) {
    return std::min(std::max(std::min(size, options.memory / 2), options.least), options.most);
  };
  first_ = std::max<std::uint64_t>(1, within_limits(first));
  largest_part_ = first_;
  if (options.size || options.equal_parts) return;
  for (std::uint64_t grown = 1; grown < divided(most_parts, parts_of_one_size); ++grown) {
    largest_part_ = std::max(first_, within_limits(largest_part_ > UINT64_MAX / 2 ? UINT64_MAX : largest_part_ * 2));
  }
}

std::uint64_t PartSchedule::size_of(int number) const noexcept {
  const auto doublings = static_cast<unsigned>(static_cast<std::uint64_t>(std::max(1, number) - 1) / parts_of_one_size);
  if (doublings >= 63 || first_ > (UINT64_MAX >> doublings)) return largest_part_;
  return std::min(first_ << doublings, largest_part_);
}

std::uint64_t PartSchedule::offset_of(int number) const noexcept {
  const auto before = static_cast<std::uint64_t>(std::max(1, number) - 1);
  if (!grows()) return before * first_;
  std::uint64_t offset = 0;
  for (std::uint64_t done = 0; done < before; done += parts_of_one_size) {
    offset += std::min(parts_of_one_size, before - done) * size_of(static_cast<int>(done) + 1);
  }
  return offset;
}

std::uint64_t PartSchedule::parts_of(std::uint64_t size) const noexcept {
  if (!grows()) return std::max<std::uint64_t>(1, divided(size, first_));
  std::uint64_t parts = 0;
  while (size > 0) {
    const std::uint64_t each = size_of(static_cast<int>(parts) + 1);
    // Behind the last number there is no further growth to count with.
    const std::uint64_t here = divided(size, each);
    if (parts >= most_parts || here <= parts_of_one_size) return parts + here;
    parts += parts_of_one_size;
    size -= parts_of_one_size * each;
  }
  return std::max<std::uint64_t>(1, parts);
}

std::uint64_t PartSchedule::largest() const noexcept {
  return offset_of(static_cast<int>(most_parts)) + size_of(static_cast<int>(most_parts));
}

}  // namespace docupilot::inline v1
