#pragma once

#include <cstddef>
#include <string_view>

namespace docupilot::inline v1::search {

/// How many letters must be inserted, deleted, replaced, or swapped with their neighbour to make one word of the other
/// (optimal string alignment), or `most` + 1 when it is more than `most`. Counts characters of UTF-8.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t most);

}  // namespace docupilot::inline v1::search
