#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <docupilot/base/cancel.h>
#include <docupilot/base/document.h>
#include <docupilot/base/filter.h>

namespace docupilot::inline v1 {

/// What the index keeps of one document: its members for filters and facets (all of `document` but its summary), and
/// the text that is searched.
struct IndexEntry {
  Document document;
  std::string text;  ///< UTF-8; the body. Title, name and tags are searched as well.
};

/// Names a write, to be waited for; opaque. Empty: visible already.
using WriteToken = std::string;

/// The words of a query, best matches first. One or two words must all match. Of more, a backend may be content with
/// most of them, so that natural questions work; and when no document has enough of them, those with most are found.
/// Understood are "exact phrases", prefix*, the operators AND OR NOT (upper case) with parentheses, -word for NOT, and
/// title:word; what they ask for must match. Anything else is taken as words; no text is a syntax error.
struct SearchQuery {
  std::string text = {};                 ///< Empty: every document, newest first.
  Filter filter = {};                    ///< Only documents that match; see IndexEntry for what there is.
  std::vector<std::string> facets = {};  ///< Fields (tags, content_type, attributes.NAME) to count values of.
  std::size_t facet_values = 10;         ///< Values a facet, most frequent first; 1 to 1,000.
  std::size_t limit = 10;                ///< Hits, 1 to 1,000.
  std::size_t offset = 0;                ///< Hits to pass over; offset + limit at most 10,000.
  bool typo_tolerance = true;            ///< Words that match nothing fall back to the nearest words of the index.
  std::size_t snippet_words = 32;        ///< About how long a snippet is; 0: none. At most 64.
  std::string highlight_begin = "**";    ///< Put before and behind each matching word of a snippet.
  std::string highlight_end = "**";
};

struct SearchHit {
  std::string id;
  std::string title;
  std::string name;
  double score = 0;     ///< Higher is better; only comparable inside one result.
  std::string snippet;  ///< The best passage, matching words marked; not escaped for HTML.
};

/// A word of the query that no document has, and what was searched for it; one each when several are as near.
struct Correction {
  std::string from;
  std::string to;
};

struct SearchResult {
  std::vector<SearchHit> hits;  ///< Best first; equal scores by id.
  std::uint64_t estimated_total = 0;
  std::map<std::string, std::vector<std::pair<std::string, std::uint64_t>>> facets;  ///< By field, most frequent first.
  std::vector<Correction> corrections;
};

struct SearchCapabilities {
  bool facets = false;
  bool phrases = false;
  bool typo_tolerance = false;
  bool immediate = false;  ///< A write is visible when its call returns.
};

/// Finds documents by words. Calls may come from any thread at any time. Errors all calls share: invalid_argument,
/// unavailable, timeout, cancelled, corrupted, permission_denied, exhausted.
class DOCUPILOT_EXPORT SearchIndex {
 public:
  virtual ~SearchIndex();

  [[nodiscard]] virtual std::string scheme() const = 0;
  [[nodiscard]] virtual SearchCapabilities capabilities() const = 0;

  /// Adds documents or replaces those of the same id, all or none where the backend can.
  [[nodiscard]] virtual Result<WriteToken> upsert(std::span<const IndexEntry> entries, const Context& context = {}) = 0;
  /// Removes documents; unknown ids are passed over.
  [[nodiscard]] virtual Result<WriteToken> remove(std::span<const std::string> ids, const Context& context = {}) = 0;
  /// Returns once the write is visible to `query`. Errors: timeout; those of the write when it failed later.
  [[nodiscard]] virtual Result<void> wait(const WriteToken& token, const Context& context = {}) = 0;
  [[nodiscard]] virtual Result<SearchResult> query(const SearchQuery& query, const Context& context = {}) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> count(const Context& context = {}) = 0;
  /// Ids in the index after `after` in byte order, `limit` at most; for sweeps.
  [[nodiscard]] virtual Result<std::vector<std::string>> ids(const std::string& after, std::size_t limit,
                                                             const Context& context = {}) = 0;
};

}  // namespace docupilot::inline v1
