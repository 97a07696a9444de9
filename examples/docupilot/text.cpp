#include "text.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <cwchar>

#include <fmt/format.h>

namespace docupilot_command {

namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;  // 0: the first byte is no part of valid UTF-8
};

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  char32_t value = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < smallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, size};
}

/// Characters that move the cursor, start a line or turn the direction of writing.
bool is_dangerous(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0xfeff;
}

std::string escape(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    const std::size_t size = c.size == 0 ? 1 : c.size;
    const std::string_view bytes = text.substr(0, size);
    text.remove_prefix(size);
    if (c.size != 0 && (!is_dangerous(c.value) || (keep_lines && (c.value == '\n' || c.value == '\t')))) {
      out += bytes;
    } else if (c.size == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
    } else if (c.value == '\n') {
      out += "\\n";
    } else if (c.value == '\t') {
      out += "\\t";
    } else if (c.value == '\r') {
      out += "\\r";
    } else if (c.value < 0x100) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c.value));
    } else {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c.value));
    }
  }
  return out;
}

std::size_t width_of(char32_t c) {
  if (c == U'\x01' || c == U'\x02') return 0;
  if (c < 0x7f) return 1;
  const int width = wcwidth(static_cast<wchar_t>(c));
  return width < 0 ? 2 : static_cast<std::size_t>(width);  // unknown: the most it could be
}

/// How many bytes from the front fit into so many columns.
std::size_t fitting(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes < text.size()) {
    const CodePoint c = first_code_point(text.substr(bytes));
    used += c.size == 0 ? 1 : width_of(c.value);
    if (used > columns) break;
    bytes += c.size == 0 ? 1 : c.size;
  }
  return bytes;
}

}  // namespace

std::string escaped(std::string_view text) { return escape(text, false); }
std::string escaped_lines(std::string_view text) { return escape(text, true); }

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = first_code_point(text).size;
    if (size == 0) out += "\uFFFD";
    else out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    width += c.size == 0 ? 1 : width_of(c.value);
    text.remove_prefix(c.size == 0 ? 1 : c.size);
  }
  return width;
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns < 4) return std::string(text.substr(0, fitting(text, columns)));
  return std::string(text.substr(0, fitting(text, columns - 3))) + "...";
}

std::string shortened_middle(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  if (width <= columns) return std::string(text);
  if (columns < 8) return shortened(text, columns);
  const std::size_t front = (columns - 3) / 2;
  const std::size_t back = columns - 3 - front;
  std::size_t from = fitting(text, width - back);
  while (display_width(text.substr(from)) > back) from += first_code_point(text.substr(from)).size;
  return std::string(text.substr(0, fitting(text, front))) + "..." + std::string(text.substr(from));
}

std::string padded(std::string text, std::size_t columns) {
  const std::size_t width = display_width(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t space = text.find_first_of(" \n");
    std::string_view word = text.substr(0, space);
    const bool ends_line = space != std::string_view::npos && text[space] == '\n';
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    while (!word.empty()) {
      if (!line.empty() && display_width(line) + 1 + display_width(word) > columns) {
        lines.push_back(std::move(line));
        line.clear();
      }
      const std::size_t bytes = line.empty() && columns > 1 ? fitting(word, columns) : word.size();
      if (!line.empty()) line += ' ';
      line += word.substr(0, bytes);
      word.remove_prefix(bytes);
    }
    if (ends_line) {
      lines.push_back(std::move(line));
      line.clear();
    }
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string human_size(double bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  while (bytes >= 1023.95 && unit + 1 < std::size(units)) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string human_count(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string human_time(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds < 0 ? 0 : seconds > 3.6e8 ? 3.6e8 : seconds + 0.5);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (!unit.empty() && unit != "b") {
    const std::size_t power = std::string_view("kmgt").find(unit.front());
    const std::string_view rest = std::string_view(unit).substr(1);
    if (power == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "ib")) return {};
    number *= std::pow(1024.0, static_cast<double>(power + 1));
  }
  if (error != std::errc() || !(number >= 0 && number < 0x1p62)) return {};
  return static_cast<std::uint64_t>(number);
}

std::string counted(std::uint64_t number, std::string_view singular, std::string_view plural) {
  if (number == 1) return fmt::format("1 {}", singular);
  return plural.empty() ? fmt::format("{} {}s", human_count(number), singular)
                        : fmt::format("{} {}", human_count(number), plural);
}

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out + "'";
}

}  // namespace docupilot_command
