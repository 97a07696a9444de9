#include "text/sentences.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "text/abbreviations.h"
#include "text/characters.h"
#include "text/stop_words.h"
#include "text/words.h"

namespace docupilot::inline v1::text {

namespace {

enum class Stop : std::uint8_t {
  none,
  dot,       // may also mark an abbreviation
  ellipsis,  // may also stand within a sentence
  mark,      // of exclamation
  question,
  hard,  // ends a sentence wherever it stands
};

Stop stop_of(std::int32_t code) noexcept {
  switch (code) {
    case '.': return Stop::dot;
    case '!': return Stop::mark;
    case '?': return Stop::question;
    case 0x2026: return Stop::ellipsis;  // horizontal ellipsis
    case 0x203c:
    case 0x2047:
    case 0x2048:
    case 0x2049: return Stop::question;  // double marks
    case 0x0589:
    case 0x061f:
    case 0x06d4:
    case 0x0700:  // Armenian, Arabic, Urdu, Syriac
    case 0x0964:
    case 0x0965:
    case 0x104a:
    case 0x104b:  // Devanagari, Burmese
    case 0x1362:
    case 0x1367:
    case 0x17d4:
    case 0x17d5:  // Ethiopic, Khmer
    case 0x3002:
    case 0xff01:
    case 0xff0e:
    case 0xff1f:
    case 0xff61: return Stop::hard;  // Chinese and Japanese
    default: return Stop::none;
  }
}

constexpr std::array<bool, 256> make_candidates() {
  std::array<bool, 256> candidates{};
  for (const unsigned c : {0x21U, 0x2eU, 0x3fU}) candidates[c] = true;  // ! . ?
  for (const unsigned c : {0xd6U, 0xd8U, 0xdbU, 0xdcU, 0xe0U, 0xe1U, 0xe2U, 0xe3U, 0xefU}) candidates[c] = true;
  return candidates;
}

// Whether a byte may begin a stop.
constexpr auto candidates = make_candidates();

bool is_closer(std::int32_t code) noexcept {
  switch (code) {
    case '"':
    case '\'':
    case '*':
    case '_':
    case '`':
    case 0xbb:
    case 0x2019:
    case 0x201d: return true;
    default: break;
  }
  if (code < 0x80) return code == ')' || code == ']' || code == '}';
  const auto category = utf8proc_category(code);
  const bool superscript = code == 0xb9 || code == 0xb2 || code == 0xb3 || (code >= 0x2070 && code <= 0x2079);
  return category == UTF8PROC_CATEGORY_PE || category == UTF8PROC_CATEGORY_PF || superscript;
}

bool is_opener(std::int32_t code) noexcept {
  switch (code) {
    case '"':
    case '\'':
    case '*':
    case '_':
    case '`':
    case '(':
    case '[':
    case 0xa1:
    case 0xab:
    case 0xbb:
    case 0xbf:
    case 0x2018:
    case 0x201c:
    case 0x201e: return true;
    default: return code >= 0x80 && utf8proc_category(code) == UTF8PROC_CATEGORY_PS;
  }
}

// Behind quotes, brackets and marks of footnotes such as [12].
std::size_t skip_closers(std::string_view text, std::size_t at) noexcept {
  for (;;) {
    if (at < text.size() && text[at] == '[') {
      std::size_t i = at + 1;
      while (i < text.size() && i < at + 5 && is_digit(text[i])) ++i;
      if (i == at + 1 || i >= text.size() || text[i] != ']') return at;
      at = i + 1;
      continue;
    }
    const Character c = character_at(text, at);
    const std::size_t behind = at + c.size;
    const auto apart = [&](std::size_t i) { return i >= text.size() || is_space(character_at(text, i).code); };
    const bool german = (c.code == 0xab || c.code == 0x2018 || c.code == 0x201c) && apart(behind);
    if (german || is_closer(c.code)) {
      at = behind;
    } else if (is_space(c.code) && text.substr(behind, 2) == "\u00bb" && apart(behind + 2)) {
      at = behind + 2;  // French quotes stand apart
    } else {
      return at;
    }
  }
}

template <class Predicate>
std::size_t skip(std::string_view text, std::size_t at, Predicate predicate) noexcept {
  for (Character c = character_at(text, at); predicate(c.code); c = character_at(text, at)) at += c.size;
  return at;
}

// The characters before `end` up to a space or an opening sign; at most so many bytes as any abbreviation has.
std::string_view token_before(std::string_view text, std::size_t end) noexcept {
  static constexpr std::size_t longest = 24;
  std::size_t begin = end;
  while (begin > 0 && end - begin < longest) {
    const Character c = character_before(text, begin);
    if (c.code < 0 || is_space(c.code) || is_opener(c.code) || c.code == '/' || c.code == '-' || c.code == ',') break;
    begin -= c.size;
  }
  return text.substr(begin, end - begin);
}

// "J" or "É", and "U.S" or "p.m": single letters with full stops between them.
bool is_initials(std::string_view token) noexcept {
  std::size_t letters = 0;
  for (std::size_t i = 0; i < token.size(); ++letters) {
    const Character c = character_at(token, i);
    if (!is_letter(c.code)) return false;
    i += c.size;
    if (i < token.size() && token[i++] != '.') return false;
  }
  return letters > 1 || (letters == 1 && is_upper(character_at(token, 0).code));
}

// "The", "In", "Der": a word that is common in sentences but no part of a name.
bool is_starter(std::string_view word) {
  static constexpr std::string_view particles[] = {"al",  "da",  "das", "de",  "dei", "del",  "della", "den",
                                                   "der", "des", "di",  "do",  "dos", "du",   "e",     "la",
                                                   "le",  "los", "may", "van", "von", "will", "y"};
  const std::string folded = fold_case(word);
  if (stop_word_in(folded) == 0 || folded.size() < 2) return false;
  return std::ranges::find(particles, folded) == std::end(particles);
}

bool is_german_month(std::string_view word) noexcept {
  static constexpr std::string_view months[] = {"Januar",  "Jänner",   "Februar",  "März",        "April",
                                                "Mai",     "Juni",     "Juli",     "August",      "September",
                                                "Oktober", "November", "Dezember", "Jahrhundert", "Jahrhunderts"};
  return std::ranges::find(months, word) != std::end(months);
}

// The name of a program or variable: it keeps its lower case at the front of a sentence.
bool is_identifier(std::string_view word) noexcept {
  bool lower = false;
  for (const char c : word) {
    if (c == '_' || c == '(' || is_digit(c) || (lower && is_upper(c))) return true;
    lower = lower || is_lower(c);
  }
  return false;
}

// What stands behind a stop and the space after it.
struct Next {
  std::int32_t code = -1;
  std::string_view word;
};

Next next_at(std::string_view text, std::size_t at) noexcept {
  at = skip(text, at, is_space);
  at = skip(text, at, is_opener);
  const Next next{character_at(text, at).code, {}};
  std::size_t end = at;
  while (end < text.size() && end - at < 40 && text[end] != ' ' && text[end] != '\n' && text[end] != ',') ++end;
  return {next.code, text.substr(at, end - at)};
}

// The word before a full stop, with the single letters and full stops before it: "h" in "d. h." is "d.h".
std::string abbreviation_before(std::string_view text, std::size_t end) {
  static constexpr std::size_t most_letters = 4;
  std::string_view token = token_before(text, end);
  std::string word = fold_case(token);
  for (std::size_t i = 0; i < most_letters && !token.empty() && token.size() <= 4; ++i) {
    end -= token.size();
    while (is_space(character_before(text, end).code)) end -= character_before(text, end).size;
    if (end == 0 || text[end - 1] != '.') break;
    token = token_before(text, --end);
    if (token.empty() || token.size() != character_at(token, 0).size || !is_letter(character_at(token, 0).code)) break;
    word = fold_case(token) + '.' + word;
  }
  return word;
}

// Whether the full stop at `dot` ends the sentence, with `next` behind it.
bool dot_ends(std::string_view text, std::size_t dot, const Next& next) {
  const std::string_view token = token_before(text, dot);
  if (is_lower(next.code) && (token.size() <= 2 || !is_identifier(next.word))) return false;
  const std::string word = abbreviation_before(text, dot);
  const Abbreviation known = abbreviation(word);
  if (is_lower(next.code)) return known == Abbreviation::none;
  const Character first = character_at(token, 0);
  const bool letter = first.size == token.size() && is_letter(first.code);
  const Character second = character_at(next.word, 0);
  if (letter && is_letter(second.code) && next.word.substr(second.size).starts_with('.')) return false;
  if (is_initials(token) && known != Abbreviation::ends_list) return is_starter(next.word);
  switch (known) {
    case Abbreviation::goes_on: return false;
    case Abbreviation::before_number: return !is_digit(next.code);
    case Abbreviation::may_end: return !is_digit(next.code) && (!is_upper(next.code) || is_starter(next.word));
    case Abbreviation::ends_list: return true;
    case Abbreviation::none: break;
  }
  const bool ordinal = token.size() <= 2 && !token.empty() && std::ranges::all_of(token, is_digit);
  return !(ordinal && is_german_month(next.word));
}

// Where the sentence that begins at `begin` of a paragraph ends, and whether a stop ends it.
struct End {
  std::size_t position = 0;
  bool complete = false;
};

End end_of_sentence(std::string_view text, std::size_t begin) {
  for (std::size_t i = begin; i < text.size();) {
    if (!candidates[static_cast<unsigned char>(text[i])]) {
      ++i;
      continue;
    }
    const std::size_t first = i;
    Stop stop = Stop::none;
    std::size_t stops = 0;
    for (Character c = character_at(text, i);; c = character_at(text, i)) {
      const Stop one = stop_of(c.code);
      if (one == Stop::none) break;
      stop = std::max(stop, one);
      ++stops;
      i += c.size;
      const std::string_view spaced = text.substr(i, 3);  // ". . ." is an ellipsis
      if (spaced == " . " || (spaced == " ." && i + 2 == text.size())) ++i;
    }
    if (stop == Stop::none) {
      i += character_at(text, i).size;
      continue;
    }
    if (stop == Stop::dot && stops > 1) stop = Stop::ellipsis;
    const std::size_t closed = skip_closers(text, i);
    if (closed == text.size()) return {closed, true};
    const bool space = is_space(character_at(text, closed).code);
    if (!space && (stop != Stop::hard || closed != i)) continue;
    if (stop == Stop::hard) return {closed, true};
    const Next next = next_at(text, closed);
    const bool lower = is_lower(next.code);
    const bool ends = stop == Stop::dot        ? dot_ends(text, first, next)
                      : stop == Stop::question ? !lower || closed == i
                                               : !lower;
    if (ends) return {closed, true};
    i = closed;
  }
  return {text.size(), false};
}

}  // namespace

bool SentenceReader::next() {
  bool first = false;
  if (position_ >= end_) {
    if (!paragraphs_.next()) return false;
    position_ = paragraphs_.paragraph().offset;
    end_ = position_ + paragraphs_.paragraph().size;
    first = true;
  }
  const ParagraphKind kind = paragraphs_.paragraph().kind;
  const bool text = kind == ParagraphKind::prose || kind == ParagraphKind::item;
  const std::string_view paragraph = text_.substr(0, end_);
  const End end = text ? end_of_sentence(paragraph, position_) : End{end_, false};
  sentence_ = {position_, end.position - position_, kind, end.complete, first};
  position_ = skip(paragraph, end.position, is_space);
  return true;
}

}  // namespace docupilot::inline v1::text
