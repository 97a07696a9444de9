#pragma once

#include <optional>
#include <string>
#include <vector>

#include <docupilot/metadata/metadata_store.h>

namespace docupilot::inline v1 {

/// Where a page ended: the last document's values of the fields it is ordered by, and its id.
struct PagePosition {
  std::vector<Value> values;  ///< As many as there are orders; null where the order sees none.
  std::string id;
};

/// The place of a document in an order.
[[nodiscard]] PagePosition page_position(const std::vector<OrderBy>& order, const Document& document);

/// Whether ties go by descending id: they follow the last field, so that one index serves both directions.
[[nodiscard]] bool ties_descend(const std::vector<OrderBy>& order) noexcept;

/// The token for the page behind `last`: base64 of a JSON list of version, id, values and a digest of these with filter
/// and order.
[[nodiscard]] std::string make_page_token(const DocumentQuery& query, const Document& last);

/// Where the query's page begins; nothing: at the start. Errors: invalid_argument for a token that was changed or is
/// of another filter or order.
[[nodiscard]] Result<std::optional<PagePosition>> read_page_token(const DocumentQuery& query);

}  // namespace docupilot::inline v1
