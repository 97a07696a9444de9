#include "text/paragraphs.h"

#include <algorithm>

#include "text/characters.h"

namespace docupilot::inline v1::text {

namespace {

struct Line {
  std::string_view content;  // without the white space around it
  std::size_t offset = 0;    // of the content
  std::size_t indentation = 0;
  std::size_t next = 0;  // where the next line begins
  bool page_ends = false;
};

enum class Mark : std::uint8_t { none, nothing_to_read, fence, heading, data, bullet, number };

// What stands at the front of a line, and how many bytes of it are not to be read.
struct Front {
  Mark mark = Mark::none;
  std::size_t size = 0;
};

constexpr bool is_ascii_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_line_separator(std::string_view text, std::size_t at) noexcept {
  const std::string_view three = text.substr(at, 3);
  return three == "\u2028" || three == "\u2029";
}

Line line_at(std::string_view text, std::size_t begin) noexcept {
  std::size_t end = begin;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c >= '\n' && c <= '\r') break;
    if (c == '\xe2' && is_line_separator(text, end)) break;
  }
  Line line;
  line.next = end;
  if (end < text.size()) {
    line.page_ends = text[end] == '\f' || text[end] == '\v';
    line.next += text[end] == '\xe2' ? 3U : text.substr(end, 2) == "\r\n" ? 2U : 1U;
  }
  std::size_t first = begin;
  for (Character c = character_at(text, first); first < end && is_space(c.code); c = character_at(text, first)) {
    first += c.size;
  }
  for (Character c = character_before(text, end); end > first && is_space(c.code); c = character_before(text, end)) {
    end -= c.size;
  }
  line.content = text.substr(first, end - first);
  line.offset = first;
  line.indentation = first - begin;
  return line;
}

bool has_word(std::string_view line) noexcept {
  for (std::size_t i = 0; i < line.size();) {
    const Character c = character_at(line, i);
    if (is_letter(c.code) || is_digit(c.code)) return true;
    i += c.size;
  }
  return false;
}

// Cells apart by a tab or by three spaces, or between vertical bars.
bool is_row(std::string_view line) noexcept {
  return line.front() == '|' || line.find('\t') != std::string_view::npos || line.find("   ") != std::string_view::npos;
}

bool is_bullet(std::int32_t code) noexcept {
  static constexpr std::int32_t bullets[] = {'-',    '*',    '+',    0xb7,   0x2013, 0x2014, 0x2022, 0x2023,
                                             0x2043, 0x2212, 0x25a0, 0x25a1, 0x25aa, 0x25ab, 0x25b6, 0x25cb,
                                             0x25cf, 0x25e6, 0x2605, 0x2713, 0x2714, 0x2794, 0x27a2, 0xf0b7};
  return std::ranges::find(bullets, code) != std::end(bullets);
}

// How long "12.", "(b)", "iv)" or "2.1.3" at the front is; 0 when there is none.
std::size_t number_size(std::string_view line, bool starts, bool in_list) noexcept {
  const bool bracket = line.front() == '(';
  std::size_t i = bracket ? 1 : 0;
  const std::size_t begin = i;
  const auto at = [&](std::size_t k) { return k < line.size() ? line[k] : '\0'; };
  while (is_ascii_digit(at(i))) ++i;
  const std::size_t digits = i - begin;
  if (digits == 0) {
    while (i - begin < 4 && (at(i) == 'i' || at(i) == 'v' || at(i) == 'x')) ++i;
    if (i == begin && is_letter(at(i))) ++i;
    return i > begin && at(i) == ')' ? i + 1 : 0;
  }
  if (digits > 3) return 0;
  std::size_t levels = 1;
  while (!bracket && at(i) == '.' && is_ascii_digit(at(i + 1))) {
    for (++i; is_ascii_digit(at(i));) ++i;
    ++levels;
  }
  if (levels > 1) {  // "3.5 million" in the middle of a text is no clause
    if (at(i) == '.') ++i;
    return starts && is_space(at(i)) && is_upper(character_at(line, i + 1).code) ? i : 0;
  }
  if (at(i) == ')') return i + 1;
  return !bracket && at(i) == '.' && (starts || in_list) ? i + 1 : 0;
}

Front front_of(std::string_view line, bool starts, bool in_list) noexcept {
  if (line.starts_with("```") || line.starts_with("~~~")) return {Mark::fence, 0};
  if (!has_word(line)) return {Mark::nothing_to_read, 0};
  if (line.front() == '>') return {Mark::data, 0};
  if (line.front() == '#') {
    const std::size_t size = std::min(line.find_first_not_of('#'), line.size());
    const std::size_t title = std::min(line.find_first_not_of(" \t", size), line.size());
    return size <= 6 && title > size ? Front{Mark::heading, title} : Front{Mark::data, 0};
  }
  Front front;
  const Character first = character_at(line, 0);
  if (is_bullet(first.code)) front = {Mark::bullet, first.size};
  else if (const std::size_t size = number_size(line, starts, in_list); size > 0) front = {Mark::number, size};
  const auto gap = [&] { return character_at(line, front.size); };
  if (front.size > 0 && !is_space(gap().code)) front = {};
  while (front.size > 0 && is_space(gap().code)) front.size += gap().size;
  if (is_row(line.substr(front.size))) return {Mark::data, 0};
  return front;
}

bool is_underline(std::string_view line) noexcept {
  return line.size() >= 3 && (line.front() == '=' || line.front() == '-' || line.front() == '~') &&
         line.find_first_not_of(line.front()) == std::string_view::npos;
}

std::size_t width_of(std::string_view line) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// Whether the text of `line` goes on in `next`: it was wrapped because the next word had no room. `width` is that of
// the line before, 0 when `line` is the first.
bool goes_on(const Line& line, const Line& next, std::size_t width) noexcept {
  static constexpr std::size_t short_line = 30;
  const std::size_t own = width_of(line.content);
  const bool defines = width == 0 && own < short_line && next.indentation >= line.indentation + 2;
  if (defines) return false;
  const char last = line.content.back();
  if (last == ',' || last == '-' || is_lower(character_at(next.content, 0).code)) return true;
  if (own < short_line) return false;
  const std::size_t first_word = width_of(next.content.substr(0, next.content.find(' ')));
  const std::size_t room = std::max(width, width_of(next.content));
  return 4 * (own + 1 + first_word) > 3 * room;
}

// Adds the lines to the paragraph in which the text of its first line goes on, and returns where the next one begins.
std::size_t join_lines(std::string_view text, Line line, Paragraph& paragraph) noexcept {
  std::size_t width = 0;
  while (line.next < text.size() && !line.page_ends) {
    const Line next = line_at(text, line.next);
    if (width == 0 && paragraph.kind == ParagraphKind::prose && line.content.back() != '.' &&
        is_underline(next.content)) {
      paragraph.kind = ParagraphKind::heading;
    }
    if (next.content.empty()) break;
    if (front_of(next.content, false, paragraph.kind == ParagraphKind::item).mark != Mark::none) break;
    if (!goes_on(line, next, width)) break;
    width = width_of(line.content);
    paragraph.size = next.offset + next.content.size() - paragraph.offset;
    line = next;
  }
  return line.next;
}

}  // namespace

bool ParagraphReader::next() noexcept {
  while (position_ < text_.size()) {
    const Line line = line_at(text_, position_);
    const Front front =
        line.content.empty() ? Front{Mark::nothing_to_read, 0} : front_of(line.content, after_blank_, in_list_);
    position_ = line.next;
    if (front.mark == Mark::fence) in_fence_ = !in_fence_;
    if (front.mark == Mark::fence || front.mark == Mark::nothing_to_read) {
      after_blank_ = true;
      in_list_ = false;
      continue;
    }
    paragraph_ = {line.offset + front.size, line.content.size() - front.size, ParagraphKind::prose};
    const bool single = in_fence_ || front.mark == Mark::heading || front.mark == Mark::data;
    if (front.mark == Mark::heading && !in_fence_) paragraph_.kind = ParagraphKind::heading;
    else if (single) paragraph_.kind = ParagraphKind::data;
    else if (front.mark != Mark::none) paragraph_.kind = ParagraphKind::item;
    in_list_ = paragraph_.kind == ParagraphKind::item;
    after_blank_ = paragraph_.kind == ParagraphKind::heading;
    if (!single) position_ = join_lines(text_, line, paragraph_);
    return true;
  }
  return false;
}

}  // namespace docupilot::inline v1::text
