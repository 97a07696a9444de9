#pragma once

#include <string>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1::http {

/// Bytes as lower-case hexadecimal.
[[nodiscard]] inline std::string hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(2 * bytes.size(), '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = digits[std::to_integer<unsigned>(bytes[i]) >> 4U];
    text[2 * i + 1] = digits[std::to_integer<unsigned>(bytes[i]) & 15U];
  }
  return text;
}

}  // namespace docupilot::inline v1::http
