#pragma once

#include <string>
#include <string_view>

#include <docupilot/base/filter.h>

namespace docupilot::inline v1::sqlite {

/// A comparison as text, to be bound for docupilot_match; `path` leads to the value, empty for all of the JSON.
[[nodiscard]] std::string comparison_to_text(const Filter& comparison, std::string_view path);

/// The comparison again, with the path as its field. Errors: corrupted.
[[nodiscard]] Result<Filter> comparison_from_text(std::string_view text);

}  // namespace docupilot::inline v1::sqlite
