#pragma once

#include <string>
#include <string_view>

namespace docupilot::inline v1 {

inline constexpr std::string_view pdf_type = "application/pdf";
inline constexpr std::string_view docx_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
inline constexpr std::string_view html_type = "text/html";
inline constexpr std::string_view xhtml_type = "application/xhtml+xml";
inline constexpr std::string_view markdown_type = "text/markdown";
inline constexpr std::string_view plain_type = "text/plain";
inline constexpr std::string_view zip_type = "application/zip";
inline constexpr std::string_view ole_type = "application/x-ole-storage";
inline constexpr std::string_view binary_type = "application/octet-stream";

/// The media type without parameters, in lower case.
[[nodiscard]] std::string essence(std::string_view content_type);

/// The type that the first bytes alone prove, "" when they prove none. 4 KiB are enough.
[[nodiscard]] std::string_view type_of_signature(std::string_view head) noexcept;

/// The type that the ending of a file's name stands for, "" when it is unknown.
[[nodiscard]] std::string_view type_of_name(std::string_view name) noexcept;

/// Whether the bytes are text in some charset, as far as a look can tell. The end may be in the middle of a character.
[[nodiscard]] bool looks_like_text(std::string_view head) noexcept;

/// Whether bytes of this type are text that can be read as it is: "text/csv", "application/json".
[[nodiscard]] bool is_textual(std::string_view content_type) noexcept;

}  // namespace docupilot::inline v1
