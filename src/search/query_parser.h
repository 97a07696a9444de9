#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace docupilot::inline v1::search {

/// A query as the tree that its operators make.
struct QueryNode {
  enum class Kind {
    word,    ///< `text`, as typed: may hold several words with punctuation between them
    prefix,  ///< words that begin with `text`
    phrase,  ///< `text` was in quotes
    all_of,
    any_of,
    negate,  ///< of the one child
  };
  Kind kind = Kind::all_of;
  std::string text = {};
  bool in_title = false;    ///< Only the title counts; for the first three kinds.
  bool is_spelled = false;  ///< An all_of that was written with AND, not just as words side by side.
  std::vector<QueryNode> children = {};
};

/// Reads a query; see SearchQuery for the language. Everything is a query: what makes no sense as an operator is a
/// word, brackets that do not match are passed over, and so are brackets behind a word, as in lower(name). The first
/// 1,024 bytes count, the first 64 words and phrases, and brackets nested 16 deep. The root is an all_of or any_of.
[[nodiscard]] QueryNode parse_query(std::string_view text);

}  // namespace docupilot::inline v1::search
