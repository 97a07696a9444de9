#include <docupilot/http/transport.h>

#include <algorithm>
#include <utility>

#include "http/header_text.h"

namespace docupilot::inline v1::http {

namespace {

// Of a request or reply.
constexpr std::size_t usual_number = 12;
constexpr std::size_t usual_text = 1'024;

std::size_t size_of(const Headers::Field& field) noexcept { return field.name.size() + field.value.size(); }

}  // namespace

Headers::Headers(std::initializer_list<Field> fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

Headers::Headers(const Headers& other) {
  for (const Field& field : other.fields_) add(field.name, field.value);
}

Headers& Headers::operator=(const Headers& other) {
  if (this != &other) *this = Headers(other);
  return *this;
}

/// `text` has room for it.
void Headers::take(std::vector<char>& text, const Field& field) {
  char* const name = text.data() + text.size();
  text.resize(text.size() + size_of(field));
  char* const value = std::ranges::copy(field.name, name).out;
  std::ranges::copy(field.value, value);
  fields_.push_back({{name, field.name.size()}, {value, field.value.size()}});
}

Headers& Headers::add(std::string_view name, std::string_view value) {
  const Field field{name, value};
  if (text_.capacity() - text_.size() >= size_of(field)) {
    take(text_, field);
    return *this;
  }
  std::vector<char> larger;  // the old one stays until the field was taken, which may lie in it
  const std::vector<Field> old = std::exchange(fields_, {});
  std::size_t kept_size = size_of(field);  // what was removed goes
  for (const Field& kept : old) kept_size += size_of(kept);
  larger.reserve(std::max(usual_text, 2 * kept_size));
  fields_.reserve(std::max(usual_number, 2 * old.size()));
  for (const Field& kept : old) take(larger, kept);
  take(larger, field);
  text_ = std::move(larger);
  return *this;
}

Headers& Headers::set(std::string_view name, std::string_view value) { return remove(name).add(name, value); }

Headers& Headers::remove(std::string_view name) {
  std::erase_if(fields_, [name](const Field& field) { return same_name(field.name, name); });
  return *this;
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
  for (const Field& field : fields_) {
    if (same_name(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::string_view Headers::get(std::string_view name) const noexcept { return find(name).value_or(std::string_view()); }

}  // namespace docupilot::inline v1::http
