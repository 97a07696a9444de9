#pragma once

#include <optional>

#include "search/dictionary.h"
#include "search/sqlite_schema.h"
#include "search/word_cache.h"

namespace docupilot::inline v1::search {

/// The dictionary of one snapshot of the database: use it inside one transaction.
class SqliteDictionary final : public Dictionary {
 public:
  SqliteDictionary(sqlite::Connection& connection, const IndexState& state, WordCache& cache, const Context& context)
      : connection_(connection), state_(state), cache_(cache), context_(context) {}

  /// To be called first.
  [[nodiscard]] Result<void> open();
  [[nodiscard]] std::uint64_t documents() const override { return static_cast<std::uint64_t>(state_.documents); }
  [[nodiscard]] Result<WordCount> count(std::string_view word, std::string_view stem) override;
  [[nodiscard]] Result<std::vector<NearWord>> nearest(std::string_view word, std::size_t most) override;
  [[nodiscard]] Result<PrefixCount> count_prefix(std::string_view prefix) override;
  [[nodiscard]] Result<bool> has_phrase(const std::vector<std::string>& stems) override;

 private:
  /// The documents with a word: what the table has, and what the log adds.
  [[nodiscard]] Result<WordChange> total(std::string_view word);
  template <class Use>
  void with_log(Use&& use) const;

  sqlite::Connection& connection_;
  const IndexState& state_;
  WordCache& cache_;
  const Context& context_;
  std::optional<WordLog> own_log_;  // for a snapshot older than the cache
};

}  // namespace docupilot::inline v1::search
