#pragma once

#include <docupilot/search/search_index.h>

namespace docupilot::inline v1 {

/// Full text search with SQLite FTS5; the schema is docs/formats/sqlite-fts5.md. It may share its file with
/// the metadata.
struct SqliteIndexOptions {
  std::string path;  ///< The database file, made when missing; ":memory:" for none.
  bool read_only = false;
  Duration busy_time = Duration::milliseconds(30'000);  ///< How long to wait for another writer. Default 30 s.
};

/// Opens the file. Errors: as open_sqlite_metadata.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<SearchIndex>> open_sqlite_index(SqliteIndexOptions options);

}  // namespace docupilot::inline v1
