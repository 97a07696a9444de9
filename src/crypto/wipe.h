#pragma once

#include <string>
#include <string_view>

namespace docupilot::inline v1::crypto {

/// Overwrites the text, unused capacity included, in a way the optimiser keeps, and empties it.
void wipe(std::string& text) noexcept;

/// Compares in time that depends on the lengths only.
[[nodiscard]] bool equal(std::string_view a, std::string_view b) noexcept;

}  // namespace docupilot::inline v1::crypto
