#pragma once

#include <docupilot/metadata/metadata_store.h>

namespace docupilot::inline v1 {

/// Documents in memory: the reference for the conformance suite, and for throw-away libraries.
[[nodiscard]] DOCUPILOT_EXPORT std::unique_ptr<MetadataStore> make_memory_metadata();

}  // namespace docupilot::inline v1
