#include "extract/markdown_inline.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

using namespace std::string_view_literals;

// Openers that still wait for their end; the oldest are given up, so that each end looks at a bounded number of them.
constexpr std::size_t most_waiting = 64;

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\0'; }
bool is_punctuation(char c) noexcept { return c > ' ' && c < '\x7f' && !is_letter(c) && !is_digit(c); }

void append_code_point(std::string& out, std::uint32_t c) {
  if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 0xfffd;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0U | c >> 6U);
    out += static_cast<char>(0x80U | (c & 0x3fU));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0U | c >> 12U);
    out += static_cast<char>(0x80U | (c >> 6U & 0x3fU));
    out += static_cast<char>(0x80U | (c & 0x3fU));
  } else {
    out += static_cast<char>(0xf0U | c >> 18U);
    out += static_cast<char>(0x80U | (c >> 12U & 0x3fU));
    out += static_cast<char>(0x80U | (c >> 6U & 0x3fU));
    out += static_cast<char>(0x80U | (c & 0x3fU));
  }
}

class InlineReader {
 public:
  explicit InlineReader(std::string_view text) : text_(text) {}
  std::string run() &&;

 private:
  struct Run {  // of *, _ or ~ in out_
    char mark;
    std::size_t begin;
    std::size_t length;
    bool can_open;
  };
  struct Bracket {
    std::size_t begin;  // in out_, of "[" or "!["
    std::size_t length;
  };
  [[nodiscard]] char at(std::size_t i) const noexcept { return i < text_.size() ? text_[i] : '\0'; }
  void escape();
  void code();
  void angle();
  void entity();
  void emphasis();
  void close_bracket();
  [[nodiscard]] std::size_t end_of_target(std::size_t from) noexcept;
  void literal(std::size_t length) {
    out_ += text_.substr(at_, length);
    at_ += length;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<Run> runs_;
  std::vector<Bracket> brackets_;
  std::vector<std::pair<std::size_t, std::size_t>> removed_;  // begin and length in out_
  // Searches that found nothing up to the end of the text need not be made again.
  std::array<bool, 33> no_code_end_{};  // by length of the run
  bool no_comment_end_ = false;
  bool no_target_end_ = false;
};

void InlineReader::escape() {
  const char next = at(at_ + 1);
  if (next == '\n') {
    ++at_;
  } else if (is_punctuation(next)) {
    out_ += next;
    at_ += 2;
  } else {
    literal(1);
  }
}

void InlineReader::code() {
  const std::size_t length = std::min(text_.find_first_not_of('`', at_), text_.size()) - at_;
  if (length >= no_code_end_.size() || no_code_end_[length]) return literal(length);
  for (std::size_t i = text_.find('`', at_ + length); i != std::string_view::npos; i = text_.find('`', i)) {
    const std::size_t end = std::min(text_.find_first_not_of('`', i), text_.size());
    if (end - i == length) {
      std::string_view inside = text_.substr(at_ + length, i - at_ - length);
      const bool padded = inside.size() > 2 && inside.front() == ' ' && inside.back() == ' ';
      out_ += padded ? inside.substr(1, inside.size() - 2) : inside;
      at_ = end;
      return;
    }
    i = end;
  }
  no_code_end_[length] = true;
  literal(length);
}

/// <https://address>, <name@host>, a tag or a comment.
void InlineReader::angle() {
  const std::string_view rest = text_.substr(at_);
  if (rest.starts_with("<!--") && !no_comment_end_) {
    const std::size_t comment_end = rest.find("-->", 4);
    no_comment_end_ = comment_end == std::string_view::npos;
    if (no_comment_end_) return literal(1);
    at_ += comment_end + 3;
    return;
  }
  const char next = at(at_ + 1);
  const std::size_t end = rest.find_first_of("<>", 1);
  const bool begins = is_letter(next) || next == '/' || next == '!' || next == '?';
  if (!begins || end == std::string_view::npos || rest[end] == '<') return literal(1);
  const std::string_view inside = rest.substr(1, end - 1);
  const bool address = inside.find_first_of(" \t\n") == std::string_view::npos && next != '/' &&
                       inside.find_first_of(":@") != std::string_view::npos &&
                       inside.find('=') > inside.find_first_of(":@");
  if (address) out_ += inside;
  else if (inside.starts_with("br") && (inside.size() == 2 || !is_letter(inside[2]))) out_ += '\n';
  at_ += end + 1;
}

void InlineReader::entity() {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> named{{{"amp"sv, "&"sv},
                                                                                        {"lt"sv, "<"sv},
                                                                                        {"gt"sv, ">"sv},
                                                                                        {"quot"sv, "\""sv},
                                                                                        {"apos"sv, "'"sv},
                                                                                        {"nbsp"sv, " "sv},
                                                                                        {"copy"sv, "\u00a9"sv},
                                                                                        {"mdash"sv, "\u2014"sv},
                                                                                        {"ndash"sv, "\u2013"sv},
                                                                                        {"hellip"sv, "\u2026"sv}}};
  const std::string_view rest = text_.substr(at_ + 1, 12);
  const std::size_t end = rest.find(';');
  if (end == std::string_view::npos || end == 0) return literal(1);
  const std::string_view name = rest.substr(0, end);
  if (name[0] == '#' && name.size() > 1) {
    const bool hex = name[1] == 'x' || name[1] == 'X';
    const std::string_view digits = name.substr(hex ? 2 : 1);
    std::uint32_t value = 0;
    const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
    if (problem != std::errc() || stop != digits.data() + digits.size()) return literal(1);
    append_code_point(out_, value);
  } else {
    const auto* const found =
        std::find_if(named.begin(), named.end(), [&](const auto& one) { return one.first == name; });
    if (found == named.end()) return literal(1);
    out_ += found->second;
  }
  at_ += end + 2;
}

/// CommonMark 6.2: whether a run of marks opens or closes depends on what stands on both sides.
void InlineReader::emphasis() {
  const char mark = text_[at_];
  const std::size_t length = std::min(text_.find_first_not_of(mark, at_), text_.size()) - at_;
  const char before = at_ > 0 ? text_[at_ - 1] : '\0';
  const char after = at(at_ + length);
  const bool left = !is_space(after) && (!is_punctuation(after) || is_space(before) || is_punctuation(before));
  const bool right = !is_space(before) && (!is_punctuation(before) || is_space(after) || is_punctuation(after));
  const bool can_open = left && (mark != '_' || !right || is_punctuation(before));
  const bool can_close = right && (mark != '_' || !left || is_punctuation(after));
  std::size_t left_over = mark == '~' && length > 2 ? 0 : length;
  Run run{mark, out_.size(), length, can_open};
  literal(length);
  while (can_close && left_over > 0 && !runs_.empty()) {
    // The nearest opener of this mark; those of other marks in between are literal from now on.
    const auto opener = std::find_if(runs_.rbegin(), runs_.rend(), [&](const Run& r) { return r.mark == mark; });
    if (opener == runs_.rend()) break;
    runs_.erase(opener.base(), runs_.end());
    Run& open = runs_.back();
    if (mark == '~' && open.length != left_over) break;
    const std::size_t used = std::min(open.length, left_over);
    open.length -= used;
    removed_.emplace_back(open.begin + open.length, used);
    removed_.emplace_back(run.begin, used);
    run.begin += used;
    left_over -= used;
    if (open.length == 0) runs_.pop_back();
  }
  run.length = left_over;
  if (!can_open || left_over == 0) return;
  if (runs_.size() == most_waiting) runs_.erase(runs_.begin());
  runs_.push_back(run);
}

/// The end of "(target)" or "[label]" at `from`, or `from` when there is none.
std::size_t InlineReader::end_of_target(std::size_t from) noexcept {
  const char open = at(from);
  if (no_target_end_ || (open != '(' && open != '[')) return from;
  const char close = open == '(' ? ')' : ']';
  std::size_t depth = 0;
  char quote = '\0';
  for (std::size_t i = from; i < text_.size(); ++i) {
    const char c = text_[i];
    if (c == '\\') ++i;
    else if (quote != '\0') quote = c == quote ? '\0' : quote;
    else if (open == '(' && c == '"' && is_space(text_[i - 1])) quote = c;
    else if (c == open && ++depth > 32) return from;
    else if (c == close && --depth == 0) return i + 1;
  }
  no_target_end_ = true;
  return from;
}

void InlineReader::close_bracket() {
  if (brackets_.empty()) return literal(1);
  const Bracket bracket = brackets_.back();
  brackets_.pop_back();
  const std::size_t end = end_of_target(at_ + 1);
  const std::string_view inside = std::string_view(out_).substr(bracket.begin + bracket.length);
  if (end > at_ + 1) {
    removed_.emplace_back(bracket.begin, bracket.length);
    at_ = end;
  } else if (inside.starts_with('^')) {  // the number of a footnote
    removed_.emplace_back(bracket.begin, out_.size() - bracket.begin);
    ++at_;
  } else if (bracket.length == 2) {  // an image by reference
    removed_.emplace_back(bracket.begin, bracket.length);
    ++at_;
  } else {
    literal(1);  // perhaps a reference, perhaps just brackets: better to keep them
  }
}

std::string InlineReader::run() && {
  out_.reserve(text_.size());
  while (at_ < text_.size()) {
    const std::size_t plain = std::min(text_.find_first_of("\\`<&*_~[]!", at_), text_.size());
    literal(plain - at_);
    if (at_ == text_.size()) break;
    switch (text_[at_]) {
      case '\\': escape(); break;
      case '`': code(); break;
      case '<': angle(); break;
      case '&': entity(); break;
      case ']': close_bracket(); break;
      case '!':
      case '[': {
        const std::size_t length = text_[at_] == '!' ? 2 : 1;
        if (length == 2 && at(at_ + 1) != '[') {
          literal(1);
          break;
        }
        if (brackets_.size() == most_waiting) brackets_.erase(brackets_.begin());
        brackets_.push_back({out_.size(), length});
        literal(length);
        break;
      }
      default: emphasis(); break;
    }
  }
  std::sort(removed_.begin(), removed_.end());
  std::string kept;
  kept.reserve(out_.size());
  std::size_t done = 0;
  for (const auto& [begin, length] : removed_) {
    if (begin > done) kept.append(out_, done, begin - done);
    done = std::max(done, begin + length);
  }
  kept.append(out_, std::min(done, out_.size()), std::string::npos);
  return kept;
}

}  // namespace

std::string markdown_inline(std::string_view utf8) { return InlineReader(utf8).run(); }

}  // namespace docupilot::inline v1
