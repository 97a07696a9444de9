#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "search/analyzer.h"
#include "search/query_plan.h"

namespace docupilot::inline v1::search {

/// What a snippet looks like.
struct SnippetStyle {
  std::size_t words = 32;  ///< About how many.
  std::string_view begin = "**";
  std::string_view end = "**";
};

/// Which words of a text a query is about.
class Highlighter {
 public:
  explicit Highlighter(const QueryPlan& plan);
  /// Marks the words whose stems these are, one entry each: true for those that the query is about.
  [[nodiscard]] std::vector<bool> find(const std::vector<std::string>& stems) const;

 private:
  std::vector<Phrase> phrases_;
};

/// The passage around tokens `first` to `last` of a text, counted in it from 0 (both -1: the beginning): whole words,
/// white space as single blanks, "…" where text was left out. `is_begin` and `is_end` tell whether the text is cut from
/// a longer one. Control characters become blanks; nothing else is changed and nothing added but the marks.
[[nodiscard]] std::string make_snippet(std::string_view text, int first, int last, bool is_begin, bool is_end,
                                       const Highlighter& highlighter, const SnippetStyle& style, Analyzer& analyzer);

}  // namespace docupilot::inline v1::search
