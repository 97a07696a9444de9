#pragma once

#include <string_view>

#include <docupilot/base/value.h>

namespace docupilot::inline v1::json {

/// Parses one JSON text (RFC 8259) from outside. At most `depth` levels deep, valid UTF-8, every byte consumed (a NUL
/// and what follows it is refused), no duplicate keys, numbers in range. Errors: corrupted, with the offset.
[[nodiscard]] Result<Value> parse(std::string_view text, unsigned depth = 64);

}  // namespace docupilot::inline v1::json
