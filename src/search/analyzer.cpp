#include "search/analyzer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "search/word_changes.h"
#include "text/characters.h"
#include "text/stem.h"
#include "text/words.h"

namespace docupilot::inline v1::search {

namespace {

constexpr std::size_t longest_token = 64;
constexpr std::size_t cached_size = 31;
constexpr std::size_t cached_words = 8192;

// Stems of words seen lately: running text repeats itself, and stemming costs more than all the rest.
struct CachedStem {
  std::uint8_t word_size = 0;
  std::uint8_t stem_size = 0;
  char word[cached_size];
  char stem[cached_size];
};

std::size_t slot_of(std::string_view word) noexcept { return WordHash()(word) % cached_words; }

// Cuts to the longest token, between characters.
std::string_view shorten(std::string_view word) noexcept {
  if (word.size() <= longest_token) return word;
  std::size_t size = longest_token;
  while (size > 0 && (static_cast<unsigned char>(word[size]) & 0xc0) == 0x80) --size;
  return word.substr(0, size);
}

// Thai, Lao, Myanmar, Khmer, kana and bopomofo, Han with its extensions and compatibility forms.
bool is_unspaced(std::int32_t c) noexcept {
  return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) || (c >= 0x1780 && c <= 0x17ff) ||
         (c >= 0x3005 && c <= 0x3007) || (c >= 0x3040 && c <= 0x312f) || (c >= 0x3400 && c <= 0x4dbf) ||
         (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

bool is_ascii_separator(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x80 && !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'));
}

// Size of the marks behind a word that belong to it: "++" and "#" as in C++ and C#.
std::size_t marks_after(std::string_view rest) noexcept {
  const auto ends = [&](std::size_t at) {
    if (at >= rest.size()) return true;
    const char c = rest[at];
    return is_ascii_separator(c) && c != '+' && c != '#' && !(c >= 'A' && c <= 'Z');
  };
  if (rest.starts_with("++") && ends(2)) return 2;
  return rest.starts_with('#') && ends(1) ? 1 : 0;
}

}  // namespace

struct Analyzer::State {
  using Take = std::function<void(const Token&)>;

  text::Stemmer stemmer = *text::Stemmer::make("en");
  std::vector<CachedStem> cache = std::vector<CachedStem>(cached_words);
  std::string folded;

  std::string_view stem(std::string_view word) {
    if (word.size() > cached_size) return word;  // data, not language
    CachedStem& cached = cache[slot_of(word)];
    if (word != std::string_view(cached.word, cached.word_size)) {
      const std::string_view stem = stemmer.stem(word);
      if (stem.empty() || stem.size() > cached_size) return stem.empty() ? word : stem;
      cached.word_size = static_cast<std::uint8_t>(word.size());
      cached.stem_size = static_cast<std::uint8_t>(stem.size());
      std::memcpy(cached.word, word.data(), word.size());
      std::memcpy(cached.stem, stem.data(), stem.size());
    }
    return {cached.stem, cached.stem_size};
  }

  void part(std::string_view word, std::size_t offset, std::size_t size, const Take& take) {
    word = shorten(word);
    if (!word.empty()) take({word, stem(word), offset, size});
  }

  // A word of one script, in one piece.
  void word(std::string_view spelling, std::size_t offset, std::string_view rest, const Take& take) {
    folded = text::fold(spelling);
    if (const std::size_t marks = marks_after(rest); marks > 0 && folded.size() + marks <= longest_token) {
      folded += rest.substr(0, marks);
      return take({folded, folded, offset, spelling.size() + marks});
    }
    // Apostrophes part words, and folding can bring other separators in: one character becomes a phrase.
    std::string_view left = folded;
    for (bool possessive = false; !left.empty();) {
      const auto end = static_cast<std::size_t>(std::ranges::find_if(left, is_ascii_separator) - left.begin());
      const std::string_view piece = left.substr(0, end);
      if (!(possessive && piece == "s" && end == left.size())) part(piece, offset, spelling.size(), take);
      if (end == left.size()) return;
      possessive = left[end] == '\'';
      left.remove_prefix(end + 1);
    }
  }

  // The common case: letters and digits of ASCII. False when there is anything else.
  bool plain_word(std::string_view spelling, std::size_t offset, std::string_view rest, const Take& take) {
    if (spelling.size() > longest_token || rest.starts_with('+') || rest.starts_with('#')) return false;
    folded.resize(spelling.size());
    for (std::size_t i = 0; i < spelling.size(); ++i) {
      const char c = spelling[i];
      folded[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
      if (static_cast<unsigned char>(c) >= 0x80 || c == '\'') return false;
    }
    take({folded, stem(folded), offset, spelling.size()});
    return true;
  }

  void run(std::string_view spelling, std::size_t offset, std::string_view rest, const Take& take) {
    if (plain_word(spelling, offset, rest, take)) return;
    const auto far = [](char c) { return static_cast<unsigned char>(c) >= 0xe0; };
    if (std::ranges::none_of(spelling, far)) return word(spelling, offset, rest, take);
    std::size_t begin = 0;
    for (std::size_t at = 0; at < spelling.size();) {
      const text::Character character = text::character_at(spelling, at);
      if (is_unspaced(character.code)) {
        if (begin < at) word(spelling.substr(begin, at - begin), offset + begin, {}, take);
        word(spelling.substr(at, character.size), offset + at, {}, take);
        begin = at + character.size;
      }
      at += character.size;
    }
    if (begin < spelling.size()) word(spelling.substr(begin), offset + begin, rest, take);
  }
};

Analyzer::Analyzer() : state_(std::make_unique<State>()) {}
Analyzer::~Analyzer() = default;
Analyzer::Analyzer(Analyzer&&) noexcept = default;
Analyzer& Analyzer::operator=(Analyzer&&) noexcept = default;

void Analyzer::read(std::string_view text, const std::function<void(const Token&)>& take) {
  for (text::WordReader words(text); words.next();) {
    const text::Word& word = words.word();
    state_->run(word.spelling, word.offset, text.substr(word.offset + word.spelling.size()), take);
  }
}

bool is_stop_word(std::string_view word) noexcept {
  static constexpr auto words = std::to_array<std::string_view>(
      {"a",      "about", "after", "all",  "also", "am",    "an",  "and",   "any",  "are",  "as",    "at",
       "be",     "been",  "but",   "by",   "can",  "could", "did", "do",    "does", "for",  "from",  "had",
       "has",    "have",  "he",    "her",  "him",  "his",   "how", "i",     "if",   "in",   "into",  "is",
       "it",     "its",   "may",   "me",   "my",   "no",    "not", "of",    "on",   "or",   "our",   "she",
       "should", "so",    "some",  "such", "than", "that",  "the", "their", "them", "then", "there", "these",
       "they",   "this",  "to",    "too",  "us",   "was",   "we",  "were",  "what", "when", "where", "which",
       "while",  "who",   "why",   "will", "with", "would", "you", "your"});
  return std::ranges::binary_search(words, word);
}

}  // namespace docupilot::inline v1::search
