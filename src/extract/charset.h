#pragma once

#include <optional>
#include <string_view>

#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// A way to write text as bytes: as IANA names it, and as iconv does. Points into static tables.
struct Charset {
  std::string_view name;
  const char* iconv_name;

  [[nodiscard]] bool operator==(const Charset& other) const noexcept { return name == other.name; }
};

/// UTF-16 or UTF-32.
[[nodiscard]] inline bool is_wide(const Charset& charset) noexcept {
  return charset.name.starts_with("UTF-16") || charset.name.starts_with("UTF-32");
}

inline constexpr Charset utf8_charset{"UTF-8", "UTF-8"};
inline constexpr Charset windows_1252{"windows-1252", "CP1252"};

/// The charset with this label, in any case, the way browsers read labels: "latin1" is windows-1252. Nothing for a
/// label that is not in the WHATWG Encoding Standard; so no hostile label reaches iconv.
[[nodiscard]] std::optional<Charset> find_charset(std::string_view label) noexcept;

/// The `charset` parameter of a media type, "" when it has none.
[[nodiscard]] std::string_view charset_parameter(std::string_view content_type) noexcept;

/// The label that an HTML <meta> or an XML declaration in the first 4 KiB gives, "" when there is none.
[[nodiscard]] std::string_view embedded_charset(std::string_view head) noexcept;

/// UTF-8, UTF-16 or UTF-32 with a byte order mark; `mark_size` gets its length.
[[nodiscard]] std::optional<Charset> marked_charset(std::string_view head, std::size_t& mark_size) noexcept;

/// UTF-16 without a mark: one byte order gives text, with blanks or Latin letters in it, and the other does not.
[[nodiscard]] std::optional<Charset> unmarked_utf16(std::string_view head) noexcept;

/// The charset of a sample that has bytes over 0x7f or escapes, and is not UTF-16 or UTF-32. `complete`: the sample is
/// all there is, else it may end inside a character. Errors: corrupted when no charset makes sense of it.
[[nodiscard]] Result<Charset> detect_charset(std::string_view sample, bool complete);

/// Whether the bytes can be windows-1252: western letters between others, quotes and signs where they belong.
[[nodiscard]] bool plausible_windows_1252(std::string_view sample) noexcept;

/// Whether there are bytes that no text has: NUL and most controls. Not for UTF-16 and UTF-32.
[[nodiscard]] bool has_binary_bytes(std::string_view bytes) noexcept;

/// Whether fewer than one byte in ten is such: text that a few wrong bytes got into.
[[nodiscard]] bool has_few_binary_bytes(std::string_view bytes) noexcept;

}  // namespace docupilot::inline v1
