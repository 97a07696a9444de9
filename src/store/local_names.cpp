#include "store/local_names.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

// A component that weighs this or more goes on in a folder of its own. Weights do not depend on the neighbours of a
// character, so the pieces cut off are never prefixes of one another, which keeps listings in order. The longest name
// is 231 + 4, 2 + 2 for escaped ends and 2 for the suffix: 241 of the 255 bytes that a file system allows.
constexpr std::size_t cut_weight = 232;
constexpr std::string_view folder_suffix = ".d";
constexpr std::string_view long_name_suffix = "%";
constexpr std::string_view empty_name = "%";

// Refused or given a meaning by some file system.
bool always_escaped(char c) noexcept { return std::string_view("%\\:*?\"<>|").find(c) != std::string_view::npos; }

std::size_t weight(std::string_view character) noexcept {
  return always_escaped(character.front()) ? 3 : character.size();
}

std::string_view first_character(std::string_view text) noexcept {
  return text.substr(0, std::max<std::size_t>(1, utf8_sequence(text)));
}

// Bytes of the front piece of a component too long for one name, or nothing when it fits.
std::optional<std::size_t> cut(std::string_view component) noexcept {
  std::size_t total = 0;
  for (std::size_t at = 0; at < component.size();) {
    const std::string_view character = first_character(component.substr(at));
    total += weight(character);
    at += character.size();
    if (total >= cut_weight) return at;
  }
  return std::nullopt;
}

std::string escape(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  if (text.empty()) return std::string(empty_name);
  std::string name;
  name.reserve(text.size() + folder_suffix.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool last = i + 1 == text.size();
    const bool suffix = i + folder_suffix.size() == text.size() && text.ends_with(folder_suffix);
    if (always_escaped(c) || (c == '.' && (i == 0 || last || suffix)) || (c == ' ' && last)) {
      const auto byte = static_cast<unsigned char>(c);
      name += {'%', digits[byte >> 4U], digits[byte & 15U]};
    } else {
      name += c;
    }
  }
  return name;
}

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> unescape(std::string_view name) {
  if (name == empty_name) return std::string();
  std::string text;
  text.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%') {
      text += name[i];
      continue;
    }
    if (i + 2 >= name.size() || digit(name[i + 1]) < 0 || digit(name[i + 2]) < 0) return std::nullopt;
    text += static_cast<char>(digit(name[i + 1]) * 16 + digit(name[i + 2]));
    i += 2;
  }
  return text;
}

void append_component(LocalNames& names, std::string_view component) {
  while (const auto length = cut(component)) {
    names.push_back(escape(component.substr(0, *length)).append(long_name_suffix));
    component.remove_prefix(*length);
  }
  names.push_back(escape(component));
}

}  // namespace

LocalNames names_of_key(std::string_view tree, std::string_view key) {
  LocalNames names = {std::string(tree)};
  for (std::size_t slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/')) {
    append_component(names, key.substr(0, slash));
    names.back() += folder_suffix;
    key.remove_prefix(slash + 1);
  }
  append_component(names, key);
  return names;
}

std::optional<LocalEntry> entry_of_name(std::string_view name, bool is_folder) {
  LocalEntry entry;
  std::string_view escaped = name;
  if (is_folder) {
    entry.kind = name.ends_with(folder_suffix) ? LocalEntry::Kind::folder : LocalEntry::Kind::long_name;
    const std::string_view suffix = entry.kind == LocalEntry::Kind::folder ? folder_suffix : long_name_suffix;
    if (!name.ends_with(suffix)) return std::nullopt;
    escaped.remove_suffix(suffix.size());
  }
  auto text = unescape(escaped);
  // Only the one spelling that names_of_key writes, so that a listing shows nothing that `get` would not find.
  if (!text || escape(*text) != escaped || text->find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
    return std::nullopt;
  }
  const auto length = cut(*text);
  if (entry.kind == LocalEntry::Kind::long_name ? length != text->size() : length.has_value()) return std::nullopt;
  entry.text = *std::move(text);
  return entry;
}

}  // namespace docupilot::inline v1
