#pragma once

#include <array>
#include <span>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1 {

namespace crypto {
/// SHA-256 of several independent blocks, four at a time on one core where the processor has SHA extensions; `digests`
/// must be as long as `blocks`.
void sha256_many(std::span<const ByteView> blocks, std::span<std::array<std::byte, 32>> digests);
}  // namespace crypto

/// What sha256_many does on a processor with SHA extensions; `lanes` (1 to 4) at a time.
void sha256_interleaved(std::span<const ByteView> blocks, std::span<std::array<std::byte, 32>> digests,
                        std::size_t lanes) noexcept;

}  // namespace docupilot::inline v1
