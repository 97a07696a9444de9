#include "search/sqlite_dictionary.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/try.h"
#include "search/analyzer.h"
#include "search/match_expression.h"

namespace docupilot::inline v1::search {

namespace {

constexpr std::size_t most_candidates = 64;
constexpr std::size_t least_rebuilt = 10'000;  // added words before the list is read anew
constexpr int most_prefixed = 1'000;           // words of the index that a prefix is looked up in
constexpr std::size_t most_stems = 32;

struct Row {
  std::int64_t spelled = 0;
  std::int64_t stemmed = 0;
};

Result<std::optional<Row>> row_of(sqlite::Connection& connection, std::string_view word, const Context& context) {
  DOCUPILOT_TRY(auto row, connection.prepare("SELECT spelled, stemmed FROM docupilot_search_word WHERE word=?1"));
  DOCUPILOT_TRY(const bool is_there, row.bind(1, word).step(context));
  if (!is_there) return std::optional<Row>();
  return std::optional(Row{row.integer(0), row.integer(1)});
}

std::uint64_t positive(std::int64_t count) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, count)); }

}  // namespace

Result<void> WordCache::refresh(sqlite::Connection& connection, std::int64_t generation, const Context& context) {
  const std::unique_lock lock(mutex_);
  if (generation_ >= generation) return {};
  if (added_ > std::max(least_rebuilt, words_.size() / 2)) {  // many copies and removed words, perhaps
    words_ = {};
    generation_ = -1;
    added_ = 0;
  }
  const bool is_first = generation_ < 0;
  DOCUPILOT_TRY(auto rows, connection.prepare("SELECT word, spelled FROM docupilot_search_word WHERE added>?1"));
  rows.bind(1, generation_);
  WordList added;
  for (;;) {
    DOCUPILOT_TRY(const bool more, rows.step(context));
    if (!more) break;
    added.add(rows.text(0), positive(rows.integer(1)));
  }
  words_.append(added);
  added_ += is_first ? 0 : added.size();
  generation_ = generation;
  return {};
}

Result<std::vector<NearWord>> WordCache::nearest(sqlite::Connection& connection, std::int64_t generation,
                                                 std::string_view word, std::size_t most, const Context& context) {
  DOCUPILOT_CHECK(refresh(connection, generation, context));
  for (;;) {
    std::vector<NearWord> near;
    {
      const std::shared_lock lock(mutex_);
      near = words_.nearest(word, most, most_candidates);
    }
    // The list may still have words that have been removed, and counts of the time when they were added.
    std::vector<std::string> gone;
    for (NearWord& candidate : near) {
      DOCUPILOT_TRY(const auto row, row_of(connection, candidate.word, context));
      if (!row) gone.push_back(candidate.word);
      candidate.documents = row ? positive(row->spelled) : 0;
    }
    const bool is_full = near.size() == most_candidates;
    std::erase_if(near, [](const NearWord& candidate) { return candidate.documents == 0; });
    if (!gone.empty()) {
      const std::unique_lock lock(mutex_);
      for (const std::string& removed : gone) words_.remove(removed);
      if (is_full) continue;  // they may have kept others out
    }
    sort_by_likelihood(near, word);
    return near;
  }
}

Result<WordCount> SqliteDictionary::count(std::string_view word, std::string_view stem) {
  DOCUPILOT_TRY(const auto spelled, row_of(connection_, word, context_));
  WordCount count{spelled ? positive(spelled->spelled) : 0, spelled ? positive(spelled->stemmed) : 0};
  if (stem != word) {
    DOCUPILOT_TRY(const auto stemmed, row_of(connection_, stem, context_));
    count.stemmed = stemmed ? positive(stemmed->stemmed) : 0;
  }
  return count;
}

Result<std::vector<NearWord>> SqliteDictionary::nearest(std::string_view word, std::size_t most) {
  // Far words are only looked for when there are no near ones: most mistakes are small.
  DOCUPILOT_TRY(auto near,
                cache_.nearest(connection_, state_.generation, word, std::min<std::size_t>(most, 2), context_));
  if (near.empty() && most > 2) {
    DOCUPILOT_TRY(near, cache_.nearest(connection_, state_.generation, word, most, context_));
  }
  if (!near.empty()) {
    std::erase_if(near, [least = near.front().distance](const NearWord& w) { return w.distance > least; });
  }
  return near;
}

Result<PrefixCount> SqliteDictionary::count_prefix(std::string_view prefix) {
  DOCUPILOT_TRY(auto rows, connection_.prepare("SELECT word, spelled FROM docupilot_search_word "
                                               "WHERE word>=?1 AND word<?2 LIMIT ?3"));
  std::string end(prefix);
  end += '\xff';
  rows.bind(1, prefix).bind(2, end).bind(3, most_prefixed);
  PrefixCount count;
  Analyzer analyzer;
  for (;;) {
    DOCUPILOT_TRY(const bool more, rows.step(context_));
    if (!more) break;
    if (rows.integer(1) <= 0) continue;
    count.documents += positive(rows.integer(1));
    analyzer.read(rows.text(0), [&](const Token& token) {
      const bool is_new = std::ranges::find(count.stems, token.stem) == count.stems.end();
      if (!token.stem.starts_with(prefix) && is_new && count.stems.size() < most_stems)
        count.stems.emplace_back(token.stem);
    });
  }
  return count;
}

Result<bool> SqliteDictionary::has_phrase(const std::vector<std::string>& stems) {
  DOCUPILOT_TRY(auto row, connection_.prepare("SELECT 1 FROM docupilot_search_fts WHERE docupilot_search_fts MATCH ?1 "
                                              "LIMIT 1"));
  return row.bind(1, quoted(stems)).step(context_);
}

}  // namespace docupilot::inline v1::search
