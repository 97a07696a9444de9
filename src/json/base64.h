#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1 {

/// Base64 with padding (RFC 4648, 4).
[[nodiscard]] std::string to_base64(ByteView bytes);

/// The bytes, or nothing unless the text is exactly what to_base64 writes.
[[nodiscard]] std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace docupilot::inline v1
