#include "http/percent.h"

namespace docupilot::inline v1::http {

namespace {

bool is_unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_encoded(std::string& out, char c) {
  static constexpr char digits[] = "0123456789ABCDEF";
  if (is_unreserved(c)) {
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

/// Gives each byte behind the escapes to `take`. False: an escape is broken.
template <class Take>
bool decode(std::string_view text, Take take) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      take(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = digit(text[i + 1]);
    const int low = digit(text[i + 2]);
    if (high < 0 || low < 0) return false;
    take(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return true;
}

}  // namespace

void append_percent_encoded(std::string& out, std::string_view text) {
  for (const char c : text) append_encoded(out, c);
}

void append_percent_encoded_path(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '/') out += c;
    else append_encoded(out, c);
  }
}

bool append_encoded_anew(std::string& out, std::string_view text) {
  return decode(text, [&out](char c) { append_encoded(out, c); });
}

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  append_percent_encoded(out, text);
  return out;
}

std::string percent_encode_path(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  append_percent_encoded_path(out, text);
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  if (!decode(text, [&out](char c) { out += c; })) return std::nullopt;
  return out;
}

}  // namespace docupilot::inline v1::http
