#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "crypto/sha256_lane.h"

namespace docupilot::inline v1 {

inline constexpr std::size_t sha256_most_lanes = 16;

/// A way to compute several at a time on one core.
struct Sha256Kernel {
  std::string_view name;  ///< "sha-ni".
  std::size_t lanes;      ///< That it takes at a time.
  std::size_t fewest;     ///< For fewer it is slower than the kernels before it, or than OpenSSL.
  /// Takes `blocks` 64-byte blocks into each of `count` lanes, 1 to `lanes`, and moves their `data` on.
  void (*compress)(Sha256Lane* lane, std::size_t count, std::size_t blocks) noexcept;
};

/// Those that this processor can run, the best one for many computations at a time last; may be empty.
[[nodiscard]] std::span<const Sha256Kernel> sha256_kernels() noexcept;

/// The best of `kernels` for so many at a time: the last for which they are enough. nullptr: OpenSSL, which takes one
/// after the other.
[[nodiscard]] const Sha256Kernel* sha256_kernel_for(std::size_t count, std::span<const Sha256Kernel> kernels) noexcept;

}  // namespace docupilot::inline v1
