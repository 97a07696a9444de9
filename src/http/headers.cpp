#include <docupilot/http/transport.h>

#include <algorithm>

#include "http/header_text.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t usual_number = 12;  // of fields in a request or reply

}  // namespace

Headers& Headers::add(std::string name, std::string value) {
  if (fields_.empty()) fields_.reserve(usual_number);
  fields_.push_back({std::move(name), std::move(value)});
  return *this;
}

Headers& Headers::set(std::string_view name, std::string value) {
  std::string kept(name);  // the name may be that of a field about to go
  remove(kept);
  return add(std::move(kept), std::move(value));
}

Headers& Headers::remove(std::string_view name) {
  if (!find(name)) return *this;
  std::erase_if(fields_, [wanted = std::string(name)](const Field& field) { return same_name(field.name, wanted); });
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
