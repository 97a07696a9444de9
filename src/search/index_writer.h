#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/search/search_index.h>

#include "search/analyzer.h"
#include "search/sqlite_schema.h"
#include "search/word_changes.h"

namespace docupilot::inline v1::search {

/// Longest body of one document, in bytes.
inline constexpr std::size_t longest_text = 16 << 20;

/// Whether the entry can be indexed. Errors: invalid_argument (bad id, text that is not UTF-8), too_large.
[[nodiscard]] Result<void> check_entry(const IndexEntry& entry);

/// Adds and removes documents, inside a transaction of the caller's. Call `finish` before its end.
class IndexWriter {
 public:
  IndexWriter(sqlite::Connection& connection, Analyzer& analyzer, const Context& context)
      : connection_(connection), analyzer_(analyzer), context_(context) {}

  [[nodiscard]] Result<void> begin();
  /// Adds the document, in place of the one with the same id.
  [[nodiscard]] Result<void> put(const IndexEntry& entry);
  [[nodiscard]] Result<void> remove(const std::string& id);
  /// Writes what has been counted.
  [[nodiscard]] Result<void> finish();

 private:
  // How the counts of a word change, and the last document that was counted for each.
  struct Change : WordChange {
    std::uint32_t last_spelled = 0;
    std::uint32_t last_stemmed = 0;
  };
  struct Part {
    std::size_t begin = 0;
    std::size_t first_token = 0;
  };
  struct Fields {  // as the full text table takes them: stems with blanks between
    std::string title, name, tags, body;
    std::size_t title_words = 0;  // without stop words
    std::size_t body_tokens = 0;
    std::vector<Part> parts;  // of the body
  };

  [[nodiscard]] Fields analyze(const Document& document, std::string_view text, int sign);
  void count(const Token& token, int sign);
  Change& change_of(std::string_view word);
  [[nodiscard]] Result<void> insert_document(const Document& document, std::int64_t key);
  [[nodiscard]] Result<void> insert_text(std::string_view text, const std::vector<Part>& parts, std::int64_t number);
  [[nodiscard]] Result<void> change_full_text(std::string_view sql, std::int64_t key, const Fields& fields);
  [[nodiscard]] Result<void> log_words();
  [[nodiscard]] Result<void> merge_words();

  sqlite::Connection& connection_;
  Analyzer& analyzer_;
  const Context& context_;
  IndexState state_;
  WordMap<Change> changes_;
  std::uint32_t document_ = 0;  // counts those added and removed
};

}  // namespace docupilot::inline v1::search
