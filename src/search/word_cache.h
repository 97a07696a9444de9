#pragma once

#include <shared_mutex>
#include <string_view>
#include <vector>

#include "search/sqlite_schema.h"
#include "search/word_changes.h"
#include "search/word_list.h"

namespace docupilot::inline v1::search {

/// What the log says of words, on top of the table of words.
class WordLog {
 public:
  /// Reads what the snapshot has and this does not. Errors: those of the database.
  [[nodiscard]] Result<void> load(sqlite::Connection& connection, const IndexState& state, const Context& context);
  /// Whether it is good for the snapshot: it has the same table of words below, and is at least as new.
  [[nodiscard]] bool covers(const IndexState& state) const noexcept {
    return merged_ == state.merged && generation_ >= state.generation;
  }
  [[nodiscard]] bool is_older(const IndexState& state) const noexcept { return merged_ <= state.merged; }

  [[nodiscard]] WordChange change(std::string_view word) const;
  [[nodiscard]] const WordList& words() const noexcept { return words_; }

 private:
  std::int64_t merged_ = -1;
  std::int64_t generation_ = -1;
  WordMap<WordChange> changes_;
  WordList words_;  // of `changes_`
};

/// The words of an index, kept between queries and brought up to date by what was added since. Any thread.
class WordCache {
 public:
  /// Makes it fit the snapshot. False when it is ahead of it by so much that the snapshot needs a log of its own.
  [[nodiscard]] Result<bool> refresh(sqlite::Connection& connection, const IndexState& state, const Context& context);
  /// Calls `use` with the log while nobody changes it.
  template <class Use>
  void with_log(Use&& use) const {
    const std::shared_lock lock(mutex_);
    use(log_);
  }
  /// Words near this one, from the table and the log; their counts are old.
  [[nodiscard]] Result<std::vector<NearWord>> nearest(sqlite::Connection& connection, const IndexState& state,
                                                      std::string_view word, std::size_t most, std::size_t limit,
                                                      const Context& context);
  /// Takes words out that the index has no longer.
  void forget(const std::vector<std::string>& words);

 private:
  [[nodiscard]] Result<void> refresh_list(sqlite::Connection& connection, const IndexState& state,
                                          const Context& context);

  mutable std::shared_mutex mutex_;  // guards the rest
  WordLog log_;
  WordList words_;            // of the table
  std::int64_t listed_ = -1;  // the generation up to which `words_` has them
  std::size_t added_ = 0;     // since all were read
};

}  // namespace docupilot::inline v1::search
