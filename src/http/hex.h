#pragma once

#include <string>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1::http {

/// Bytes as lower-case hexadecimal, behind what is there.
inline void append_hex(std::string& text, ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  text.reserve(text.size() + 2 * bytes.size());
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte) >> 4U];
    text += digits[std::to_integer<unsigned>(byte) & 15U];
  }
}

[[nodiscard]] inline std::string hex(ByteView bytes) {
  std::string text;
  append_hex(text, bytes);
  return text;
}

}  // namespace docupilot::inline v1::http
