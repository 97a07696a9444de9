#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "search/query_plan.h"

namespace docupilot::inline v1::search {

/// The token that every document has, for conditions that ask for nothing.
inline constexpr std::string_view every_document = "#";

/// What a phrase of an FTS5 expression stands for.
struct PhraseRole {
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  std::size_t subject = none;  ///< The concept; none: it excludes, or stands elsewhere in the expression too.
  double weight = 1;
  std::size_t tokens = 1;
};

/// An FTS5 MATCH expression and what its phrases mean, in their order.
struct MatchExpression {
  std::string text;
  std::vector<PhraseRole> roles;
};

/// The expression for the documents that can match. Narrow: it finds those with as many of the wished concepts as the
/// plan requires, and perhaps more documents, which the caller must count out; it reads only the rarest words'
/// documents. Wide: those with any of them.
enum class Breadth { narrow, wide };
[[nodiscard]] MatchExpression match_expression(const QueryPlan& plan, std::uint64_t documents, Breadth breadth);

/// One phrase of stems as text of FTS5, quoted.
[[nodiscard]] std::string quoted(const std::vector<std::string>& stems);

}  // namespace docupilot::inline v1::search
