#include "base/safe_name.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

bool is_device(std::string_view part) {
  std::string stem(part.substr(0, part.find('.')));
  while (stem.ends_with(' ')) stem.pop_back();
  std::ranges::transform(stem, stem.begin(), upper);
  static constexpr std::array<std::string_view, 6> names = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
  if (std::ranges::find(names, stem) != names.end()) return true;
  return stem.size() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && stem[3] >= '0' && stem[3] <= '9';
}

bool is_drive(std::string_view part) {
  return part.size() >= 2 && part[1] == ':' && upper(part[0]) >= 'A' && upper(part[0]) <= 'Z';
}

bool is_safe(std::string_view part) {
  return !part.empty() && !part.ends_with('.') && !part.ends_with(' ') && !is_drive(part) && !is_device(part);
}

}  // namespace

Result<std::vector<std::string>> safe_components(std::string_view name) {
  std::vector<std::string> parts;
  const bool is_text = is_utf8(name) && escape_controls(name) == name && name.find('\\') == std::string_view::npos;
  for (std::size_t at = 0; is_text && at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (!is_safe(part)) break;
    parts.emplace_back(part);
    at = end + 1;
    if (end == name.size()) return parts;
  }
  return Error(ErrorCode::invalid_argument, "this cannot be the name of a file below a folder")
      .target(name)
      .hint("name the file to write yourself");
}

}  // namespace docupilot::inline v1
