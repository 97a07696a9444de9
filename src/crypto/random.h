#pragma once

#include <string>

namespace docupilot::inline v1::crypto {

/// `digits` lower-case hexadecimal digits from the operating system's secure source, for ids and tokens that must be
/// unique across machines: 32 digits are 128 bits.
[[nodiscard]] std::string random_hex(std::size_t digits);

}  // namespace docupilot::inline v1::crypto
