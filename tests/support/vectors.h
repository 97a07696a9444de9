#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <docupilot/base/value.h>

#include "json/base64.h"
#include "json/json_reader.h"
#include "support/test_data.h"

// Golden data in JSON: what is missing or of another kind fails the test that asked.
namespace docupilot_test {

inline docupilot::Value read_vectors(const std::string& path) {
  auto parsed = docupilot::json::parse(test_data(path));
  REQUIRE_MESSAGE(parsed, parsed.error().to_string());
  return *std::move(parsed);
}

inline const docupilot::Value* find_member(const docupilot::Value& object, std::string_view name) {
  const auto* map = object.get_if<docupilot::Value::Map>();
  REQUIRE(map != nullptr);
  const auto found = map->find(name);
  return found == map->end() ? nullptr : &found->second;
}

inline const docupilot::Value& member(const docupilot::Value& object, std::string_view name) {
  const docupilot::Value* value = find_member(object, name);
  REQUIRE_MESSAGE(value != nullptr, "no member " << name);
  return *value;
}

/// A list that may be empty.
inline const docupilot::Value::List& list(const docupilot::Value& object, std::string_view name) {
  const auto* values = member(object, name).get_if<docupilot::Value::List>();
  REQUIRE_MESSAGE(values != nullptr, name << " is no list");
  return *values;
}

/// The cases of a file; one without any must not pass.
inline const docupilot::Value::List& cases(const docupilot::Value& file, std::string_view name = "cases") {
  const auto& found = list(file, name);
  REQUIRE_FALSE(found.empty());
  return found;
}

inline std::string text(const docupilot::Value& value) {
  const auto* found = value.get_if<std::string>();
  REQUIRE(found != nullptr);
  return *found;
}
inline std::string text(const docupilot::Value& object, std::string_view name) { return text(member(object, name)); }
/// "" for null and for a member that is not there.
inline std::string text_or_empty(const docupilot::Value& object, std::string_view name) {
  const docupilot::Value* value = find_member(object, name);
  const auto* found = value == nullptr ? nullptr : value->get_if<std::string>();
  return found == nullptr ? std::string() : *found;
}

inline std::int64_t number(const docupilot::Value& object, std::string_view name) {
  const auto* value = member(object, name).get_if<std::int64_t>();
  REQUIRE_MESSAGE(value != nullptr, name << " is no whole number");
  return *value;
}

/// Bytes as the vectors describe them: {"kind": "base64" | "repeat" | "ramp", ...}.
inline std::vector<std::byte> bytes_of(const docupilot::Value& input) {
  const std::string kind = text(input, "kind");
  if (kind == "base64") {
    auto decoded = docupilot::from_base64(text(input, "data"));
    REQUIRE(decoded.has_value());
    return *std::move(decoded);
  }
  const auto count = static_cast<std::size_t>(number(input, "count"));
  if (kind == "repeat") return std::vector(count, static_cast<std::byte>(number(input, "byte")));
  REQUIRE(kind == "ramp");
  std::vector<std::byte> bytes(count);
  const auto factor = static_cast<std::size_t>(number(input, "mul"));
  const auto offset = static_cast<std::size_t>(number(input, "add"));
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * factor + offset);
  return bytes;
}

}  // namespace docupilot_test
