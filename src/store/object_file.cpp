#include <docupilot/store/object_store.h>

#include "base/part_file.h"
#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

Result<ObjectInfo> get_to(PartFile& file, ObjectStore& store, const std::string& key, const GetOptions& options,
                          const Context& context) {
  DOCUPILOT_CHECK(file.open());
  DOCUPILOT_TRY(ObjectInfo info, store.get(key, file, options, context));
  DOCUPILOT_CHECK(file.keep());
  return info;
}

}  // namespace

Result<ObjectInfo> get_to_file(ObjectStore& store, const std::string& key, const std::string& path,
                               const GetOptions& options, const Context& context) {
  PartFile file(path);
  return get_to(file, store, key, options, context);
}

Result<ObjectInfo> get_into_folder(ObjectStore& store, const std::string& key, const std::string& folder,
                                   const GetOptions& options, const Context& context) {
  PartFile file(folder, key);
  return get_to(file, store, key, options, context);
}

}  // namespace docupilot::inline v1
