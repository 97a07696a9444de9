#include <docupilot/search/search_index.h>

namespace docupilot::inline v1 {

SearchIndex::~SearchIndex() = default;

}  // namespace docupilot::inline v1
