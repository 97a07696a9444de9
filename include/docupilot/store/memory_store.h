#pragma once

#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// Objects in memory, for tests and throw-away libraries. Does all that an ObjectStore can do except presign.
[[nodiscard]] DOCUPILOT_EXPORT std::unique_ptr<ObjectStore> make_memory_store();

}  // namespace docupilot::inline v1
