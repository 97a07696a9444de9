#include <docupilot/search/sqlite_index.h>

#include "conformance/search_suite_all.h"
#include "support/temp_dir.h"

namespace docupilot_test::search_suite {

namespace {

struct SqliteIndexBackend {
  std::unique_ptr<SearchIndex> open() { return open_sqlite_index({.path = folder / "search.db"}).value(); }
  TempDir folder;
};

struct SqliteIndexInMemory {
  std::unique_ptr<SearchIndex> open() { return open_sqlite_index({.path = ":memory:"}).value(); }
};

}  // namespace

}  // namespace docupilot_test::search_suite

TYPE_TO_STRING(docupilot_test::search_suite::SqliteIndexBackend);
TYPE_TO_STRING(docupilot_test::search_suite::SqliteIndexInMemory);

namespace docupilot_test::search_suite {

DOCUPILOT_SEARCH_SUITE(SqliteIndexBackend, SqliteIndexInMemory);

}  // namespace docupilot_test::search_suite
