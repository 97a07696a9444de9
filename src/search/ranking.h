#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "search/document_key.h"
#include "search/match_expression.h"
#include "sqlite/fts5.h"

namespace docupilot::inline v1::search {

/// The columns of the full text table.
enum class Column { title, name, tags, body };

/// A document that matches.
struct Match {
  std::int64_t key = 0;  ///< DocumentKey::value.
  double score = 0;
  int first_token = -1;  ///< Of the best passage of the body; -1 when nothing of the body matches.
  int last_token = -1;
};

/// Scores every document that a match expression finds, and keeps the best.
///
/// The score is the share of the query's weight that a document covers, by four measures added up: words in its
/// fields with saturating counts (BM25F), how well its title says what was asked, the best passage of the body, and
/// query neighbours that are neighbours in the text. Documents with all words mostly come out first, but one that is
/// about most of the words can pass one that happens to have them all.
class Ranking final : public sqlite::Fts5Visitor {
 public:
  struct Options {
    double average_tokens = 1;  ///< Of the bodies in the index.
    std::size_t keep = 10;      ///< The best so many matches, and all that score as the last of them.
    bool keep_keys = false;     ///< Keep the keys of all matches.
    /// Take the documents with the most wished concepts that any document has, instead of as many as are required.
    bool most_only = false;
  };
  Ranking(const QueryPlan& plan, const std::vector<PhraseRole>& roles, const Options& options);

  bool visit(const sqlite::Fts5Row& row) override;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] const std::vector<std::int64_t>& keys() const noexcept { return keys_; }
  /// Best first, equal scores in no order; more than `keep` when several score as the last.
  [[nodiscard]] std::vector<Match> best() &&;

 private:
  struct Found {  // of one concept in the row at hand
    double weight = 0;
    double title = 0;
    double other = 0;
    double body = 0;
  };
  struct Place {  // of a phrase in the body
    int token = 0;
    std::size_t subject = 0;
  };
  void read(const sqlite::Fts5Row& row);
  [[nodiscard]] double base_score(DocumentKey key) const;
  [[nodiscard]] double passage_score(Match& match);
  [[nodiscard]] double neighbour_score(DocumentKey key) const;
  void keep(const Match& match);
  void prune();

  const QueryPlan& plan_;
  const std::vector<PhraseRole>& roles_;
  Options options_;
  std::size_t required_;
  double total_weight_ = 0;

  std::vector<Found> found_;              // by concept
  std::vector<std::vector<int>> bodies_;  // by concept: places in the body
  std::vector<std::vector<int>> titles_;
  std::vector<sqlite::Fts5Hit> hits_;
  std::vector<Place> places_;
  std::vector<std::size_t> seen_;

  std::uint64_t count_ = 0;
  std::vector<std::int64_t> keys_;
  std::vector<Match> matches_;
  std::size_t prune_at_ = 4096;
  std::priority_queue<double, std::vector<double>, std::greater<>> top_;  // the best `keep` scores
};

}  // namespace docupilot::inline v1::search
