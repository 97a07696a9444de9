#pragma once

#include <string>

#include <docupilot/base/value.h>

namespace docupilot::inline v1 {

/// Bytes whose order (memcmp, then length) is the order of documents by a field: missing values first, then numbers
/// (integers and doubles by their exact value, NaN before all others), then text by its bytes, times last. Values that
/// have no order (booleans, bytes, lists, maps) count as missing.
[[nodiscard]] std::string sort_key(const Value& value);

}  // namespace docupilot::inline v1
