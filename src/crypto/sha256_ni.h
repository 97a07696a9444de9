#pragma once

#include "crypto/sha256_kernel.h"

namespace docupilot::inline v1 {

/// Whether this processor has the SHA extensions.
[[nodiscard]] bool has_sha_extensions() noexcept;

/// A Sha256Kernel over the SHA extensions, each instruction of which waits for the one before it: up to four lanes are
/// interleaved to hide that latency. Only where has_sha_extensions().
void sha256_compress_ni(Sha256Lane* lane, std::size_t count, std::size_t blocks) noexcept;

}  // namespace docupilot::inline v1
