#include <doctest/doctest.h>
#include <docupilot/store/memory_store.h>
#include <docupilot/store/object_store.h>

using namespace docupilot;

namespace {

/// The least that a store has to do.
class BareStore final : public ObjectStore {
 public:
  [[nodiscard]] std::string scheme() const override { return "bare"; }
  [[nodiscard]] StoreCapabilities capabilities() const override { return {}; }
  [[nodiscard]] Result<ObjectInfo> put(const std::string&, Reader&, const PutOptions&, const Context&) override {
    return unsupported("put");
  }
  [[nodiscard]] Result<ObjectInfo> get(const std::string&, Writer&, const GetOptions&, const Context&) override {
    return unsupported("get");
  }
  [[nodiscard]] Result<ObjectInfo> head(const std::string&, const Context&) override { return unsupported("head"); }
  [[nodiscard]] Result<ObjectPage> list(const ListOptions&, const Context&) override { return unsupported("list"); }
  [[nodiscard]] Result<void> remove(const std::string&, const Context&) override { return unsupported("remove"); }
  [[nodiscard]] Result<ObjectInfo> copy(const std::string&, const std::string&, const Context&) override {
    return unsupported("copy");
  }
};

}  // namespace

TEST_CASE("a store that implements only what it must refuses the rest by name") {
  BareStore bare;
  ObjectStore& store = bare;
  MemoryReader body(as_bytes("x"));
  CHECK(store.flush());
  CHECK(store.sweep_temporary(Duration(0), false).value().empty());
  const auto begun = store.begin_multipart("k");
  REQUIRE_FALSE(begun);
  CHECK(begun.error().code() == ErrorCode::unsupported);
  CHECK(begun.error().operation() == "begin_multipart");
  CHECK(begun.error().backend() == "bare");
  CHECK_FALSE(begun.error().hint().empty());
  CHECK(store.put_part({}, 1, body).error().code() == ErrorCode::unsupported);
  CHECK(store.list_parts({}).error().code() == ErrorCode::unsupported);
  CHECK(store.complete_multipart({}, {}).error().code() == ErrorCode::unsupported);
  CHECK(store.abort_multipart({}).error().code() == ErrorCode::unsupported);
  CHECK(store.list_multipart().error().code() == ErrorCode::unsupported);
  CHECK(store.presign("k").error().code() == ErrorCode::unsupported);
}

TEST_CASE("a key is 1 to 1,024 bytes of UTF-8 without control characters") {
  for (const std::string& key : {std::string("a"), std::string(1024, 'a'), std::string(" "), std::string("\u00a0"),
                                 std::string("\u2028"), std::string("/"), std::string("..")}) {
    CHECK(check_object_key(key));
  }
  for (const std::string& key :
       {std::string(), std::string(1025, 'a'), std::string(1, '\0'), std::string("\x1f"), std::string("\x7f"),
        std::string("\u0080"), std::string("\u009f"), std::string("\xc2"), std::string("\xf5\x80\x80\x80")}) {
    const auto checked = check_object_key(key);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code() == ErrorCode::invalid_argument);
    CHECK_FALSE(checked.error().hint().empty());
  }
}

TEST_CASE("the memory store reports a missing presign as unsupported and keeps all else") {
  const auto store = make_memory_store();
  CHECK(store->scheme() == "memory");
  CHECK(store->presign("k").error().code() == ErrorCode::unsupported);
  const auto able = store->capabilities();
  CHECK(able.conditional_put);
  CHECK(able.attributes);
  CHECK(able.multipart);
  CHECK_FALSE(able.presign);
  CHECK_FALSE(able.versions);
}
