#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <utf8proc.h>

namespace docupilot::inline v1::text {

/// One character of a text.
struct Character {
  std::int32_t code = -1;  ///< -1: the end of the text, or a byte that is not UTF-8.
  std::size_t size = 1;    ///< In bytes; 0 at the end of the text.
};

/// The character at `position`.
[[nodiscard]] inline Character character_at(std::string_view text, std::size_t position) noexcept {
  if (position >= text.size()) return {-1, 0};
  const auto first = static_cast<unsigned char>(text[position]);
  if (first < 0x80) return {first, 1};
  utf8proc_int32_t code = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + position);
  const auto left = static_cast<utf8proc_ssize_t>(std::min<std::size_t>(4, text.size() - position));
  const auto size = utf8proc_iterate(bytes, left, &code);
  if (size < 1) return {};
  return {code, static_cast<std::size_t>(size)};
}

/// The character that ends at `position`.
[[nodiscard]] inline Character character_before(std::string_view text, std::size_t position) noexcept {
  if (position == 0 || position > text.size()) return {-1, 0};
  std::size_t begin = position - 1;
  while (begin > 0 && position - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xc0U) == 0x80U) --begin;
  const Character character = character_at(text, begin);
  return begin + character.size == position ? character : Character{};
}

/// Space, line break, no-break space and their like; control characters as well.
[[nodiscard]] inline bool is_space(std::int32_t code) noexcept {
  if (code < 0x80) return (code >= 0 && code <= ' ') || code == 0x7f;
  return (code >= 0x80 && code < 0xa0) || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200b) ||
         code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000 || code == 0xfeff;
}

[[nodiscard]] inline bool is_digit(std::int32_t code) noexcept {
  if (code < 0x80) return code >= '0' && code <= '9';
  return utf8proc_category(code) == UTF8PROC_CATEGORY_ND;
}

[[nodiscard]] inline bool is_lower(std::int32_t code) noexcept {
  if (code < 0x80) return code >= 'a' && code <= 'z';
  return utf8proc_category(code) == UTF8PROC_CATEGORY_LL;
}

[[nodiscard]] inline bool is_upper(std::int32_t code) noexcept {
  if (code < 0x80) return code >= 'A' && code <= 'Z';
  const auto category = utf8proc_category(code);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
}

[[nodiscard]] inline bool is_letter(std::int32_t code) noexcept {
  if (code < 0x80) return is_lower(code) || is_upper(code);
  const auto category = utf8proc_category(code);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

}  // namespace docupilot::inline v1::text
