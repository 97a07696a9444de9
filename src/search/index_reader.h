#pragma once

#include <docupilot/search/search_index.h>

#include "search/analyzer.h"
#include "search/ranking.h"
#include "search/snippet.h"
#include "search/sqlite_dictionary.h"

namespace docupilot::inline v1::search {

/// Whether the members of the query are in their ranges. Errors: invalid_argument.
[[nodiscard]] Result<void> check_query(const SearchQuery& query);

/// Answers one query from one snapshot of the database.
class IndexReader {
 public:
  IndexReader(sqlite::Connection& connection, Analyzer& analyzer, WordCache& cache, const Context& context)
      : connection_(connection), analyzer_(analyzer), cache_(cache), context_(context) {}

  [[nodiscard]] Result<SearchResult> run(const SearchQuery& query);

 private:
  struct Condition;
  [[nodiscard]] Result<SearchResult> answer(const SearchQuery& query);
  [[nodiscard]] Result<SearchResult> list(const SearchQuery& query, const Condition& condition);
  [[nodiscard]] Result<SearchResult> search(const SearchQuery& query, const Condition& condition);
  [[nodiscard]] Result<Ranking> rank(const QueryPlan& plan, const SearchQuery& query, const Condition& condition,
                                     Breadth breadth, MatchExpression& expression);
  [[nodiscard]] Result<std::vector<SearchHit>> hits(std::vector<Match> matches, const QueryPlan& plan,
                                                    const SearchQuery& query);
  [[nodiscard]] Result<std::string> snippet(const Match& match, const Highlighter& highlighter,
                                            const SnippetStyle& style);
  [[nodiscard]] Result<void> count_facets(const SearchQuery& query, std::vector<std::int64_t> keys,
                                          SearchResult& result);

  sqlite::Connection& connection_;
  Analyzer& analyzer_;
  WordCache& cache_;
  const Context& context_;
  IndexState state_;
};

}  // namespace docupilot::inline v1::search
