#include <docupilot/metadata/memory_metadata.h>
#include <docupilot/metadata/sqlite_metadata.h>

#include "conformance/metadata_suite_all.h"
#include "support/temp_dir.h"

namespace docupilot_test {

namespace {

struct MemoryBackend {
  std::unique_ptr<MetadataStore> open() { return make_memory_metadata(); }
};

struct SqliteBackend {
  std::unique_ptr<MetadataStore> open() { return open_sqlite_metadata({.path = folder / "metadata.db"}).value(); }
  TempDir folder;
};

struct SqliteInMemoryBackend {
  std::unique_ptr<MetadataStore> open() { return open_sqlite_metadata({.path = ":memory:"}).value(); }
};

}  // namespace

}  // namespace docupilot_test

TYPE_TO_STRING(docupilot_test::MemoryBackend);
TYPE_TO_STRING(docupilot_test::SqliteBackend);
TYPE_TO_STRING(docupilot_test::SqliteInMemoryBackend);

namespace docupilot_test {

DOCUPILOT_METADATA_SUITE(MemoryBackend, SqliteBackend, SqliteInMemoryBackend);

}  // namespace docupilot_test
