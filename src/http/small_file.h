#pragma once

#include <optional>
#include <string>

#include <docupilot/base/result.h>

namespace docupilot::inline v1::http {

/// The text of a file of at most `limit` bytes, such as a token or a profile file; nothing when there is no such file.
/// Errors: permission_denied, too_large, those of the system. What is in the file is in no error.
[[nodiscard]] Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t limit);

}  // namespace docupilot::inline v1::http
