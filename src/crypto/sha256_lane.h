#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace docupilot::inline v1 {

/// One SHA-256 computation in flight: the chaining value A to H (FIPS 180-4), and where its next 64-byte block is.
struct Sha256Lane {
  std::array<std::uint32_t, 8> state;
  const std::byte* data;
};

}  // namespace docupilot::inline v1
