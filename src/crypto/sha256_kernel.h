#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1 {

/// One SHA-256 computation in flight: the chaining value A to H (FIPS 180-4), and where its next 64-byte block is.
struct Sha256Lane {
  std::array<std::uint32_t, 8> state;
  const std::byte* data;
};

inline constexpr std::size_t sha256_most_lanes = 16;
inline constexpr std::array<std::uint32_t, 8> sha256_start = {0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                                              0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};

/// A way to compute several at a time on one core.
struct Sha256Kernel {
  std::string_view name;  ///< With its lanes, as hash_kernels() tells it: "sha-ni x4".
  std::size_t lanes;      ///< That it takes at a time.
  std::size_t fewest;     ///< For so many and more it is faster than the kernels before it, and than OpenSSL.
  /// Takes `blocks` 64-byte blocks into each of `count` lanes, 1 to `lanes`, and moves their `data` on.
  void (*compress)(Sha256Lane* lane, std::size_t count, std::size_t blocks) noexcept;
};

/// Those that this processor can run, the best one for many computations last; may be empty.
[[nodiscard]] std::span<const Sha256Kernel> sha256_kernels() noexcept;

/// The best of `kernels` for so many computations at a time; nullptr: OpenSSL, which takes one after the other, is.
[[nodiscard]] const Sha256Kernel* sha256_kernel_for(std::size_t count, std::span<const Sha256Kernel> kernels) noexcept;

}  // namespace docupilot::inline v1
