#include "summary/candidates.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "text/sentences.h"
#include "text/words.h"

namespace docupilot::inline v1::extractive {

namespace {

using text::ParagraphKind;
using text::Sentence;

// What a word at the front or anywhere in a sentence says about it.
enum Hint : std::uint8_t {
  leans = 1,       // on the sentence before, when it opens one: "however"
  points = 2,      // to something beside the text: "below"
  sees = 4,        // "see"
  place = 8,       // "section"; with "see" a mere reference
  notice = 16,     // "copyright"
  addresses = 32,  // the one who reads a page, not a text: "click"
};

struct HintWord {
  std::string_view word;
  unsigned hints;
};

constexpr auto hint_words = [] {
  auto words = std::to_array<HintWord>({
      {"above", points},
      {"accordingly", leans},
      {"additionally", leans},
      {"again", leans},
      {"also", leans},
      {"and", leans},
      {"another", leans},
      {"appendix", place},
      {"because", leans},
      {"below", points},
      {"both", leans},
      {"but", leans},
      {"chapter", place},
      {"click", addresses},
      {"consequently", leans},
      {"conversely", leans},
      {"copyright", notice},
      {"details", place},
      {"documentation", place},
      {"either", leans},
      {"figure", place},
      {"finally", leans},
      {"follows", points},
      {"further", leans},
      {"furthermore", leans},
      {"he", leans},
      {"hence", leans},
      {"her", leans},
      {"here", leans | points},
      {"his", leans},
      {"however", leans},
      {"information", place},
      {"instead", leans},
      {"it", leans},
      {"its", leans},
      {"likewise", leans},
      {"manual", place},
      {"meanwhile", leans},
      {"moreover", leans},
      {"nevertheless", leans},
      {"or", leans},
      {"otherwise", leans},
      {"page", place},
      {"refer", sees},
      {"see", sees},
      {"section", place},
      {"she", leans},
      {"similarly", leans},
      {"so", leans},
      {"subscribe", addresses},
      {"such", leans},
      {"table", place},
      {"that", leans},
      {"their", leans},
      {"then", leans},
      {"there", leans},
      {"therefore", leans},
      {"these", leans},
      {"they", leans},
      {"this", leans},
      {"those", leans},
      {"though", leans},
      {"thus", leans},
      {"yet", leans},
      {"following", points},
      // German
      {"aber", leans},
      {"abschnitt", place},
      {"auch", leans},
      {"außerdem", leans},
      {"daher", leans},
      {"dann", leans},
      {"das", leans},
      {"dazu", leans},
      {"denn", leans},
      {"deshalb", leans},
      {"dies", leans},
      {"diese", leans},
      {"dieser", leans},
      {"dieses", leans},
      {"er", leans},
      {"es", leans},
      {"jedoch", leans},
      {"kapitel", place},
      {"sie", leans},
      {"siehe", sees},
      {"und", leans},
      {"unten", points},
      // French, Spanish, Italian, Portuguese
      {"ainsi", leans},
      {"anche", leans},
      {"así", leans},
      {"aussi", leans},
      {"cela", leans},
      {"ces", leans},
      {"cet", leans},
      {"cette", leans},
      {"dunque", leans},
      {"e", leans},
      {"ella", leans},
      {"elle", leans},
      {"elles", leans},
      {"ellos", leans},
      {"esta", leans},
      {"este", leans},
      {"esto", leans},
      {"et", leans},
      {"il", leans},
      {"ils", leans},
      {"inoltre", leans},
      {"isso", leans},
      {"mais", leans},
      {"mas", leans},
      {"ma", leans},
      {"pero", leans},
      {"porém", leans},
      {"questa", leans},
      {"questo", leans},
      {"además", leans},
      // Russian, Turkish
      {"а", leans},
      {"ayrıca", leans},
      {"ancak", leans},
      {"bu", leans},
      {"bunlar", leans},
      {"и", leans},
      {"но", leans},
      {"однако", leans},
      {"он", leans},
      {"она", leans},
      {"они", leans},
      {"поэтому", leans},
      {"также", leans},
      {"это", leans},
      {"эти", leans},
      {"этот", leans},
  });
  std::ranges::sort(words, {}, &HintWord::word);
  return words;
}();

unsigned hints_of(std::string_view word) noexcept {
  const auto* found = std::ranges::lower_bound(hint_words, word, {}, &HintWord::word);
  return found != hint_words.end() && found->word == word ? found->hints : 0;
}

enum Sign : std::uint8_t { other, small, capital, digit, space, symbol, opening, closing };

constexpr auto signs = [] {
  std::array<Sign, 256> table{};
  table.fill(other);
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = small;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = capital;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = digit;
  for (unsigned c = 0x80; c < 256; ++c) table[c] = small;
  for (unsigned c = 0; c <= ' '; ++c) table[c] = space;
  for (const unsigned char c : std::string_view("{}<>=|\\_$#@~^*+&;")) table[c] = symbol;
  for (const unsigned char c : std::string_view("([")) table[c] = opening;
  for (const unsigned char c : std::string_view(")]")) table[c] = closing;
  return table;
}();

// What a sentence looks like from afar.
struct Shape {
  std::array<std::uint32_t, 8> counts{};
  std::uint32_t gaps = 0;      // words as a word processor counts them: what stands between white space
  std::uint32_t unspaced = 0;  // characters of scripts that do without spaces
  std::uint32_t hints = 0;
  std::uint32_t first_hints = 0;

  [[nodiscard]] std::uint32_t count(Sign sign) const noexcept { return counts[sign]; }
};

Shape shape_of(std::string_view sentence) noexcept {
  Shape shape;
  bool in_space = true;
  for (const char c : sentence) {
    const auto byte = static_cast<unsigned char>(c);
    const Sign sign = signs[byte];
    ++shape.counts[sign];
    shape.gaps += in_space && sign != space ? 1U : 0U;
    shape.unspaced += byte >= 0xe3 && byte <= 0xe9 ? 1U : 0U;
    in_space = sign == space;
  }
  return shape;
}

// The lower the better: candidates of the best class that a text holds are used.
enum class Class : std::uint8_t { good, complete, line, data };

constexpr std::uint32_t fewest_words = 4;
constexpr std::uint32_t most_words = 60;

bool is_notice(std::string_view sentence, const Shape& shape) noexcept {
  return sentence.find("©") != std::string_view::npos || (shape.first_hints & notice) != 0 ||
         ((shape.hints & notice) != 0 && sentence.find("(c)") != std::string_view::npos) ||
         sentence.find("ll rights reserved") != std::string_view::npos;
}

Class class_of(const Sentence& sentence, std::string_view spelling, const Shape& shape, std::uint32_t length) noexcept {
  if (sentence.kind == ParagraphKind::data) return Class::data;
  if (!sentence.complete) return Class::line;
  const std::uint32_t letters = shape.count(small) + shape.count(capital);
  const std::uint32_t seen = static_cast<std::uint32_t>(spelling.size()) - shape.count(space);
  const bool long_enough = length >= fewest_words || shape.unspaced >= 8;
  const bool language = 100 * shape.count(symbol) <= 5 * seen && 10 * letters >= 7 * seen &&
                        2 * shape.count(capital) <= letters && 5 * shape.count(digit) <= seen;
  const bool good = long_enough && length <= most_words && language && !is_notice(spelling, shape);
  return good ? Class::good : Class::complete;
}

std::uint32_t quality_of(const Sentence& sentence, std::string_view spelling, const Shape& shape,
                         std::uint32_t length) noexcept {
  std::uint32_t quality = 1000;
  const auto unless = [&](bool bad, std::uint32_t per_mille) {
    if (bad) quality = quality * per_mille / 1000;
  };
  const auto front = static_cast<unsigned char>(spelling.front());
  const char last = spelling.back();
  unless(sentence.kind == ParagraphKind::item, 700);
  unless(signs[front] == small && front < 0x80, 400);
  unless((shape.first_hints & leans) != 0, sentence.first ? 850 : 550);
  unless((shape.first_hints & sees) != 0, 200);
  unless((shape.hints & sees) != 0 && (shape.hints & place) != 0, 350);
  unless((shape.hints & points) != 0, 600);
  unless((shape.hints & addresses) != 0, 500);
  unless(last == '?', 300);
  unless(last == '!', 700);
  unless(length < 7 && shape.unspaced == 0, 600);
  unless(length > 30, 900);
  unless(length > 40, 750);
  unless(shape.count(opening) != shape.count(closing), 400);
  unless(spelling.find("://") != std::string_view::npos, 600);
  unless(10 * shape.count(digit) > spelling.size(), 700);
  unless(100 * shape.count(symbol) > spelling.size(), 700);
  return quality;
}

// As much of a sentence as is shown.
std::string_view cut(std::string_view text, const Sentence& sentence) noexcept {
  const std::size_t most_bytes = sentence.complete ? 4000 : 1000;
  std::size_t size = sentence.size;
  if (size > most_bytes) {
    size = most_bytes;
    while (size > 0 && (static_cast<unsigned char>(text[sentence.offset + size]) & 0xc0U) == 0x80U) --size;
  }
  return text.substr(sentence.offset, size);
}

class Reader {
 public:
  Reader(std::string_view text, std::uint64_t seed) : text_(text), reading_{seed, Vocabulary(seed), {}, {}, {}} {
    reading_.frequency.reserve(256);
    reading_.words.reserve(512);
    reading_.candidates.reserve(32);
    hints_.reserve(256);
  }

  void read(const Sentence& sentence) {
    const std::size_t most = sentence.complete ? 200 : most_words;
    std::string_view spelling = cut(text_, sentence);
    const auto first_word = static_cast<std::uint32_t>(reading_.words.size());
    std::uint32_t count = 0;
    std::uint32_t hints = 0;
    for (text::WordReader words(spelling); words.next();) {
      if (count == most) {
        spelling = spelling.substr(0, end_);
        break;
      }
      end_ = words.word().offset + words.word().spelling.size();
      hints |= number(words.word().spelling);
      ++count;
    }
    if (count == 0) return;
    Shape shape = shape_of(spelling);
    shape.hints = hints;
    shape.first_hints = hints_[reading_.words[first_word]];
    const std::uint32_t length = std::max(count, shape.gaps);
    const Class rank = class_of(sentence, spelling, shape, length);
    if (rank > best_) {
      reading_.words.resize(first_word);
      return;
    }
    if (rank < best_) reading_.candidates.clear();
    best_ = rank;
    reading_.candidates.push_back(
        {sentence.offset, spelling.size(), first_word, count, length, quality_of(sentence, spelling, shape, length)});
  }

  [[nodiscard]] Reading take() && { return std::move(reading_); }

 private:
  std::uint32_t number(std::string_view spelling) {
    const std::uint32_t id = reading_.vocabulary.id(spelling);
    if (id == reading_.frequency.size()) {
      reading_.frequency.push_back(0);
      hints_.push_back(static_cast<std::uint8_t>(hints_of(reading_.vocabulary.word(id))));
    }
    ++reading_.frequency[id];
    reading_.words.push_back(id);
    return hints_[id];
  }

  std::string_view text_;
  Reading reading_;
  std::vector<std::uint8_t> hints_;  // of each word of the vocabulary
  Class best_ = Class::data;
  std::size_t end_ = 0;
};

}  // namespace

Result<Reading> read_candidates(std::string_view text, std::uint64_t seed, const Context& context) {
  static constexpr std::size_t check_every = 64;
  Reader reader(text, seed);
  std::size_t count = 0;
  for (text::SentenceReader sentences(text); sentences.next(); ++count) {
    if (count % check_every == 0) DOCUPILOT_CHECK(context.check("summarize"));
    reader.read(sentences.sentence());
  }
  return std::move(reader).take();
}

}  // namespace docupilot::inline v1::extractive
