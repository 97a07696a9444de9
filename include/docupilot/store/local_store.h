#pragma once

#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// Objects as files in a folder; the layout is docs/formats/object-folder.md.
///
/// An object appears by rename, after its bytes were synchronised: a reader, another process or a loss of power sees
/// the old one or the new one. Every path is opened component by component under the root without following
/// symbolic links, so no key leads out of it. Any number of processes may use one folder.
struct LocalStoreOptions {
  std::string root;        ///< Made when missing, unless `read_only`.
  bool read_only = false;  ///< Every write fails with permission_denied; nothing is created.
};

/// Opens the folder; makes it, but no file, when it is missing. Errors: permission_denied; invalid_argument when the
/// path is something else than a folder; not_found when it is missing and `read_only`.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<ObjectStore>> open_local_store(LocalStoreOptions options);

}  // namespace docupilot::inline v1
