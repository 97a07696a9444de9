#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/filter.h>

#include "sqlite/database.h"

namespace docupilot::inline v1::sqlite {

/// Where a table keeps the fields of documents: a column or expression of SQL for each, written by us, never by a
/// caller. Empty: it does not keep it, so that it is missing in every document. None may give NULL.
///   text             TEXT, '' when missing
///   size             INTEGER
///   created, updated INTEGER, microseconds since 1970, 0 when missing
///   tags             TEXT, a JSON list of text, exactly '[]' when there are none
///   attributes       TEXT, a map as json::to_tagged writes it
struct FilterColumns {
  std::string_view id = {};
  std::string_view title = {};
  std::string_view name = {};
  std::string_view size = {};
  std::string_view content_type = {};
  std::string_view sha256 = {};
  std::string_view created = {};
  std::string_view updated = {};
  std::string_view tags = {};
  std::string_view summary = {};
  std::string_view attributes = {};

  /// The expression for a field that is not an attribute.
  [[nodiscard]] std::string_view of(std::string_view field) const noexcept;
};

/// A condition in SQL. It is never NULL, in parentheses where it needs them, and true for exactly the documents that
/// Filter::matches. All that came from the caller is in `parameters`, so that its shape is the filter's alone.
struct FilterSql {
  std::string where;
  std::vector<Value> parameters;  ///< For ?N, ?N+1 ... with N the `first_parameter`.
};

/// Translates a filter that Filter::check has passed.
[[nodiscard]] FilterSql filter_sql(const Filter& filter, const FilterColumns& columns, int first_parameter = 1);

/// Binds integers, doubles, text, bytes (as BLOB) and times (as INTEGER) from position `first` on.
void bind_all(Statement& statement, int first, const std::vector<Value>& parameters);

/// Adds the functions that conditions and orders call, for Pool's `prepare`:
///   docupilot_match(json, comparison)   whether a comparison on tagged JSON holds
///   docupilot_sort_key(json, path)      sort_key() of the value that a path leads to, as BLOB
[[nodiscard]] Result<void> add_document_functions(Connection& connection);

}  // namespace docupilot::inline v1::sqlite
