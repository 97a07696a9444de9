#pragma once

#include <span>

#include "source/crc_polynomial.h"

namespace docupilot::inline v1::crc {

/// The CRC-64/NVME kernels that this processor can run, the slowest first, the best one last; never empty.
[[nodiscard]] std::span<const Kernel<std::uint64_t>> crc64nvme_kernels() noexcept;

}  // namespace docupilot::inline v1::crc
