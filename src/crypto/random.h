#pragma once

#include <string>

namespace docupilot::inline v1::crypto {

/// `digits` lower-case hexadecimal digits from the operating system's secure source, for ids and tokens that must be
/// unique across machines: 32 digits are 128 bits.
[[nodiscard]] std::string random_hex(std::size_t digits);

/// A number in [0, 1) from the secure source, so that it needs no seed and a forked child does not repeat its parent's.
/// For waits, which are rare.
[[nodiscard]] double random_part();

}  // namespace docupilot::inline v1::crypto
