#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace docupilot_command {

/// The text with control characters, line and direction marks, and bytes that are no UTF-8 written as \n, \x1b or
/// \u202e: safe to print, on one line.
[[nodiscard]] std::string escaped(std::string_view text);
/// The same, but lines stay lines.
[[nodiscard]] std::string escaped_lines(std::string_view text);
/// The text with each byte that is no part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// Columns that the text takes on a terminal; it must have been escaped.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// At most `columns` wide: the end is cut, or the middle so that the ending of a file name stays.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns);
[[nodiscard]] std::string shortened_middle(std::string_view text, std::size_t columns);
/// Padded with spaces to `columns`.
[[nodiscard]] std::string padded(std::string text, std::size_t columns);
/// Broken at spaces into lines of at most `columns`; the marks that surround a match take no room.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

inline constexpr char mark_begin = '\x01';  ///< Before a matching word; extracted text has no control characters.
inline constexpr char mark_end = '\x02';    ///< Behind it.

[[nodiscard]] std::string human_size(double bytes);           ///< "12.3 MiB"
[[nodiscard]] std::string human_count(std::uint64_t number);  ///< "1,234"
[[nodiscard]] std::string human_time(double seconds);         ///< "1:05" or "1:02:03"
/// "64MiB", "64M", "1.5gb" or "67108864" in bytes, each unit 1,024 of the one before; nothing for what is none.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// "1 document", "2 documents".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view singular, std::string_view plural = {});
/// As a shell takes it for one word.
[[nodiscard]] std::string shell_quoted(std::string_view text);

}  // namespace docupilot_command
