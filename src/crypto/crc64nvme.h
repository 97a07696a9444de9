#pragma once

#include <span>

#include "crypto/crc_polynomial.h"

namespace docupilot::inline v1::crc {

/// The CRC-64/NVME kernels that this processor can run, the slowest first, the best one last; never empty.
[[nodiscard]] std::span<const Kernel<std::uint64_t>> crc64nvme_kernels() noexcept;

/// CRC-64/NVME of `bytes` after a stream whose value is `before`, with the best of them.
[[nodiscard]] std::uint64_t crc64nvme(ByteView bytes, std::uint64_t before = 0) noexcept;

/// That of A followed by B, from those of each and the length of B.
[[nodiscard]] std::uint64_t crc64nvme_combine(std::uint64_t a, std::uint64_t b, std::uint64_t length_b) noexcept;

}  // namespace docupilot::inline v1::crc
