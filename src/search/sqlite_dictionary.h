#pragma once

#include <shared_mutex>

#include "search/dictionary.h"
#include "search/sqlite_schema.h"
#include "search/word_list.h"

namespace docupilot::inline v1::search {

/// The words of an index, kept in memory between queries and brought up to date by what was added since. Any thread.
class WordCache {
 public:
  /// Words near this one as of `generation`, counts from the table. Errors: those of the database.
  [[nodiscard]] Result<std::vector<NearWord>> nearest(sqlite::Connection& connection, std::int64_t generation,
                                                      std::string_view word, std::size_t most, const Context& context);

 private:
  [[nodiscard]] Result<void> refresh(sqlite::Connection& connection, std::int64_t generation, const Context& context);

  std::shared_mutex mutex_;  // guards the rest
  WordList words_;
  std::int64_t generation_ = -1;  // of the newest word
  std::size_t added_ = 0;         // since all were read
};

/// The dictionary of one snapshot of the database: use it inside one transaction.
class SqliteDictionary final : public Dictionary {
 public:
  SqliteDictionary(sqlite::Connection& connection, const IndexState& state, WordCache& cache, const Context& context)
      : connection_(connection), state_(state), cache_(cache), context_(context) {}

  [[nodiscard]] std::uint64_t documents() const override { return static_cast<std::uint64_t>(state_.documents); }
  [[nodiscard]] Result<WordCount> count(std::string_view word, std::string_view stem) override;
  [[nodiscard]] Result<std::vector<NearWord>> nearest(std::string_view word, std::size_t most) override;
  [[nodiscard]] Result<PrefixCount> count_prefix(std::string_view prefix) override;
  [[nodiscard]] Result<bool> has_phrase(const std::vector<std::string>& stems) override;

 private:
  sqlite::Connection& connection_;
  const IndexState& state_;
  WordCache& cache_;
  const Context& context_;
};

}  // namespace docupilot::inline v1::search
