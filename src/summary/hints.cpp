#include "summary/hints.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace docupilot::inline v1::extractive {

namespace {

struct List {
  unsigned hints;
  std::string_view words;  // each with a space behind it
};

// English, German, French, Spanish, Italian, Portuguese, Russian, Turkish. Each word stands in one list.
constexpr auto lists = std::to_array<List>(
    {{points, "above below follows following unten "},
     {leans,
      "accordingly additionally again also and another because both but consequently conversely either "
      "finally further furthermore hence however instead likewise meanwhile moreover nevertheless or "
      "otherwise similarly so that then there therefore though thus yet aber auch außerdem daher dann das "
      "dazu denn deshalb dies diese dieser dieses er es jedoch sie und ainsi anche así aussi cela ces cet "
      "cette dunque e ella elle elles ellos esta este esto et il ils inoltre isso mais mas ma pero porém "
      "questa questo además а ayrıca ancak bu bunlar и но однако он она они поэтому также это эти этот "},
     {place,
      "appendix chapter details documentation figure information manual page section table abschnitt "
      "kapitel "},
     {addresses, "click subscribe "},
     {notice, "copyright disclaimer permission reserved trademark trademarks warranties warranty "},
     {leans | refers, "he her his it its she such their these they this those "},
     {leans | points, "here "},
     {sees, "refer see siehe "},
     {turns,
      "addition case consequence contrast example fact general hand instance particular practice result "
      "summary turn way words "}});

struct HintWord {
  std::string_view word;
  unsigned hints = 0;
};

constexpr std::size_t word_count = [] {
  std::size_t count = 0;
  for (const List& list : lists) count += static_cast<std::size_t>(std::ranges::count(list.words, ' '));
  return count;
}();

constexpr auto hint_words = [] {
  std::array<HintWord, word_count> words;
  std::size_t count = 0;
  for (const List& list : lists) {
    for (std::size_t begin = 0, end = 0; begin < list.words.size(); begin = end + 1) {
      end = list.words.find(' ', begin);
      words[count++] = {list.words.substr(begin, end - begin), list.hints};
    }
  }
  std::ranges::sort(words, {}, &HintWord::word);
  return words;
}();

}  // namespace

unsigned hints_of(std::string_view word) noexcept {
  const auto* found = std::ranges::lower_bound(hint_words, word, {}, &HintWord::word);
  return found != hint_words.end() && found->word == word ? found->hints : 0;
}

}  // namespace docupilot::inline v1::extractive
