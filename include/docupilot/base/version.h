#pragma once

#include <string_view>

#include <docupilot/base/export.h>

#define DOCUPILOT_VERSION_MAJOR 0
#define DOCUPILOT_VERSION_MINOR 1
#define DOCUPILOT_VERSION_PATCH 0

namespace docupilot::inline v1 {

/// The version of the library that is linked, as "major.minor.patch" (https://semver.org). Compare it with the
/// DOCUPILOT_VERSION_* macros to notice headers and library of different releases.
[[nodiscard]] DOCUPILOT_EXPORT std::string_view version() noexcept;

}  // namespace docupilot::inline v1
