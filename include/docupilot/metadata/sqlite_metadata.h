#pragma once

#include <docupilot/metadata/metadata_store.h>

namespace docupilot::inline v1 {

/// Documents in one SQLite file (write-ahead log, synchronous=FULL); the schema is docs/formats/sqlite.md.
struct SqliteMetadataOptions {
  std::string path;                                     ///< The database file, made when missing; ":memory:" for none.
  bool read_only = false;                               ///< Never writes, not even the schema.
  Duration busy_time = Duration::milliseconds(30'000);  ///< How long to wait for another writer. Default 30 s.
};

/// Opens the file. Errors: corrupted when it is not an SQLite database or is damaged; unsupported when a newer
/// version of this library made it, or when read_only and it has no documents yet; permission_denied; not_found when
/// read_only and missing.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<MetadataStore>> open_sqlite_metadata(
    SqliteMetadataOptions options);

}  // namespace docupilot::inline v1
