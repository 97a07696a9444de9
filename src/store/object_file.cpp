#include <docupilot/store/object_store.h>

#include "base/part_file.h"
#include "base/try.h"

namespace docupilot::inline v1 {

Result<ObjectInfo> get_to_file(ObjectStore& store, const std::string& key, const std::string& path,
                               const GetOptions& options, const Context& context) {
  PartFile file(path);
  DOCUPILOT_CHECK(file.open());
  DOCUPILOT_TRY(ObjectInfo info, store.get(key, file, options, context));
  DOCUPILOT_CHECK(file.keep());
  return info;
}

}  // namespace docupilot::inline v1
