#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include <docupilot/base/filter.h>

// How filters see values. Everything that evaluates a filter (Filter::matches, the SQL functions) goes through here, so
// that there is one meaning.
namespace docupilot::inline v1 {

/// What a field holds by its name alone; `any` for attributes.
enum class FieldKind { text, integer, time, list, any };

/// The kind of a field that filters know; nothing for any other name. Attribute paths are checked part by part.
[[nodiscard]] std::optional<FieldKind> field_kind(std::string_view name) noexcept;

/// Whether this can name an attribute or a member of a map in one: 1 to 128 bytes of UTF-8 without control characters
/// and '.', not beginning with '$'.
[[nodiscard]] bool is_attribute_name(std::string_view name) noexcept;

/// The value that a path such as "customer.city" leads to, or null.
[[nodiscard]] const Value* value_at(const Value::Map& attributes, std::string_view path);

/// Numbers with numbers (exactly, also beyond 2^53), text with text by bytes, times with times, and equal or
/// unordered for booleans and bytes; everything else is unordered, and so is NaN.
[[nodiscard]] std::partial_ordering compare_values(const Value& a, const Value& b);

/// Whether a comparison (any kind of Filter without children) holds for the value of its field; null: missing.
[[nodiscard]] bool comparison_holds(const Filter& comparison, const Value* value);

}  // namespace docupilot::inline v1
