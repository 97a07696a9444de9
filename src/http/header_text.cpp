#include "http/header_text.h"

#include <algorithm>
#include <array>

namespace docupilot::inline v1::http {

namespace {

constexpr auto token_characters = [] {
  std::array<bool, 256> is_one{};
  for (const char c :
       std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~")) {
    is_one[static_cast<unsigned char>(c)] = true;
  }
  return is_one;
}();

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool is_token(std::string_view text) noexcept {
  const auto is_one = [](char c) { return token_characters[static_cast<unsigned char>(c)]; };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_one);
}

bool is_field_value(std::string_view text) noexcept {
  unsigned char wrong = 0;  // without a branch, so that the compiler looks at many bytes at a time
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    wrong |= static_cast<unsigned char>(((byte < 0x20U) & (byte != '\t')) | (byte == 0x7fU));
  }
  return wrong == 0;
}

std::string_view trim_blanks(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

}  // namespace docupilot::inline v1::http
