#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <docupilot/metadata/metadata_store.h>

#include "conformance/random_documents.h"

// What every metadata store promises, for stores made by a `Backend`: a type whose objects have
//   std::unique_ptr<docupilot::MetadataStore> open();   a store that is empty when the object is new
// A test file of a backend invokes DOCUPILOT_METADATA_SUITE(Backend, ...) of metadata_suite_all.h. What a store says
// it cannot do (capabilities()) is not asked of it.
namespace docupilot_test {

using namespace docupilot;  // NOLINT: tests

inline std::string numbered(std::string_view prefix, std::size_t number) {
  return std::string(prefix).append(std::to_string(number));
}

inline Document document_of(std::string id) {
  Document d;
  d.id = std::move(id);
  return d;
}

/// A document in which nothing is empty.
inline Document full_document(std::string id) {
  Document d = document_of(std::move(id));
  d.title = "A \"title\"";
  d.name = "folder/\xc3\xa4.pdf";
  d.object = {"file", "ab/cd", "v1", "etag-1"};
  d.size = INT64_MAX;
  d.content_type = "application/pdf";
  d.checksums = {std::string(64, 'a'), "0123abcd", "0123456789abcdef", std::string(32, 'b')};
  d.created = {1};
  d.updated = {253'402'300'799'999'999};
  d.tags = {"b", "a", "it's"};
  d.attributes = {{"null", {}},
                  {"yes", true},
                  {"no", false},
                  {"integer", INT64_MIN},
                  {"one", 1},
                  {"one point zero", 1.0},
                  {"infinity", std::numeric_limits<double>::infinity()},
                  {"text", "x"},
                  {"empty text", ""},
                  {"bytes", Value::Bytes{std::byte{0}, std::byte{255}}},
                  {"no bytes", Value::Bytes{}},
                  {"time", Timestamp{-5}},
                  {"list", Value::List{1, 1.0, Value::List{}, Value::Map{}}},
                  {"map", Value::Map{{"inner", Value::Map{{"deep", Timestamp{7}}}}}}};
  d.summary = "It says\nthis.";
  d.stage(Stage::store).state = StageState::done;
  d.stage(Stage::extract) = {StageState::failed, "no text (unsupported)"};
  d.stage(Stage::index).state = StageState::skipped;
  return d;
}

/// Equal but for the revision, which the store gives. NaN, never equal, is told by its sign.
inline bool same(const Document& a, const Document& b) {
  Document left = a;
  left.revision = b.revision;
  return left == b;
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  CHECK_FALSE(result.error().operation().empty());
  CHECK_FALSE(result.error().backend().empty());
  return result.error().code();
}

inline std::vector<std::string> ids_of(const std::vector<Document>& documents) {
  std::vector<std::string> ids;
  for (const Document& d : documents) ids.push_back(d.id);
  return ids;
}

/// All pages of a query, by `limit` documents.
inline std::vector<std::string> all_pages(MetadataStore& store, DocumentQuery query, std::size_t limit) {
  std::vector<std::string> ids;
  query.limit = limit;
  do {
    const DocumentPage page = store.query(query).value();
    CHECK(page.documents.size() <= limit);
    CHECK((page.next_page_token.empty() || page.documents.size() == limit));
    for (const Document& d : page.documents) ids.push_back(d.id);
    query.page_token = page.next_page_token;
  } while (!query.page_token.empty());
  return ids;
}

/// Runs `body(0)` to `body(count - 1)`, each on a thread of its own, all let go at once.
inline void on_threads(std::size_t count, const std::function<void(std::size_t)>& body) {
  std::atomic<bool> go = false;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      go.wait(false);
      body(i);
    });
  }
  go = true;
  go.notify_all();
}

TEST_CASE_TEMPLATE_DEFINE("a document comes back with every member", Backend, metadata_every_member) {
  Backend backend;
  const auto store = backend.open();
  const Document full = full_document("full");
  const Document written = store->put(full).value();
  CHECK(same(full, written));
  CHECK_FALSE(written.revision.empty());
  CHECK(store->get("full").value() == written);
  const Document bare = document_of("bare");
  CHECK(same(bare, store->put(bare).value()));
  CHECK(same(bare, store->get("bare").value()));
  CHECK(store->query({.filter = field("id") == "full"}).value().documents == std::vector{written});
}

TEST_CASE_TEMPLATE_DEFINE("random documents come back as they went in", Backend, metadata_random_documents) {
  Backend backend;
  const auto store = backend.open();
  RandomDocuments random(11);
  for (std::size_t i = 0; i < 100; ++i) {
    Document d = random.document(numbered("d", i % 50));
    d.attributes["any"] = random.any_text(40);
    const Document written = store->put(d).value();
    // NaN is not equal to itself, so documents that hold one are compared as text.
    CHECK(to_json(store->get(d.id).value()) == to_json(written));
    d.revision = written.revision;
    CHECK(to_json(written) == to_json(d));
  }
}

TEST_CASE_TEMPLATE_DEFINE("every write gives a revision that was never there before", Backend, metadata_revisions) {
  Backend backend;
  const auto store = backend.open();
  std::set<std::string> seen;
  Document d = document_of("d");
  for (int i = 0; i < 20; ++i) {
    d.revision = "ignored";
    CHECK(seen.insert(store->put(d).value().revision).second);
    CHECK(seen.insert(store->patch("d", {}, {5}).value().revision).second);
    CHECK(seen.insert(store->put_many({&d, 1}).value().front()).second);
    CHECK(seen.contains(store->get("d").value().revision));
    store->remove("d").value();
  }
  CHECK_FALSE(seen.contains("ignored"));
}

TEST_CASE_TEMPLATE_DEFINE("what is not there is not found, and removing it is no error", Backend, metadata_absence) {
  Backend backend;
  const auto store = backend.open();
  const auto missing = store->get("missing");
  CHECK(code_of(missing) == ErrorCode::not_found);
  CHECK(missing.error().target() == "missing");
  CHECK(code_of(store->patch("missing", {}, {1})) == ErrorCode::not_found);
  CHECK(store->remove("missing").has_value());
  store->put(document_of("d")).value();
  store->remove("d").value();
  CHECK(code_of(store->get("d")) == ErrorCode::not_found);
  CHECK(store->count().value() == 0);
}

TEST_CASE_TEMPLATE_DEFINE("a write on absence happens once", Backend, metadata_absent) {
  Backend backend;
  const auto store = backend.open();
  if (!store->capabilities().conditional_write) return;
  Document d = document_of("d");
  const Document first = store->put(d, WriteCondition::absent()).value();
  d.title = "second";
  CHECK(code_of(store->put(d, WriteCondition::absent())) == ErrorCode::already_exists);
  CHECK(store->get("d").value() == first);
  CHECK(code_of(store->patch("d", {}, {1}, WriteCondition::absent())) == ErrorCode::already_exists);
  CHECK(code_of(store->remove("d", WriteCondition::absent())) == ErrorCode::already_exists);
  store->remove("d").value();
  CHECK(store->put(d, WriteCondition::absent()).has_value());
}

TEST_CASE_TEMPLATE_DEFINE("a write on a revision happens only while it stands", Backend, metadata_unchanged) {
  Backend backend;
  const auto store = backend.open();
  if (!store->capabilities().conditional_write) return;
  Document d = document_of("d");
  CHECK(code_of(store->put(d, WriteCondition::unchanged("x"))) == ErrorCode::precondition_failed);
  CHECK(store->count().value() == 0);
  const std::string first = store->put(d).value().revision;
  const std::string second = store->put(d, WriteCondition::unchanged(first)).value().revision;
  const auto stale = WriteCondition::unchanged(first);
  CHECK(code_of(store->put(d, stale)) == ErrorCode::precondition_failed);
  CHECK(code_of(store->put(d, WriteCondition::unchanged(""))) == ErrorCode::precondition_failed);
  CHECK(code_of(store->patch("d", {.title = "x"}, {1}, stale)) == ErrorCode::precondition_failed);
  CHECK(code_of(store->remove("d", stale)) == ErrorCode::precondition_failed);
  CHECK(store->get("d").value().revision == second);
  const std::string third = store->patch("d", {.title = "x"}, {1}, WriteCondition::unchanged(second)).value().revision;
  CHECK(store->remove("d", WriteCondition::unchanged(third)).has_value());
  CHECK(code_of(store->remove("d", WriteCondition::unchanged(third))) == ErrorCode::precondition_failed);
  CHECK(code_of(store->put(d, WriteCondition::unchanged(third))) == ErrorCode::precondition_failed);
}

TEST_CASE_TEMPLATE_DEFINE("of 16 threads that write on one condition exactly one does", Backend, metadata_races) {
  Backend backend;
  const auto store = backend.open();
  if (!store->capabilities().conditional_write) return;
  WriteCondition condition = WriteCondition::absent();
  for (int round = 0; round < 4; ++round) {
    std::atomic<int> winners = 0;
    std::atomic<int> losers = 0;
    on_threads(16, [&](std::size_t i) {
      Document d = document_of("d");
      d.title = std::to_string(i);
      const auto written = store->put(d, condition);
      if (written) ++winners;
      else if (written.error().code() == ErrorCode::already_exists) ++losers;
      else if (written.error().code() == ErrorCode::precondition_failed) ++losers;
    });
    CHECK(winners == 1);
    CHECK(losers == 15);
    condition = WriteCondition::unchanged(store->get("d").value().revision);
  }
}

TEST_CASE_TEMPLATE_DEFINE("a patch changes what it names and nothing else", Backend, metadata_patch) {
  Backend backend;
  const auto store = backend.open();
  Document expected = store->put(full_document("d")).value();
  const auto apply = [&](const DocumentPatch& patch, std::int64_t when) {
    const Document patched = store->patch("d", patch, {when}).value();
    expected.updated = {when};
    CHECK(same(expected, patched));
    CHECK(store->get("d").value() == patched);
  };
  apply({}, 10);
  expected.title = "new";
  apply({.title = "new"}, 11);
  expected.content_type = "text/plain";
  apply({.content_type = "text/plain"}, 12);
  expected.tags = {"z"};
  apply({.tags = {{"z"}}}, 13);
  expected.tags = {};
  apply({.tags = std::vector<std::string>()}, 14);
  expected.summary = "short";
  apply({.summary = "short"}, 15);
  expected.stage(Stage::summary).state = StageState::done;
  expected.stage(Stage::extract) = {};
  apply({.stages = {{Stage::summary, {StageState::done, {}}}, {Stage::extract, {}}}}, 16);
}

TEST_CASE_TEMPLATE_DEFINE("a patch merges attributes by name and a null removes one", Backend, metadata_attributes) {
  Backend backend;
  const auto store = backend.open();
  Document d = document_of("d");
  d.attributes = {{"keep", 1}, {"change", 2}, {"remove", 3}, {"map", Value::Map{{"a", 1}, {"b", 2}}}};
  store->put(d).value();
  const Value::Map changes = {
      {"change", "two"}, {"remove", {}}, {"unknown", {}}, {"add", 4.0}, {"map", Value::Map{{"c", Value()}}}};
  const Document patched = store->patch("d", {.attributes = changes}, {1}).value();
  CHECK(patched.attributes == Value::Map{{"keep", 1}, {"change", "two"}, {"add", 4.0}, {"map", changes.at("map")}});
}

TEST_CASE_TEMPLATE_DEFINE("a patch that is not valid leaves the document alone", Backend, metadata_bad_patch) {
  Backend backend;
  const auto store = backend.open();
  const Document before = store->put(full_document("d")).value();
  const auto code = [&](const DocumentPatch& patch, Timestamp when = {1}) {
    return code_of(store->patch("d", patch, when));
  };
  CHECK(code({.title = "\xff"}) == ErrorCode::invalid_argument);
  CHECK(code({.tags = {{"a", "a"}}}) == ErrorCode::invalid_argument);
  CHECK(code({.tags = {{""}}}) == ErrorCode::invalid_argument);
  CHECK(code({.title = "good", .attributes = {{"$bad", 1}}}) == ErrorCode::invalid_argument);
  CHECK(code({.attributes = {{"a", std::string(1 << 20, 'x')}}}) == ErrorCode::too_large);
  CHECK(code({.stages = {{static_cast<Stage>(5), {}}}}) == ErrorCode::invalid_argument);
  CHECK(code({.stages = {{Stage::store, {static_cast<StageState>(4), {}}}}}) == ErrorCode::invalid_argument);
  CHECK(code({}, {-1}) == ErrorCode::invalid_argument);
  CHECK(store->get("d").value() == before);
}

TEST_CASE_TEMPLATE_DEFINE("patches by many threads all stay", Backend, metadata_patch_races) {
  Backend backend;
  const auto store = backend.open();
  store->put(document_of("d")).value();
  on_threads(8, [&](std::size_t i) {
    for (std::size_t j = 0; j < 5; ++j) {
      CHECK(store->patch("d", {.attributes = {{numbered("a", 10 * i + j), static_cast<int>(i)}}}, {1}).has_value());
    }
  });
  CHECK(store->get("d").value().attributes.size() == 40);
}

TEST_CASE_TEMPLATE_DEFINE("counters begin at 0 and add up across threads", Backend, metadata_counters) {
  Backend backend;
  const auto store = backend.open();
  CHECK(store->increment("a", 0).value() == 0);
  CHECK(store->increment("a").value() == 1);
  CHECK(store->increment("a", -3).value() == -2);
  CHECK(store->increment("b's \"\xc3\xa4\"").value() == 1);
  std::set<std::int64_t> seen;
  std::mutex guard;
  on_threads(8, [&](std::size_t) {
    for (int i = 0; i < 25; ++i) {
      const std::int64_t value = store->increment("shared").value();
      const std::lock_guard lock(guard);
      CHECK(seen.insert(value).second);
    }
  });
  CHECK(seen.size() == 200);
  CHECK(*seen.rbegin() == 200);
}

TEST_CASE_TEMPLATE_DEFINE("a counter that would overflow stays", Backend, metadata_counter_range) {
  Backend backend;
  const auto store = backend.open();
  CHECK(store->increment("up", INT64_MAX).value() == INT64_MAX);
  CHECK(code_of(store->increment("up")) == ErrorCode::invalid_argument);
  CHECK(store->increment("up", 0).value() == INT64_MAX);
  CHECK(store->increment("down", INT64_MIN).value() == INT64_MIN);
  CHECK(code_of(store->increment("down", -1)) == ErrorCode::invalid_argument);
  CHECK(store->increment("down", INT64_MAX).value() == -1);
}

TEST_CASE_TEMPLATE_DEFINE("names of counters have 1 to 256 bytes", Backend, metadata_counter_names) {
  Backend backend;
  const auto store = backend.open();
  CHECK(store->increment(std::string(256, 'a')).value() == 1);
  for (const std::string& name : {std::string(), std::string(257, 'a'), std::string("a\n"), std::string("\xff")}) {
    CHECK(code_of(store->increment(name)) == ErrorCode::invalid_argument);
  }
}

TEST_CASE_TEMPLATE_DEFINE("many documents are written at once", Backend, metadata_put_many) {
  Backend backend;
  const auto store = backend.open();
  CHECK(store->put_many({}).value().empty());
  std::vector<Document> documents;
  for (std::size_t i = 0; i < 600; ++i) documents.push_back(full_document(numbered("d", i)));
  const auto revisions = store->put_many(documents).value();
  REQUIRE(revisions.size() == 600);
  for (const std::size_t i : {0U, 299U, 599U}) {
    const Document back = store->get(documents[i].id).value();
    CHECK(same(documents[i], back));
    CHECK(back.revision == revisions[i]);
  }
  documents[0].title = "replaced";
  documents[1] = documents[0];
  documents[1].title = "the last one stays";
  store->put_many(std::span(documents).first(2)).value();
  CHECK(store->get("d0").value().title == "the last one stays");
  CHECK(store->count().value() == 600);
}

TEST_CASE_TEMPLATE_DEFINE("one bad document among many and none is written", Backend, metadata_atomic_batch) {
  Backend backend;
  const auto store = backend.open();
  if (!store->capabilities().atomic_batch) return;
  std::vector<Document> documents;
  for (std::size_t i = 0; i < 20; ++i) documents.push_back(document_of(numbered("d", i)));
  documents[10].title = "\xff";
  CHECK(code_of(store->put_many(documents)) == ErrorCode::invalid_argument);
  CHECK(store->count().value() == 0);
}

TEST_CASE_TEMPLATE_DEFINE("each of many documents can have its own condition, and all must hold", Backend,
                          metadata_batch_conditions) {
  Backend backend;
  const auto store = backend.open();
  const auto capabilities = store->capabilities();
  if (!capabilities.conditional_write || !capabilities.atomic_batch) return;
  const Document old = store->put(document_of("old")).value();
  const auto put_all = [&](const std::vector<const char*>& ids, const std::vector<WriteCondition>& conditions) {
    std::vector<Document> documents;
    for (const char* id : ids) documents.push_back(document_of(id));
    return store->put_many(documents, conditions);
  };
  const auto any = WriteCondition();
  const auto absent = WriteCondition::absent();
  const auto stands = WriteCondition::unchanged(old.revision);
  CHECK(code_of(put_all({"a", "b"}, {any})) == ErrorCode::invalid_argument);
  CHECK(code_of(put_all({}, {any})) == ErrorCode::invalid_argument);
  const auto there = put_all({"a", "old"}, {absent, absent});
  CHECK(code_of(there) == ErrorCode::already_exists);
  CHECK(there.error().target() == "old");
  CHECK(code_of(put_all({"a", "b"}, {any, stands})) == ErrorCode::precondition_failed);
  CHECK(code_of(put_all({"old", "old"}, {stands, stands})) == ErrorCode::precondition_failed);
  CHECK(code_of(put_all({"a", "a"}, {absent, absent})) == ErrorCode::already_exists);
  CHECK(store->count().value() == 1);
  CHECK(store->get("old").value() == old);
  CHECK(put_all({"a", "old", "b"}, {absent, stands, any}).has_value());
  CHECK(store->count().value() == 3);
  CHECK(store->get("old").value().revision != old.revision);
}

TEST_CASE_TEMPLATE_DEFINE("a call that is stopped or too late writes nothing", Backend, metadata_context) {
  Backend backend;
  const auto store = backend.open();
  const Document d = document_of("d");
  std::stop_source stop;
  stop.request_stop();
  const Context stopped{.stop = stop.get_token()};
  const Context late{.deadline = Deadline::after(Duration(0))};
  for (const auto& [context, code] : {std::pair{stopped, ErrorCode::cancelled}, std::pair{late, ErrorCode::timeout}}) {
    CHECK(code_of(store->put(d, {}, context)) == code);
    CHECK(code_of(store->put_many({&d, 1}, {}, context)) == code);
    CHECK(code_of(store->get("d", context)) == code);
    CHECK(code_of(store->patch("d", {}, {1}, {}, context)) == code);
    CHECK(code_of(store->remove("d", {}, context)) == code);
    CHECK(code_of(store->query({}, context)) == code);
    CHECK(code_of(store->count({}, context)) == code);
    CHECK(code_of(store->increment("c", 1, context)) == code);
  }
  CHECK(store->count().value() == 0);
  CHECK(store->increment("c").value() == 1);
}

}  // namespace docupilot_test
