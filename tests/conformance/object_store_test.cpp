#include <docupilot/store/local_store.h>
#include <docupilot/store/memory_store.h>

#include "object_store_suite_all.h"
#include "store/local_object_store.h"
#include "support/failing_store.h"
#include "support/forwarding_store.h"
#include "support/temp_dir.h"

namespace docupilot_test {

namespace {

/// A local store and the folder it lives in, which goes away after it.
class OwnFolderStore final : public ForwardingStore {
 public:
  OwnFolderStore(std::unique_ptr<TempDir> folder, std::unique_ptr<ObjectStore> store)
      : ForwardingStore(std::move(store)), folder_(std::move(folder)) {}
  ~OwnFolderStore() override { close(); }

 private:
  std::unique_ptr<TempDir> folder_;
};

std::unique_ptr<ObjectStore> local_store(const LocalStoreTuning& tuning) {
  auto folder = std::make_unique<TempDir>();
  auto store = open_local_store(LocalStoreOptions{.root = *folder / "store"}, tuning);
  if (!store) throw std::runtime_error(store.error().to_string());
  return std::make_unique<OwnFolderStore>(std::move(folder), *std::move(store));
}

struct MemoryBuilder {
  static constexpr const char* name = "memory";
  static std::unique_ptr<ObjectStore> make() { return make_memory_store(); }
};
struct ForwardedBuilder {
  static constexpr const char* name = "memory behind a decorator";
  static std::unique_ptr<ObjectStore> make() { return std::make_unique<FailingStore>(make_memory_store(), 0); }
};
struct LocalBuilder {
  static constexpr const char* name = "folder";
  static std::unique_ptr<ObjectStore> make() { return local_store({}); }
};
struct LocalPlainBuilder {
  static constexpr const char* name = "folder without extended attributes";
  static std::unique_ptr<ObjectStore> make() { return local_store({.extended_attributes = false}); }
};

}  // namespace
}  // namespace docupilot_test

using namespace docupilot_test;  // NOLINT(google-build-using-namespace): doctest wants the rest at the top

TYPE_TO_STRING(MemoryBuilder);
TYPE_TO_STRING(ForwardedBuilder);
TYPE_TO_STRING(LocalBuilder);
TYPE_TO_STRING(LocalPlainBuilder);

DOCUPILOT_OBJECT_STORE_SUITE(MemoryBuilder, ForwardedBuilder, LocalBuilder, LocalPlainBuilder);

TEST_CASE("the failing store fails the one call that it was told to, before it reaches the store below") {
  FailingStore failing(make_memory_store(), 2);
  ObjectStore& store = failing;
  CHECK(put_text(store, "a", "1"));
  const auto failed = put_text(store, "b", "2");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == ErrorCode::unavailable);
  CHECK(failed.error().operation() == "put");
  CHECK(code_of(store.head("b")) == "not_found");
  CHECK(put_text(store, "b", "2"));
  CHECK(failing.calls() == 4);
}
