#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1 {

/// One SHA-256 computation in flight: the chaining value in the order of the SHA extensions' two registers (F E B A and
/// H G D C), and where its next 64-byte block is.
struct Sha256Lane {
  std::array<std::uint32_t, 8> state;
  const std::byte* data;
};

inline constexpr std::size_t sha256_most_lanes = 4;
inline constexpr std::array<std::uint32_t, 8> sha256_start = {0x9b05688cU, 0x510e527fU, 0xbb67ae85U, 0x6a09e667U,
                                                              0x5be0cd19U, 0x1f83d9abU, 0xa54ff53aU, 0x3c6ef372U};

/// Whether this processor has the SHA extensions.
[[nodiscard]] bool has_sha_extensions() noexcept;

/// Takes `blocks` 64-byte blocks into each of the first `lanes` (1 to 4) lanes, in lock step, and moves their `data`
/// on. Interleaving hides the latency of the SHA instructions, each of which waits for the one before it. Only where
/// has_sha_extensions().
void sha256_compress(Sha256Lane* lane, std::size_t lanes, std::size_t blocks) noexcept;

}  // namespace docupilot::inline v1
