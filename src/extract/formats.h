#pragma once

#include <string>
#include <string_view>

#include <docupilot/extract/extractor.h>

namespace docupilot::inline v1 {

/// One reader a format. Each returns text, title, charset and `truncated`; the caller knows the content type. `charset`
/// is the label that came with the bytes, "" for none.
[[nodiscard]] Result<ExtractedText> extract_plain(Reader& body, std::string_view charset, const ExtractLimits& limits,
                                                  const Context& context);
[[nodiscard]] Result<ExtractedText> extract_markdown(Reader& body, std::string_view charset,
                                                     const ExtractLimits& limits, const Context& context);
[[nodiscard]] Result<ExtractedText> extract_html(Reader& body, std::string_view charset, const ExtractLimits& limits,
                                                 const Context& context);
[[nodiscard]] Result<ExtractedText> extract_docx(Reader& body, const ExtractLimits& limits, const Context& context);
/// `program` is a name to look up in PATH, or a path.
[[nodiscard]] Result<ExtractedText> extract_pdf(Reader& body, const std::string& program, const ExtractLimits& limits,
                                                const Context& context);

/// The text of a Markdown document, which is valid UTF-8. Never fails: all text is Markdown.
[[nodiscard]] ExtractedText markdown_to_text(std::string_view utf8, const ExtractLimits& limits);
[[nodiscard]] Result<ExtractedText> html_to_text(std::string_view utf8, const ExtractLimits& limits,
                                                 const Context& context);

/// All of `body`, which is `what`. Errors: too_large past `limit`, with `name_of_limit` in the hint.
[[nodiscard]] Result<std::string> read_whole(Reader& body, std::uint64_t limit, std::string_view what,
                                             std::string_view name_of_limit, const Context& context);

}  // namespace docupilot::inline v1
