#pragma once

#include <array>
#include <span>

#include <docupilot/base/bytes.h>

#include "crypto/sha256_kernel.h"

namespace docupilot::inline v1 {

namespace crypto {
/// How many blocks it pays to give sha256_many at a time; 1: it takes one after the other.
[[nodiscard]] std::size_t sha256_lanes() noexcept;

/// SHA-256 of several independent blocks, sha256_lanes() at a time on one core; `digests` must be as long as `blocks`.
void sha256_many(std::span<const ByteView> blocks, std::span<std::array<std::byte, 32>> digests);
}  // namespace crypto

/// What sha256_many does, at most `lanes` (1 to sha256_most_lanes) at a time: with the best of these kernels for as
/// many as are left, or the first. At least one kernel.
void sha256_interleaved(std::span<const ByteView> blocks, std::span<std::array<std::byte, 32>> digests,
                        std::span<const Sha256Kernel> kernels, std::size_t lanes) noexcept;

}  // namespace docupilot::inline v1
