#include "extract/text_builder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t longest_title = 1024;

// Bytes that need a look: controls, DEL, and the lead bytes of C1 controls and U+00AD (C2), of the Unicode line ends
// (E2) and of the byte order mark (EF).
constexpr std::array<bool, 256> special = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = i != '\t';
  table[0x7f] = table[0xc2] = table[0xe2] = table[0xef] = true;
  return table;
}();

/// Length of the front of `text` that can be copied as it is.
std::size_t plain_run(std::string_view text) noexcept {
  const char* const begin = text.data();
  const char* at = begin;
  const char* const end = begin + text.size();
  for (;;) {
    std::uint64_t block = 0;
    while (end - at >= 8) {  // eight bytes of 0x20..0x7e at a time
      std::memcpy(&block, at, sizeof block);
      const std::uint64_t below = (block - 0x2020202020202020U) & 0x8080808080808080U;
      const std::uint64_t del = (block + 0x0101010101010101U) & 0x8080808080808080U;
      if ((block & 0x8080808080808080U) != 0 || below != 0 || del != 0) break;
      at += 8;
    }
    const char* const stop = end - at >= 8 ? at + 8 : end;
    while (at < stop && !special[static_cast<unsigned char>(*at)]) ++at;
    if (at < stop || at == end) return static_cast<std::size_t>(at - begin);
  }
}

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

std::size_t utf8_prefix(std::string_view utf8, std::uint64_t limit) noexcept {
  if (utf8.size() <= limit) return utf8.size();
  auto length = static_cast<std::size_t>(limit);
  while (length > 0 && (static_cast<unsigned char>(utf8[length]) & 0xc0U) == 0x80U) --length;
  return length;
}

void TextBuilder::trim() {
  std::size_t size = text_.size();
  while (size > 0 && (is_blank(text_[size - 1]) || text_[size - 1] == '\n')) --size;
  text_.resize(size);
  blank_lost_ = false;
}

void TextBuilder::separate(unsigned newlines) {
  trim();
  newlines_ = text_.empty() ? 0 : std::max(newlines_, newlines);
}

void TextBuilder::end_line() {
  if (newlines_ > 0) return separate(2);
  // Blanks alone on a line leave the line ends that were written before them: it was an empty line then.
  std::size_t size = text_.size();
  while (size > 0 && is_blank(text_[size - 1])) --size;
  separate(size > 0 && text_[size - 1] == '\n' ? 2 : 1);
}

void TextBuilder::add(std::string_view run) {
  if (run.empty() || truncated_) return;
  const std::size_t first = run.find_first_not_of(" \t");
  const bool visible = first != std::string_view::npos;
  const std::size_t breaks = newlines_;
  if (blank_lost_ || text_.size() + breaks + (visible ? first + 1 : 1) > limit_) {
    truncated_ = visible;
    blank_lost_ = true;
    return;
  }
  text_.append(breaks, '\n');
  newlines_ = 0;
  const std::size_t fits = utf8_prefix(run, limit_ - text_.size());
  text_ += run.substr(0, fits);
  if (fits == run.size()) return;
  truncated_ = run.find_first_not_of(" \t", fits) != std::string_view::npos;
  blank_lost_ = true;
}

void TextBuilder::append(std::string_view utf8) {
  while (!utf8.empty() && !truncated_) {
    const std::size_t run = plain_run(utf8);
    if (run > 0) {
      add(utf8.substr(0, run));
      after_cr_ = false;
      utf8.remove_prefix(run);
      continue;
    }
    const std::string_view sequence = utf8.substr(0, std::max<std::size_t>(1, utf8_sequence(utf8)));
    utf8.remove_prefix(sequence.size());
    const bool line_feed_of_cr = sequence == "\n" && after_cr_;
    after_cr_ = sequence == "\r";
    if (line_feed_of_cr) continue;
    const bool c1_or_shy = sequence[0] == '\xc2' && sequence.size() == 2 &&
                           (static_cast<unsigned char>(sequence[1]) < 0xa0 || sequence[1] == '\xad');
    if (sequence == "\n" || sequence == "\r" || sequence == "\u0085" || sequence == "\u2028") end_line();
    else if (sequence == "\f" || sequence == "\v" || sequence == "\u2029") separate(2);
    else if (sequence.size() > 1 && !c1_or_shy && sequence != "\ufeff") add(sequence);
  }
}

std::string TextBuilder::take() && {
  trim();
  if (!text_.empty() && !truncated_ && text_.size() < limit_) text_ += '\n';
  return std::move(text_);
}

std::string clean_title(std::string_view utf8) {
  TextBuilder builder(utf8.size());
  builder.append(utf8);
  std::string title;
  for (const char c : builder.text().substr(0, utf8_prefix(builder.text(), 4 * longest_title))) {
    if (is_blank(c) || c == '\n') {
      if (!title.empty() && title.back() != ' ') title += ' ';
    } else {
      title += c;
    }
  }
  title.resize(utf8_prefix(title, longest_title));
  while (!title.empty() && title.back() == ' ') title.pop_back();
  return title;
}

}  // namespace docupilot::inline v1
