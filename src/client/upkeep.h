#pragma once

#include "client/library.h"

namespace docupilot::inline v1 {

/// Client::sweep.
[[nodiscard]] Result<SweepReport> sweep_library(Library& library, const SweepOptions& options, const Context& context);

/// Client::diagnose.
[[nodiscard]] std::vector<Finding> diagnose_library(Library& library, const Context& context);

}  // namespace docupilot::inline v1
