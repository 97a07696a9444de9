#pragma once

#include <string>
#include <string_view>

namespace docupilot::inline v1 {

/// The words of one paragraph or heading of Markdown (CommonMark 0.31 with GitHub's ~~): emphasis, code, links, images
/// and HTML tags lose their marks and keep their text, escapes and entities are resolved. Takes linear time.
[[nodiscard]] std::string markdown_inline(std::string_view utf8);

}  // namespace docupilot::inline v1
