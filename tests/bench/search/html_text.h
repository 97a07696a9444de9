#pragma once

#include <string>
#include <string_view>

namespace docupilot_bench {

struct Page {
  std::string title;
  std::string body;
};

/// The title and body of an HTML page, read as simply as peers.py reads it, so that every engine of the comparison gets
/// the same text: no script, no style, none of DocBook's navigation blocks.
[[nodiscard]] Page read_html(std::string_view html);

}  // namespace docupilot_bench
