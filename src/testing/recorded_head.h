#pragma once

#include <cstddef>
#include <string>

#include <docupilot/testing/ledger.h>

namespace docupilot::inline v1::testing {

/// The page of a request of which `head` is what came up to its empty line.
[[nodiscard]] RecordedRequest recorded_head(const std::string& head, std::size_t connection);

}  // namespace docupilot::inline v1::testing
