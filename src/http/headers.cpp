#include <algorithm>

#include <docupilot/http/transport.h>

namespace docupilot::inline v1::http {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

Headers& Headers::add(std::string name, std::string value) {
  fields_.push_back({std::move(name), std::move(value)});
  return *this;
}

Headers& Headers::set(std::string_view name, std::string value) {
  remove(name);
  return add(std::string(name), std::move(value));
}

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

std::string_view Headers::get(std::string_view name) const noexcept { return find(name).value_or(""); }

}  // namespace docupilot::inline v1::http
