#include "base/utf8.h"

#include <cstring>

namespace docupilot::inline v1 {

std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continuation = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80U; };
  const unsigned first = at(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return continuation(1) ? 2 : 0;
  if (first < 0xf0) {
    if (!continuation(1) || !continuation(2)) return 0;
    const bool overlong = first == 0xe0 && at(1) < 0xa0;
    const bool surrogate = first == 0xed && at(1) >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first > 0xf4 || !continuation(1) || !continuation(2) || !continuation(3)) return 0;
  const bool overlong = first == 0xf0 && at(1) < 0x90;
  const bool beyond = first == 0xf4 && at(1) >= 0x90;
  return overlong || beyond ? 0 : 4;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    std::uint64_t block = 0;
    while (text.size() >= sizeof block) {  // eight ASCII bytes at a time
      std::memcpy(&block, text.data(), sizeof block);
      if ((block & 0x8080808080808080U) != 0) break;
      text.remove_prefix(sizeof block);
    }
    if (text.empty()) return true;
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) out += "\ufffd";
    else out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string escape_controls(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  const auto hex = [&](unsigned char byte) {
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
  };
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = utf8_sequence(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    const bool c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const bool separator = sequence == "\u2028" || sequence == "\u2029";
    if (first == '\n') out += "\\n";
    else if (first == '\r') out += "\\r";
    else if (first == '\t') out += "\\t";
    else if (length == 0 || first < 0x20 || first == 0x7f || c1 || separator)
      for (const char c : sequence) hex(static_cast<unsigned char>(c));
    else out += sequence;
    text.remove_prefix(sequence.size());
  }
  return out;
}

}  // namespace docupilot::inline v1
