#pragma once

#include <cstdint>
#include <optional>

namespace docupilot::inline v1 {

/// What the sizes of parts follow from.
struct PartScheduleOptions {
  std::optional<std::uint64_t> size = {};  ///< Of the source; nothing for a stream that does not say.
  std::uint64_t part_size = 0;             ///< Asked for by the caller; 0: chosen here.
  unsigned connections = 16;
  std::uint64_t memory = UINT64_MAX;           ///< For the buffers of a stream: no part is larger than half of it.
  std::uint64_t least = std::uint64_t{5} << 20U;     ///< That the store takes, of all parts but the last.
  std::uint64_t most = std::uint64_t{5} << 30U;      ///< That the store takes.
  bool equal_parts = false;                    ///< The store wants all parts but the last of one size.
};

/// The sizes of an upload's parts, of which there may be 10,000.
///
/// Of a known size: size / (8 x connections), between 8 and 64 MiB, and never less than a 10,000th of it. Of an unknown
/// one: 8 MiB, twice as much after each 2,000 parts, as far as memory allows; so 10,000 parts hold 484 GiB with 256 MiB
/// of memory, and more with more.
class PartSchedule {
 public:
  explicit PartSchedule(const PartScheduleOptions& options);

  /// Of part `number`, from 1, if the source goes on so long.
  [[nodiscard]] std::uint64_t size_of(int number) const noexcept;
  /// Where it begins.
  [[nodiscard]] std::uint64_t offset_of(int number) const noexcept;
  /// How many parts a source of this size has, at least 1. More than 10,000: it does not fit.
  [[nodiscard]] std::uint64_t parts_of(std::uint64_t size) const noexcept;
  /// The largest source that fits into 10,000 parts.
  [[nodiscard]] std::uint64_t largest() const noexcept;
  /// The first part's size: up to this a source goes in one request.
  [[nodiscard]] std::uint64_t first() const noexcept { return first_; }
  [[nodiscard]] bool grows() const noexcept { return largest_part_ > first_; }

 private:
  std::uint64_t first_;
  std::uint64_t largest_part_;  // what it grows to
};

}  // namespace docupilot::inline v1
