#include "summary/terms.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <numeric>
#include <optional>
#include <string>

#include "base/try.h"
#include "text/stem.h"
#include "text/stop_words.h"
#include "text/words.h"

namespace docupilot::inline v1::extractive {

namespace {

constexpr std::uint32_t no_term = 0xffffffffU;
constexpr std::uint16_t any_language = 0xffffU;

std::span<const std::uint32_t> words_of(const Reading& reading, const Candidate& candidate) noexcept {
  return std::span(reading.words).subspan(candidate.first_word, candidate.word_count);
}

struct Language {
  std::string_view code;  // empty: not known
  std::uint16_t stop_words = any_language;
};

// The language whose stop words are most frequent, if they make up a tenth of the words.
Language guess_language(const std::vector<std::uint32_t>& frequency, const std::vector<std::uint16_t>& stops) {
  std::array<std::uint64_t, text::stop_word_languages.size()> counts{};
  std::uint64_t all = 0;
  for (std::size_t id = 0; id < stops.size(); ++id) {
    all += frequency[id];
    for (unsigned mask = stops[id]; mask != 0; mask &= mask - 1) {
      counts[static_cast<std::size_t>(std::countr_zero(mask))] += frequency[id];
    }
  }
  const auto most = std::ranges::max_element(counts);
  if (*most < 2 || 10 * *most < all) return {};
  const auto index = static_cast<std::size_t>(most - counts.begin());
  return {text::stop_word_languages[index], static_cast<std::uint16_t>(1U << index)};
}

Language named_language(std::string_view tag) {
  const std::string code = text::fold_case(tag.substr(0, std::min(tag.find_first_of("-_"), std::size_t{16})));
  const auto found = std::ranges::find(text::stop_word_languages, code);
  if (found == text::stop_word_languages.end()) return {tag, any_language};
  return {*found, static_cast<std::uint16_t>(1U << static_cast<unsigned>(found - text::stop_word_languages.begin()))};
}

// The term of each word of the vocabulary, or no_term, and how many there are.
class TermTable {
 public:
  TermTable(const Reading& reading, std::string_view language, std::uint64_t seed)
      : vocabulary_(reading.vocabulary), stems_(seed), terms_(reading.vocabulary.size(), unknown) {
    stops_.reserve(terms_.size());
    for (std::uint32_t id = 0; id < terms_.size(); ++id) stops_.push_back(text::stop_word_in(vocabulary_.word(id)));
    const Language spoken = language.empty() ? guess_language(reading.frequency, stops_) : named_language(language);
    stop_words_ = spoken.stop_words;
    if (!spoken.code.empty()) stemmer_ = text::Stemmer::make(spoken.code);
  }

  [[nodiscard]] std::uint32_t term(std::uint32_t word) {
    if (terms_[word] == unknown) terms_[word] = make(word);
    return terms_[word];
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return stems_.size(); }

 private:
  static constexpr std::uint32_t unknown = 0xfffffffeU;

  std::uint32_t make(std::uint32_t word) {
    const std::string_view spelling = vocabulary_.word(word);
    if (spelling.size() < 2 || (stops_[word] & stop_words_) != 0) return no_term;
    const std::string_view stem = stemmer_ ? stemmer_->stem(spelling) : spelling;
    const bool ascii = std::ranges::all_of(stem, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return ascii ? stems_.id(stem) : stems_.id(text::fold(stem));
  }

  const Vocabulary& vocabulary_;
  Vocabulary stems_;
  std::vector<std::uint32_t> terms_;
  std::vector<std::uint16_t> stops_;  // of each word, in which languages it is a stop word
  std::uint16_t stop_words_ = any_language;
  std::optional<text::Stemmer> stemmer_;
};

// Keeps the first of sentences that are the same words.
void drop_repeated(const Reading& reading, std::vector<Candidate>& candidates) {
  struct Key {
    std::uint64_t hash;
    std::uint32_t index;
  };
  std::vector<Key> keys;
  keys.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    std::uint64_t hash = candidate.word_count;
    for (const std::uint32_t word : words_of(reading, candidate)) hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
    keys.push_back({hash, static_cast<std::uint32_t>(keys.size())});
  }
  std::ranges::sort(keys,
                    [](const Key& a, const Key& b) { return std::pair(a.hash, a.index) < std::pair(b.hash, b.index); });
  std::vector<bool> repeated(candidates.size());
  for (std::size_t i = 1; i < keys.size(); ++i) {
    repeated[keys[i].index] =
        keys[i].hash == keys[i - 1].hash && std::ranges::equal(words_of(reading, candidates[keys[i].index]),
                                                               words_of(reading, candidates[keys[i - 1].index]));
  }
  std::size_t index = 0;
  std::erase_if(candidates, [&](const Candidate&) { return repeated[index++]; });
}

// Keeps the sentences whose terms are the most frequent ones of the text.
Result<void> keep_most_frequent(const Reading& reading, TermTable& table, std::vector<Candidate>& candidates,
                                std::size_t most, const Context& context) {
  static constexpr std::uint32_t check_every = 4096;
  std::vector<std::uint32_t> frequency(reading.vocabulary.size() + 1);
  for (std::uint32_t word = 0; word < reading.vocabulary.size(); ++word) {
    if (word % check_every == 0) DOCUPILOT_CHECK(context.check("summarize"));
    if (const std::uint32_t term = table.term(word); term != no_term) frequency[term] += reading.frequency[word];
  }
  std::vector<std::pair<std::uint64_t, std::uint32_t>> scores;
  for (const Candidate& candidate : candidates) {
    std::uint64_t score = 0;
    for (const std::uint32_t word : words_of(reading, candidate)) {
      if (const std::uint32_t term = table.term(word); term != no_term) score += log2_fixed(frequency[term]);
    }
    const auto index = static_cast<std::uint32_t>(scores.size());
    scores.emplace_back(score * candidate.quality / (8 + candidate.length), ~index);
  }
  const auto last = scores.begin() + static_cast<std::ptrdiff_t>(most);
  std::ranges::nth_element(scores, last, std::greater<>());
  std::vector<bool> kept(candidates.size());
  std::for_each(scores.begin(), last, [&](const auto& score) { kept[~score.second] = true; });
  std::size_t index = 0;
  std::erase_if(candidates, [&](const Candidate&) { return !kept[index++]; });
  return {};
}

// Turns words into a set of terms, at the end of `terms`.
void append_terms(std::span<const std::uint32_t> words, TermTable& table, std::vector<std::uint32_t>& terms) {
  const auto begin = static_cast<std::ptrdiff_t>(terms.size());
  for (const std::uint32_t word : words) {
    if (const std::uint32_t term = table.term(word); term != no_term) terms.push_back(term);
  }
  std::sort(terms.begin() + begin, terms.end());
  terms.erase(std::unique(terms.begin() + begin, terms.end()), terms.end());
}

void invert(TermIndex& index, std::size_t term_count) {
  index.list_begins.assign(term_count + 1, 0);
  for (const std::uint32_t term : index.terms) ++index.list_begins[term + 1];
  std::partial_sum(index.list_begins.begin(), index.list_begins.end(), index.list_begins.begin());
  index.lists.resize(index.terms.size());
  std::vector<std::uint32_t> ends(index.list_begins.begin(), index.list_begins.end() - 1);
  for (std::uint32_t sentence = 0; sentence < index.sentences.size(); ++sentence) {
    for (const std::uint32_t term : index.terms_of(sentence)) index.lists[ends[term]++] = sentence;
  }
  // A term of one sentence links nothing, and one of very many says little and costs most.
  const std::size_t sentence_count = index.sentences.size();
  const std::size_t most = std::max<std::size_t>(32, std::min<std::size_t>(sentence_count / 4, 256));
  index.weights.resize(term_count);
  for (std::uint32_t term = 0; term < term_count; ++term) {
    const std::size_t count = index.sentences_with(term).size();
    if (count > 1 && count <= most)
      index.weights[term] = log2_fixed(256 * (sentence_count + 1) / count) - log2_fixed(256) + 1;
  }
}

}  // namespace

std::uint32_t log2_fixed(std::uint64_t value) noexcept {
  if (value == 0) return 0;
  const int whole = static_cast<int>(std::bit_width(value)) - 1;
  const std::uint64_t rest = value - (std::uint64_t{1} << whole);
  const std::uint64_t part = whole >= 8 ? rest >> (whole - 8) : rest << (8 - whole);
  return static_cast<std::uint32_t>(256U * static_cast<unsigned>(whole) + part);
}

Result<TermIndex> index_terms(Reading& reading, std::string_view title, std::string_view language, std::size_t most,
                              const Context& context) {
  static constexpr std::size_t check_every = 256;
  std::vector<std::uint32_t> title_words;
  for (text::WordReader words(title); words.next();) {
    title_words.push_back(reading.vocabulary.id(words.word().spelling));
    if (reading.frequency.size() < reading.vocabulary.size()) reading.frequency.push_back(0);
  }
  TermTable table(reading, language, reading.seed);
  TermIndex index;
  index.sentences = reading.candidates;
  drop_repeated(reading, index.sentences);
  DOCUPILOT_CHECK(context.check("summarize"));
  if (index.sentences.size() > most) {
    DOCUPILOT_CHECK(keep_most_frequent(reading, table, index.sentences, most, context));
  }
  index.begins.reserve(index.sentences.size() + 1);
  index.begins.push_back(0);
  for (std::size_t i = 0; i < index.sentences.size(); ++i) {
    if (i % check_every == 0) DOCUPILOT_CHECK(context.check("summarize"));
    append_terms(words_of(reading, index.sentences[i]), table, index.terms);
    index.begins.push_back(static_cast<std::uint32_t>(index.terms.size()));
  }
  append_terms(title_words, table, index.title);
  invert(index, table.size());
  return index;
}

}  // namespace docupilot::inline v1::extractive
