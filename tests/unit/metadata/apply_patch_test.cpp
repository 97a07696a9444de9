#include <doctest/doctest.h>

#include "metadata/document_check.h"

using namespace docupilot;

namespace {

// Has only what it must, so that put_many is the one of the base class.
class OneByOne final : public MetadataStore {
 public:
  std::string scheme() const override { return "test"; }
  MetadataCapabilities capabilities() const override { return {}; }
  Result<Document> put(const Document& document, const WriteCondition& condition, const Context&) override {
    CHECK(condition.kind == WriteCondition::Kind::any);
    if (document.id == "bad") return Error(ErrorCode::unavailable, "no");
    Document written = document;
    written.revision = "r-" + document.id;
    ids.push_back(document.id);
    return written;
  }
  Result<Document> get(const std::string&, const Context&) override { return no_such_document(); }
  Result<Document> patch(const std::string&, const DocumentPatch&, Timestamp, const WriteCondition&,
                         const Context&) override {
    return no_such_document();
  }
  Result<void> remove(const std::string&, const WriteCondition&, const Context&) override { return {}; }
  Result<DocumentPage> query(const DocumentQuery&, const Context&) override { return DocumentPage(); }
  Result<std::uint64_t> count(const Filter&, const Context&) override { return 0U; }
  Result<std::int64_t> increment(const std::string&, std::int64_t, const Context&) override { return 0; }

  std::vector<std::string> ids;
};

Document document_of(const char* id) {
  Document d;
  d.id = id;
  return d;
}

}  // namespace

TEST_CASE("a store without batches writes one document after another, to the first error") {
  OneByOne store;
  const std::vector<Document> good = {document_of("a"), document_of("b")};
  CHECK(store.put_many(good).value() == std::vector<std::string>{"r-a", "r-b"});
  const std::vector<Document> bad = {document_of("c"), document_of("bad"), document_of("d")};
  CHECK(store.put_many(bad).error().code() == ErrorCode::unavailable);
  CHECK(store.ids == std::vector<std::string>{"a", "b", "c"});
  CHECK(store.put_many({}).value().empty());
  CHECK(store.put_many(good, std::vector<WriteCondition>(1)).error().code() == ErrorCode::invalid_argument);
  CHECK(store.put_many(good, std::vector<WriteCondition>(2)).has_value());
}

TEST_CASE("a patch leaves its document alone when it is refused") {
  const Document before = document_of("a");
  CHECK(apply_patch(before, {}, {5})->updated == Timestamp{5});
  CHECK(apply_patch(before, {.tags = {{"x", "x"}}}, {5}).error().code() == ErrorCode::invalid_argument);
  CHECK(apply_patch(before, {.stages = {{static_cast<Stage>(-1), {}}}}, {5}).error().code() ==
        ErrorCode::invalid_argument);
  CHECK(apply_patch(before, {.attributes = {{"a.b", {}}}}, {5}).has_value());  // removes what cannot be there
}

TEST_CASE("counters stop at the ends of 64 bits") {
  CHECK(add_to_counter(INT64_MAX - 1, 1).value() == INT64_MAX);
  CHECK_FALSE(add_to_counter(INT64_MAX, 1).has_value());
  CHECK(add_to_counter(INT64_MIN + 1, -1).value() == INT64_MIN);
  CHECK_FALSE(add_to_counter(INT64_MIN, -1).has_value());
  CHECK(add_to_counter(INT64_MIN, INT64_MAX).value() == -1);
  CHECK(add_to_counter(INT64_MAX, INT64_MIN).value() == -1);
  CHECK(add_to_counter(0, INT64_MIN).value() == INT64_MIN);
  CHECK_FALSE(add_to_counter(-1, INT64_MIN).has_value());
}

TEST_CASE("an error of a call keeps the target it has") {
  const Error named = in_call(Error(ErrorCode::internal, "x").target("inner"), "put", "sqlite", "outer");
  CHECK(named.to_string() == "put sqlite 'inner': x (internal)");
  CHECK(in_call(Error(ErrorCode::internal, "x"), "put", "sqlite", "outer").target() == "outer");
}
