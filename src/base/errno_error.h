#pragma once

#include <string_view>

#include <docupilot/base/error.h>

namespace docupilot::inline v1 {

/// The error that an `errno` value stands for, with a hint; the one place that maps one to the other. `what` says
/// what was being done, for example "cannot write the temporary file". The caller adds operation, backend and target.
[[nodiscard]] Error errno_error(int error, std::string_view what);

}  // namespace docupilot::inline v1
