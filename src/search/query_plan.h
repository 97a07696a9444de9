#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <docupilot/search/search_index.h>

#include "search/analyzer.h"
#include "search/dictionary.h"
#include "search/query_parser.h"

namespace docupilot::inline v1::search {

/// Tokens that follow one another; one alone is a word.
struct Phrase {
  std::vector<std::string> stems;
  bool is_prefix = false;  ///< The last one is the beginning of a word.
  double weight = 1;       ///< Below 1 for guesses.
};

/// One thing that the query asks for, in one or several spellings.
struct Concept {
  std::vector<Phrase> phrases;
  bool in_title = false;
  bool is_content = true;       ///< False for stop words, which only help to rank.
  double weight = 0;            ///< How much it says: the inverse document frequency.
  std::uint64_t documents = 0;  ///< About how many have it.
};

/// A condition over concepts.
struct Clause {
  enum class Kind { concept_of, all_of, any_of, negate };
  Kind kind = Kind::concept_of;
  std::size_t subject = 0;  ///< Index of the concept.
  std::vector<Clause> children = {};
};

/// A query, understood.
struct QueryPlan {
  std::vector<Concept> concepts;
  std::vector<std::size_t> wished;    ///< Concepts of plain words: most of them must match.
  std::vector<Clause> musts;          ///< All of these must match.
  std::vector<std::size_t> sequence;  ///< The wished concepts in the order of the query, repeated as there.
  std::vector<Correction> corrections;

  [[nodiscard]] bool empty() const noexcept { return wished.empty() && musts.empty(); }
  /// How many of `wished` that are content a document needs: all of two, most of more.
  [[nodiscard]] std::size_t required() const;
};

/// Finds out what a query means in this index. Errors: those of the dictionary.
[[nodiscard]] Result<QueryPlan> plan_query(const QueryNode& root, bool typo_tolerance, Analyzer& analyzer,
                                           Dictionary& dictionary);

}  // namespace docupilot::inline v1::search
