#include "summary/candidates.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "summary/hints.h"
#include "text/sentences.h"
#include "text/words.h"

namespace docupilot::inline v1::extractive {

namespace {

using text::ParagraphKind;
using text::Sentence;

enum Sign : std::uint8_t { other, small, capital, digit, space, symbol, opening, closing };

constexpr auto signs = [] {
  std::array<Sign, 256> table{};
  table.fill(other);
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = small;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = capital;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = digit;
  for (unsigned c = 0x80; c < 256; ++c) table[c] = small;
  for (unsigned c = 0; c <= ' '; ++c) table[c] = space;
  for (const char c : std::string_view("{}<>=|\\_$#@~^*+&;")) table[static_cast<unsigned char>(c)] = symbol;
  for (const char c : std::string_view("([")) table[static_cast<unsigned char>(c)] = opening;
  for (const char c : std::string_view(")]")) table[static_cast<unsigned char>(c)] = closing;
  return table;
}();

// What a sentence looks like from afar.
struct Shape {
  std::array<std::uint32_t, 8> counts{};
  std::uint32_t gaps = 0;      // words as a word processor counts them: what stands between white space
  std::uint32_t unspaced = 0;  // characters of scripts that do without spaces
  std::uint32_t hints = 0;
  std::uint32_t first_hints = 0;  // of the word at the front

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
  static constexpr std::string_view phrases[] = {"(c)",
                                                 "(C)",
                                                 "ll rights reserved",
                                                 "ermission is ",
                                                 "ermission notice",
                                                 "arrant",
                                                 "egistered trademark",
                                                 "property of their"};
  if (sentence.find("©") != std::string_view::npos) return true;
  if ((shape.hints & notice) == 0) return false;
  const bool opens = sentence.starts_with("Copyright") || sentence.starts_with("copyright");
  return opens || std::ranges::any_of(phrases, [&](std::string_view phrase) {
           return sentence.find(phrase) != std::string_view::npos;
         });
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
  const auto holds = [&](std::string_view part) { return spelling.find(part) != std::string_view::npos; };
  const std::string_view first_word = spelling.substr(0, spelling.find(' '));
  const bool is_name = first_word.find_first_of("_0123456789") != std::string_view::npos;
  const char last = spelling.back();
  unless(sentence.kind == ParagraphKind::item, 700);
  unless(signs[front] == small && front < 0x80 && !is_name, 400);
  unless((shape.first_hints & leans) != 0, sentence.first ? 850 : 550);
  unless((shape.first_hints & sees) != 0, 200);
  unless((shape.hints & sees) != 0 && (shape.hints & place) != 0, 350);
  unless((shape.hints & points) != 0, 600);
  unless((shape.hints & addresses) != 0, 500);
  unless(holds(" this ") || holds(" these "), holds(", this ") ? 600 : 850);
  unless(first_word == "To" && !holds(","), 300);
  unless(spelling.front() == '(', 300);
  unless(last == '?', 300);
  unless(last == '!', 700);
  unless(length < 7 && shape.unspaced == 0, 600);
  unless(length > 30, 900);
  unless(length > 40, 750);
  unless(shape.count(opening) != shape.count(closing), 400);
  unless(holds("://"), 600);
  unless(10 * shape.count(digit) > spelling.size(), 700);
  unless(100 * shape.count(symbol) > spelling.size(), 700);
  return quality;
}

// As much of a sentence as is shown: not without end, and no marks of footnotes such as [12].
std::string_view cut(std::string_view text, const Sentence& sentence) noexcept {
  std::string_view shown = text.substr(sentence.offset, sentence.size);
  const std::size_t most_bytes = sentence.complete ? 4000 : 1000;
  if (shown.size() > most_bytes) {
    std::size_t size = most_bytes;
    while (size > 0 && (static_cast<unsigned char>(shown[size]) & 0xc0U) == 0x80U) --size;
    return shown.substr(0, size);
  }
  while (sentence.complete && shown.ends_with(']')) {
    const std::size_t bracket = shown.rfind('[');
    if (bracket == std::string_view::npos || bracket == 0) break;
    if (shown.find_first_not_of("0123456789", bracket + 1) + 1 != shown.size()) break;
    shown = shown.substr(0, bracket);
  }
  return shown;
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
    unsigned hints = 0;
    unsigned before = 0;
    unsigned leaning = 0;
    for (text::WordReader words(spelling); words.next();) {
      if (count == most) {
        spelling = spelling.substr(0, end_);
        break;
      }
      end_ = words.word().offset + words.word().spelling.size();
      const unsigned own = number(words.word().spelling);
      if (count == 0) leaning = own;
      if (count == 1 && ((own & refers) != 0 || ((own & turns) != 0 && end_ <= 12))) leaning |= leans;
      const bool counted = signs[static_cast<unsigned char>(words.word().spelling.front())] == digit;
      hints |= own | ((before & place) != 0 && counted ? unsigned{points} : 0U);  // "section 3"
      before = own;
      ++count;
    }
    if (count == 0) return;
    Shape shape = shape_of(spelling);
    shape.hints = hints;
    shape.first_hints = leaning;
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
  unsigned number(std::string_view spelling) {
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
