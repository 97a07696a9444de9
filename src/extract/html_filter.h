#pragma once

#include <string>
#include <string_view>

#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// Boils a page down to what its text depends on: text, and the tags of blocks, lists, tables and titles, without
/// attributes. What readers do not see is gone: scripts, styles, templates, drawings, comments. The attribute
/// `id=chrome` marks elements whose class or id says that they are the page's chrome (DocBook: navheader, navfooter).
/// This is a fraction of the page, and has nothing in it on which the standard's tree construction takes more than
/// linear time or memory, such as formatting elements out of order and thousands of attributes. Errors: too_large when
/// elements are nested more than `depth` deep.
[[nodiscard]] Result<std::string> filter_html(std::string_view utf8, unsigned depth);

}  // namespace docupilot::inline v1
