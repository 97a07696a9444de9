#pragma once

#include <string>
#include <string_view>

namespace docupilot::inline v1 {

/// The text with control characters and invalid UTF-8 written as \n, \t or \xHH, so that a hostile name cannot
/// forge lines in a log or move a terminal's cursor. C1 controls and Unicode line separators are escaped too.
[[nodiscard]] std::string escape_controls(std::string_view text);

/// Length of the valid UTF-8 sequence (RFC 3629) at the front of `text`, or 0 when there is none.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text) noexcept;

/// Whether all of it is valid UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// The text with each byte that is no part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string replace_invalid_utf8(std::string_view text);

}  // namespace docupilot::inline v1
