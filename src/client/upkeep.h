#pragma once

#include <string>
#include <unordered_set>

#include "client/library.h"

namespace docupilot::inline v1 {

/// Client::sweep.
[[nodiscard]] Result<SweepReport> sweep_library(Library& library, const SweepOptions& options, const Context& context);

/// The keys of all objects that hold documents' bytes. To find lost ones with a request a page instead of one each.
[[nodiscard]] Result<std::unordered_set<std::string>> stored_keys(ObjectStore& store, const Context& context);
/// Whether this key is there, though it was not when they were listed.
[[nodiscard]] Result<bool> is_stored(ObjectStore& store, const std::string& key, const Context& context);

/// Client::diagnose.
[[nodiscard]] std::vector<Finding> diagnose_library(Library& library, const Context& context);

}  // namespace docupilot::inline v1
