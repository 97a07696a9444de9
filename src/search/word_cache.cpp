#include "search/word_cache.h"

#include <algorithm>
#include <mutex>

#include "base/try.h"

namespace docupilot::inline v1::search {

namespace {

constexpr std::size_t least_rebuilt = 10'000;  // added words before the list is read anew

}  // namespace

Result<void> WordLog::load(sqlite::Connection& connection, const IndexState& state, const Context& context) {
  if (merged_ != state.merged) {
    changes_.clear();
    words_ = {};
    merged_ = state.merged;
    generation_ = state.merged;
  }
  DOCUPILOT_TRY(auto rows, connection.prepare("SELECT generation, changes FROM docupilot_search_word_log "
                                              "WHERE generation>?1 ORDER BY generation"));
  rows.bind(1, generation_);
  for (;;) {
    DOCUPILOT_TRY(const bool more, rows.step(context));
    if (!more) break;
    DOCUPILOT_CHECK(read_changes(rows.text(1), [&](std::string_view word, const WordChange& by) {
      auto there = changes_.find(word);
      if (there == changes_.end()) {
        there = changes_.emplace(word, WordChange()).first;
        words_.add(word, static_cast<std::uint64_t>(std::max<std::int64_t>(0, by.spelled)));
      }
      there->second.spelled += by.spelled;
      there->second.stemmed += by.stemmed;
    }));
    generation_ = rows.integer(0);
  }
  generation_ = std::max(generation_, state.generation);
  return {};
}

WordChange WordLog::change(std::string_view word) const {
  const auto there = changes_.find(word);
  return there == changes_.end() ? WordChange() : there->second;
}

Result<bool> WordCache::refresh(sqlite::Connection& connection, const IndexState& state, const Context& context) {
  {
    const std::shared_lock lock(mutex_);
    if (log_.covers(state)) return true;
    if (!log_.is_older(state)) return false;
  }
  const std::unique_lock lock(mutex_);
  if (!log_.is_older(state)) return false;
  if (!log_.covers(state)) DOCUPILOT_CHECK(log_.load(connection, state, context));
  return true;
}

Result<void> WordCache::refresh_list(sqlite::Connection& connection, const IndexState& state, const Context& context) {
  const std::unique_lock lock(mutex_);
  if (listed_ >= state.merged) return {};
  if (added_ > std::max(least_rebuilt, words_.size() / 2)) {  // many words that are gone, perhaps
    words_ = {};
    listed_ = -1;
    added_ = 0;
  }
  DOCUPILOT_TRY(auto rows, connection.prepare("SELECT word, spelled FROM docupilot_search_word WHERE added>?1"));
  rows.bind(1, listed_);
  WordList added;
  for (;;) {
    DOCUPILOT_TRY(const bool more, rows.step(context));
    if (!more) break;
    added.add(rows.text(0), static_cast<std::uint64_t>(std::max<std::int64_t>(0, rows.integer(1))));
  }
  added_ += listed_ < 0 ? 0 : added.size();
  words_.append(added);
  listed_ = state.merged;
  return {};
}

Result<std::vector<NearWord>> WordCache::nearest(sqlite::Connection& connection, const IndexState& state,
                                                 std::string_view word, std::size_t most, std::size_t limit,
                                                 const Context& context) {
  DOCUPILOT_CHECK(refresh_list(connection, state, context));
  const std::shared_lock lock(mutex_);
  std::vector<NearWord> near = words_.nearest(word, most, limit);
  for (NearWord& logged : log_.words().nearest(word, most, limit)) {
    const auto same = [&](const NearWord& other) { return other.word == logged.word; };
    if (std::ranges::none_of(near, same)) near.push_back(std::move(logged));
  }
  return near;
}

void WordCache::forget(const std::vector<std::string>& words) {
  const std::unique_lock lock(mutex_);
  for (const std::string& word : words) words_.remove(word);
}

}  // namespace docupilot::inline v1::search
