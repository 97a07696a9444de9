#include "search/sqlite_dictionary.h"

#include <algorithm>

#include "base/try.h"
#include "search/analyzer.h"
#include "search/match_expression.h"

namespace docupilot::inline v1::search {

namespace {

constexpr std::size_t most_candidates = 64;
constexpr int most_prefixed = 1'000;  // words of the index that a prefix is looked up in
constexpr std::size_t most_stems = 32;

std::uint64_t positive(std::int64_t count) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, count)); }

}  // namespace

Result<void> SqliteDictionary::open() {
  DOCUPILOT_TRY(const bool fits, cache_.refresh(connection_, state_, context_));
  return fits ? Result<void>() : own_log_.emplace().load(connection_, state_, context_);
}

template <class Use>
void SqliteDictionary::with_log(Use&& use) const {
  if (own_log_) use(*own_log_);
  else cache_.with_log(use);
}

Result<WordChange> SqliteDictionary::total(std::string_view word) {
  WordChange total;
  with_log([&](const WordLog& log) { total = log.change(word); });
  DOCUPILOT_TRY(auto row, connection_.prepare("SELECT spelled, stemmed FROM docupilot_search_word WHERE word=?1"));
  DOCUPILOT_TRY(const bool is_there, row.bind(1, word).step(context_));
  if (is_there) {
    total.spelled += row.integer(0);
    total.stemmed += row.integer(1);
  }
  return total;
}

Result<WordCount> SqliteDictionary::count(std::string_view word, std::string_view stem) {
  DOCUPILOT_TRY(const WordChange spelled, total(word));
  DOCUPILOT_TRY(const WordChange stemmed, stem == word ? spelled : total(stem));
  return WordCount{positive(spelled.spelled), positive(stemmed.stemmed)};
}

Result<std::vector<NearWord>> SqliteDictionary::nearest(std::string_view word, std::size_t most) {
  // Far words are only looked for when there are no near ones: most mistakes are small.
  for (std::size_t distance = std::min<std::size_t>(most, 2); distance <= most; ++distance) {
    DOCUPILOT_TRY(auto near, cache_.nearest(connection_, state_, word, distance, most_candidates, context_));
    std::vector<std::string> gone;
    for (NearWord& candidate : near) {
      DOCUPILOT_TRY(const WordChange count, total(candidate.word));
      if (count.spelled <= 0 && count.stemmed <= 0) gone.push_back(candidate.word);
      candidate.documents = positive(count.spelled);
    }
    const bool is_full = near.size() >= most_candidates;
    std::erase_if(near, [](const NearWord& candidate) { return candidate.documents == 0; });
    if (!gone.empty() && !own_log_) {
      cache_.forget(gone);
      if (near.empty() && is_full) return nearest(word, most);  // they may have kept others out
    }
    if (near.empty()) continue;
    sort_by_likelihood(near, word);
    std::erase_if(near, [least = near.front().distance](const NearWord& w) { return w.distance > least; });
    return near;
  }
  return std::vector<NearWord>();
}

Result<PrefixCount> SqliteDictionary::count_prefix(std::string_view prefix) {
  PrefixCount count;
  Analyzer analyzer;
  const auto add = [&](std::string_view word, std::int64_t spelled) {
    if (spelled <= 0) return;
    count.documents += positive(spelled);
    analyzer.read(word, [&](const Token& token) {
      const bool is_new = std::ranges::find(count.stems, token.stem) == count.stems.end();
      if (!token.stem.starts_with(prefix) && is_new && count.stems.size() < most_stems)
        count.stems.emplace_back(token.stem);
    });
  };
  DOCUPILOT_TRY(auto rows, connection_.prepare("SELECT word, spelled FROM docupilot_search_word "
                                               "WHERE word>=?1 AND word<?2 LIMIT ?3"));
  std::string end(prefix);
  end += '\xff';
  rows.bind(1, prefix).bind(2, end).bind(3, most_prefixed);
  for (;;) {
    DOCUPILOT_TRY(const bool more, rows.step(context_));
    if (!more) break;
    add(rows.text(0), rows.integer(1));
  }
  with_log([&](const WordLog& log) {
    log.words().with_prefix(prefix, [&](std::string_view word, std::uint64_t) { add(word, log.change(word).spelled); });
  });
  return count;
}

Result<bool> SqliteDictionary::has_phrase(const std::vector<std::string>& stems) {
  DOCUPILOT_TRY(auto row, connection_.prepare("SELECT 1 FROM docupilot_search_fts WHERE docupilot_search_fts MATCH ?1 "
                                              "LIMIT 1"));
  return row.bind(1, quoted(stems)).step(context_);
}

}  // namespace docupilot::inline v1::search
