#pragma once

#include <cstdint>
#include <vector>

#include <docupilot/base/cancel.h>

#include "summary/terms.h"

namespace docupilot::inline v1::extractive {

/// One, in the units of scores.
inline constexpr std::uint64_t score_unit = 1U << 20;

/// How central each sentence is: PageRank over the sentences, linked by the weight of the terms they share, with a
/// little more for the first sentences and for terms of the title, and less for what does not read well alone. The
/// mean of the PageRank part is one unit. All in integers, so every machine and compiler finds the same.
[[nodiscard]] Result<std::vector<std::uint64_t>> rank(const TermIndex& index, const Context& context);

/// What a summary may take, one of them zero.
struct Room {
  std::size_t sentences = 0;
  std::size_t words = 0;
};

/// Chooses sentences by score and by how little they repeat what was chosen before; two that have more than 70 % of
/// their words in common never stand together. Returns their numbers, ascending: at least one.
[[nodiscard]] Result<std::vector<std::uint32_t>> choose(const Reading& reading, const TermIndex& index,
                                                        const std::vector<std::uint64_t>& scores, Room room,
                                                        const Context& context);

}  // namespace docupilot::inline v1::extractive
