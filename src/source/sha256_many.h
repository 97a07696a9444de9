#pragma once

#include <span>

#include <docupilot/source/content_hash.h>

namespace docupilot::inline v1 {

/// What sha256_many does on a processor with SHA extensions; `lanes` (1 to 4) at a time.
void sha256_interleaved(std::span<const ByteView> blocks, std::span<Sha256Digest> digests, std::size_t lanes) noexcept;

}  // namespace docupilot::inline v1
