#pragma once

#include <array>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1::crypto {

/// HMAC-SHA256 (RFC 2104, RFC 6234).
[[nodiscard]] std::array<std::byte, 32> hmac_sha256(ByteView key, ByteView message);

}  // namespace docupilot::inline v1::crypto
