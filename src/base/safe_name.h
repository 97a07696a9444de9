#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// Takes a name that a stranger chose, "a/b.txt", apart for a file below a folder. Errors: invalid_argument for one
/// that could lead elsewhere or be no plain file, here or where the folder is copied to: a '/' in front, behind or
/// doubled,
/// "." and "..", backslashes, controls, what is no UTF-8, a drive ("c:"), a device (CON, NUL, COM1, ... with any
/// ending), and a dot or blank at the end of a part.
[[nodiscard]] Result<std::vector<std::string>> safe_components(std::string_view name);

}  // namespace docupilot::inline v1
