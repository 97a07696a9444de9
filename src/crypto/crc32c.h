#pragma once

#include <span>

#include "crypto/crc_polynomial.h"

namespace docupilot::inline v1::crc {

/// The CRC-32C kernels that this processor can run, the slowest first, the best one last; never empty.
[[nodiscard]] std::span<const Kernel<std::uint32_t>> crc32c_kernels() noexcept;

/// CRC-32C of `bytes` after a stream whose value is `before`, with the best of them.
[[nodiscard]] std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0) noexcept;

/// That of A followed by B, from those of each and the length of B.
[[nodiscard]] std::uint32_t crc32c_combine(std::uint32_t a, std::uint32_t b, std::uint64_t length_b) noexcept;

}  // namespace docupilot::inline v1::crc
