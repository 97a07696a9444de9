#include "search/snippet.h"

#include <algorithm>

namespace docupilot::inline v1::search {

namespace {

constexpr std::string_view ellipsis = "\u2026";
constexpr std::size_t longest_word = 80;    // bytes; a longer one is cut, for it is no word of a language
constexpr std::size_t bytes_per_word = 24;  // of a passage, at the most: text without words must end too
constexpr std::size_t least_room = 160;

struct Word {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t first_token = 0;
  std::size_t last_token = 0;
};

bool is_blank(char c) noexcept { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }
bool is_inside(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Appends text with runs of white space and controls as one blank; C1 controls are two bytes of UTF-8.
void append(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_c1 = text[i] == '\xc2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1) ++i;
    if (!is_c1 && !is_blank(text[i])) out += text[i];
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
}

// The longest end or beginning of a gap between words that is punctuation touching the passage.
std::string_view touching(std::string_view gap, bool behind) {
  constexpr std::size_t most = 4;
  std::size_t size = 0;
  while (size < gap.size() && size <= most) {
    const char c = behind ? gap[size] : gap[gap.size() - 1 - size];
    if (is_blank(c)) break;
    ++size;
  }
  if (size > most) return {};
  return behind ? gap.substr(0, size) : gap.substr(gap.size() - size);
}

}  // namespace

Highlighter::Highlighter(const QueryPlan& plan) {
  std::vector<bool> is_excluded(plan.concepts.size());
  const auto exclude = [&](const auto& self, const Clause& clause, bool negated) -> void {
    if (clause.kind == Clause::Kind::negate) negated = !negated;
    if (clause.kind == Clause::Kind::concept_of && negated) is_excluded[clause.subject] = true;
    for (const Clause& child : clause.children) self(self, child, negated);
  };
  for (const Clause& clause : plan.musts) exclude(exclude, clause, false);
  for (std::size_t i = 0; i < plan.concepts.size(); ++i) {
    const bool is_wished = std::ranges::find(plan.wished, i) != plan.wished.end();
    const bool is_shown = is_wished ? plan.concepts[i].is_content : !is_excluded[i];
    if (is_shown) phrases_.insert(phrases_.end(), plan.concepts[i].phrases.begin(), plan.concepts[i].phrases.end());
  }
}

std::vector<bool> Highlighter::find(const std::vector<std::string>& stems) const {
  std::vector<bool> marked(stems.size());
  for (const Phrase& phrase : phrases_) {
    const std::size_t size = phrase.stems.size();
    for (std::size_t at = 0; at + size <= stems.size(); ++at) {
      bool matches = true;
      for (std::size_t i = 0; matches && i < size; ++i) {
        const bool is_prefix = phrase.is_prefix && i + 1 == size;
        matches = is_prefix ? stems[at + i].starts_with(phrase.stems[i]) : stems[at + i] == phrase.stems[i];
      }
      if (matches) std::fill_n(marked.begin() + static_cast<std::ptrdiff_t>(at), size, true);
    }
  }
  return marked;
}

std::string make_snippet(std::string_view text, int first, int last, bool is_begin, bool is_end,
                         const Highlighter& highlighter, const SnippetStyle& style, Analyzer& analyzer) {
  if (style.words == 0) return {};
  std::vector<std::string> stems;
  std::vector<Word> words;
  analyzer.read(text, [&](const Token& token) {
    if (words.empty() || token.offset >= words.back().end) {
      words.push_back({token.offset, token.offset + token.size, stems.size(), stems.size()});
    }
    words.back().last_token = stems.size();
    stems.emplace_back(token.stem);
  });
  if (words.empty()) return {};

  const auto word_of = [&](int token) {
    const auto after =
        std::ranges::upper_bound(words, static_cast<std::size_t>(std::max(0, token)), {}, &Word::first_token);
    return static_cast<std::size_t>(after - words.begin()) - 1;
  };
  std::size_t begin = word_of(first);
  std::size_t end = std::min(word_of(last) + 1, begin + style.words);
  if (first < 0) begin = 0, end = std::min(style.words, words.size());
  // A third of what is left goes before the passage, the rest behind it.
  const std::size_t left = style.words - std::min(style.words, end - begin);
  begin -= std::min(begin, first < 0 ? 0 : left / 3);
  end = std::min(words.size(), begin + style.words);
  begin = end - std::min(end, std::max(style.words, end - begin));
  const std::size_t room = least_room + bytes_per_word * style.words;
  while (end > begin + 1 && words[end - 1].end - words[begin].begin > room) --end;

  const std::vector<bool> marked = highlighter.find(stems);
  const auto is_marked = [&](const Word& word) {
    const auto at = marked.begin();
    return std::find(at + static_cast<std::ptrdiff_t>(word.first_token),
                     at + static_cast<std::ptrdiff_t>(word.last_token) + 1,
                     true) != at + static_cast<std::ptrdiff_t>(word.last_token) + 1;
  };
  std::string out;
  if (begin > 0 || !is_begin) out += ellipsis;
  const std::size_t before = begin > 0 ? words[begin - 1].end : 0;
  append(out, touching(text.substr(before, words[begin].begin - before), false));
  for (std::size_t i = begin; i < end; ++i) {
    std::size_t size = words[i].end - words[i].begin;
    const bool is_cut = size > longest_word;
    if (is_cut) {
      size = longest_word;
      while (size > 0 && is_inside(text[words[i].begin + size])) --size;
    }
    if (is_marked(words[i])) out += style.begin;
    append(out, text.substr(words[i].begin, size));
    if (is_cut) out += ellipsis;
    if (is_marked(words[i])) out += style.end;
    if (i + 1 < end) append(out, text.substr(words[i].end, words[i + 1].begin - words[i].end));
  }
  const std::size_t after = end < words.size() ? words[end].begin : text.size();
  append(out, touching(text.substr(words[end - 1].end, after - words[end - 1].end), true));
  if (end < words.size() || !is_end) out += ellipsis;
  return out;
}

}  // namespace docupilot::inline v1::search
