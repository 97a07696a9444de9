#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/result.h>

#include "search/word_changes.h"

namespace docupilot::inline v1::search {

/// Whether these fields can be counted: tags, content_type and attributes.NAME, 32 at the most. Errors:
/// invalid_argument.
[[nodiscard]] Result<void> check_facets(const std::vector<std::string>& fields);

/// Counts the values of fields over documents. Each element of a list counts; other values that are no text count as
/// their JSON, maps and bytes not at all.
class FacetCounter {
 public:
  using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

  explicit FacetCounter(const std::vector<std::string>& fields);
  /// One document, its lists and maps as json::to_tagged writes them. Errors: corrupted.
  [[nodiscard]] Result<void> add(std::string_view tags, std::string_view content_type, std::string_view attributes);
  /// By field, the `most` most frequent values; the same count goes by value.
  [[nodiscard]] Result<std::map<std::string, Counts>> take(std::size_t most) &&;

 private:
  struct Field {
    std::string name;
    WordMap<std::uint64_t> counts;
  };
  [[nodiscard]] Result<void> count_attributes();

  std::vector<Field> attributes_;
  bool wants_tags_ = false;
  bool wants_content_type_ = false;
  // As written, because parsing costs most and few are different.
  WordMap<std::uint64_t> tag_lists_;
  WordMap<std::uint64_t> attribute_maps_;
  WordMap<std::uint64_t> content_types_;
};

}  // namespace docupilot::inline v1::search
