#pragma once

#include <span>

#include "source/crc_polynomial.h"

namespace docupilot::inline v1::crc {

/// The CRC-32C kernels that this processor can run, the slowest first, the best one last; never empty.
[[nodiscard]] std::span<const Kernel<std::uint32_t>> crc32c_kernels() noexcept;

}  // namespace docupilot::inline v1::crc
