#pragma once

#include <optional>
#include <string>
#include <vector>

#include <docupilot/metadata/metadata_store.h>

#include "metadata/page_token.h"

namespace docupilot::inline v1::sqlite {

struct QuerySql {
  std::string text;
  std::vector<Value> parameters;  ///< From ?1 on.
};

/// One page and the first document behind it, if there is one. The query has passed check_query.
[[nodiscard]] QuerySql page_sql(const DocumentQuery& query, const std::optional<PagePosition>& begin);

[[nodiscard]] QuerySql count_sql(const Filter& filter);

}  // namespace docupilot::inline v1::sqlite
