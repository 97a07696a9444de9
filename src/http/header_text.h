#pragma once

#include <string>
#include <string_view>

namespace docupilot::inline v1::http {

/// Compares names of header fields, in which case does not count (RFC 9110, 5.1).
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

/// Whether it may stand as a name or method: one or more of the characters of RFC 9110, 5.6.2.
[[nodiscard]] bool is_token(std::string_view text) noexcept;

/// Whether a value can go over the wire as it is: no control character but the tab.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

/// Without blanks and tabs at either end.
[[nodiscard]] std::string_view trim_blanks(std::string_view text) noexcept;

/// Letters of ASCII in lower case, whatever the locale; every other byte as it is.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
[[nodiscard]] std::string to_lower(std::string_view text);

}  // namespace docupilot::inline v1::http
