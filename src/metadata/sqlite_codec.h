#pragma once

#include <docupilot/base/document.h>

#include "sqlite/filter_sql.h"

namespace docupilot::inline v1::sqlite {

/// Creates the tables; one step for each version. The schema is docs/formats/sqlite.md.
[[nodiscard]] const std::vector<std::string>& metadata_migrations();

/// The columns in the order in which documents are bound and read.
inline constexpr std::string_view document_columns =
    "id, revision, title, name, size, content_type, sha256, created, updated, tags, attributes, summary, rest";
inline constexpr int document_column_count = 13;

/// The same for filters.
inline constexpr FilterColumns document_filter_columns = {.id = "id",
                                                          .title = "title",
                                                          .name = "name",
                                                          .size = "size",
                                                          .content_type = "content_type",
                                                          .sha256 = "sha256",
                                                          .created = "created",
                                                          .updated = "updated",
                                                          .tags = "tags",
                                                          .summary = "summary",
                                                          .attributes = "attributes"};

/// Binds all columns from position 1 on. The document has passed check_document.
void bind_document(Statement& statement, const Document& document, std::string_view revision);

/// Reads a row of document_columns. Errors: corrupted.
[[nodiscard]] Result<Document> read_document(const Statement& row);

}  // namespace docupilot::inline v1::sqlite
