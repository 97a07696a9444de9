#include <docupilot/metadata/sqlite_metadata.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/random_documents.h"
#include "metadata/sqlite_codec.h"
#include "metadata/sqlite_query.h"
#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

namespace {

Document document_of(std::string id) {
  Document d;
  d.id = std::move(id);
  return d;
}

std::unique_ptr<MetadataStore> open_at(const std::string& path) { return open_sqlite_metadata({.path = path}).value(); }

std::string query_plan(sqlite::Connection& connection, const DocumentQuery& query,
                       const std::optional<PagePosition>& begin) {
  auto rows = connection.prepare("EXPLAIN QUERY PLAN " + sqlite::page_sql(query, begin).text).value();
  std::string plan;
  while (rows.step().value()) plan.append(rows.text(3)).append("; ");
  return plan;
}

}  // namespace

TEST_CASE("two handles on one file see each other's writes") {
  const TempDir folder;
  const auto a = open_at(folder / "a.db");
  const auto b = open_at(folder / "a.db");
  const std::string revision = a->put(document_of("d")).value().revision;
  CHECK(b->get("d").value().revision == revision);
  CHECK(b->put(document_of("d"), WriteCondition::unchanged(revision)).has_value());
  CHECK(a->put(document_of("d"), WriteCondition::unchanged(revision)).error().code() == ErrorCode::precondition_failed);
  CHECK(a->increment("c").value() == 1);
  CHECK(b->increment("c").value() == 2);
}

TEST_CASE("processes on one file take turns") {
  const TempDir folder;
  const std::string path = folder / "a.db";
  constexpr int processes = 3, rounds = 40;
  std::array<pid_t, processes> children{};
  for (int p = 0; p < processes; ++p) {  // before this process has the file open
    children[static_cast<std::size_t>(p)] = fork();
    if (children[static_cast<std::size_t>(p)] != 0) continue;
    auto store = open_sqlite_metadata({.path = path, .busy_time = Duration::milliseconds(60'000)});
    if (!store) _exit(1);
    for (int i = 0; i < rounds; ++i) {
      if (!(*store)->increment("c")) _exit(2);
      std::string id = std::to_string(i);
      const auto made = (*store)->put(document_of(id), WriteCondition::absent());
      if (!made && made.error().code() != ErrorCode::already_exists) _exit(3);
      if (made && !(*store)->increment("made")) _exit(4);
    }
    _exit(0);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  const auto store = open_at(path);
  CHECK(store->increment("c", 0).value() == processes * rounds);
  CHECK(store->increment("made", 0).value() == rounds);
  CHECK(store->count().value() == rounds);
}

TEST_CASE("documents are there when the file is opened again") {
  const TempDir folder;
  const Document written = open_at(folder / "a.db")->put(document_of("d")).value();
  CHECK(open_at(folder / "a.db")->get("d").value() == written);
}

TEST_CASE("a reader reads and writes nothing") {
  const TempDir folder;
  const std::string path = folder / "a.db";
  CHECK(open_sqlite_metadata({.path = path, .read_only = true}).error().code() == ErrorCode::not_found);
  open_at(path)->put(document_of("d")).value();
  const auto reader = open_sqlite_metadata({.path = path, .read_only = true}).value();
  CHECK(reader->get("d").has_value());
  CHECK(reader->count().value() == 1);
  const Document d = document_of("e");
  CHECK(reader->put(d).error().code() == ErrorCode::permission_denied);
  CHECK(reader->put_many({&d, 1}).error().code() == ErrorCode::permission_denied);
  CHECK(reader->patch("d", {}, {1}).error().code() == ErrorCode::permission_denied);
  CHECK(reader->remove("d").error().code() == ErrorCode::permission_denied);
  CHECK(reader->increment("c").error().code() == ErrorCode::permission_denied);
}

TEST_CASE("a file of another kind or of a later version is not opened") {
  const TempDir folder;
  CHECK(open_sqlite_metadata({.path = folder.write("text", std::string(5'000, 'x'))}).error().code() ==
        ErrorCode::corrupted);
  CHECK(open_sqlite_metadata({.path = folder.path().string()}).error().code() == ErrorCode::invalid_argument);
  sqlite::Connection::open({.path = folder / "other.db"}).value()->execute("CREATE TABLE x(y)").value();
  CHECK(open_sqlite_metadata({.path = folder / "other.db", .read_only = true}).error().code() ==
        ErrorCode::unsupported);
  const std::string path = folder / "new.db";
  open_at(path);
  sqlite::Connection::open({.path = path})
      .value()
      ->execute("UPDATE docupilot_schema SET version=version+1 WHERE name='metadata'")
      .value();
  const auto newer = open_sqlite_metadata({.path = path});
  REQUIRE_FALSE(newer.has_value());
  CHECK(newer.error().code() == ErrorCode::unsupported);
  CHECK(newer.error().target() == path);
}

TEST_CASE("a damaged row is told as such, and the others are read") {
  const TempDir folder;
  const std::string path = folder / "a.db";
  const auto store = open_at(path);
  const auto raw = sqlite::Connection::open({.path = path}).value();
  for (const char* damage :
       {"tags='{}'", "tags='[1]'", "tags='['", "attributes='[]'", "attributes='{\"a\":{\"$time\":\"x\"}}'",
        "attributes=''", "rest='{}'", "rest='[]'", "rest='{\"stages\":[9,\"\",0,\"\",0,\"\",0,\"\",0,\"\"]}'",
        "rest='{\"key\":5,\"stages\":[0,\"\",0,\"\",0,\"\",0,\"\",0,\"\"]}'", "title=CAST(x'ff' AS TEXT)"}) {
    CAPTURE(std::string(damage));
    store->put(document_of("bad")).value();
    store->put(document_of("good")).value();
    raw->execute(std::string("UPDATE document SET ").append(damage).append(" WHERE id='bad'")).value();
    const auto read = store->get("bad");
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code() == ErrorCode::corrupted);
    CHECK(read.error().target() == "bad");
    CHECK(store->query().error().code() == ErrorCode::corrupted);
    CHECK(store->get("good").has_value());
    CHECK(store->put(document_of("bad")).has_value());
  }
  raw->execute("UPDATE document SET attributes='{'").value();
  CHECK(store->count(field("attributes.a") == 1).error().code() == ErrorCode::corrupted);
}

TEST_CASE("the usual pages are read from an index, wherever they begin") {
  const auto connection = sqlite::Connection::open({.path = ":memory:"}).value();
  sqlite::add_document_functions(*connection).value();
  sqlite::migrate(*connection, "metadata", sqlite::metadata_migrations()).value();
  for (const char* name : {"", "id", "created", "name"}) {
    for (const bool descending : {false, true}) {
      DocumentQuery query;
      if (*name != '\0') query.order = {{name, descending}};
      const PagePosition begin = page_position(query.order, document_of("d"));
      for (const auto& position : {std::optional<PagePosition>(), std::optional(begin)}) {
        const std::string plan = query_plan(*connection, query, position);
        CAPTURE(plan);
        CHECK(plan.find("TEMP B-TREE") == std::string::npos);
        CHECK((plan.find("SEARCH") != std::string::npos) == position.has_value());
        CHECK(plan.find("USING INDEX") != std::string::npos);
      }
    }
  }
  DocumentQuery mixed;
  mixed.order = {{"created", true}, {"size", false}};
  CHECK(query_plan(*connection, mixed, page_position(mixed.order, document_of("d"))).find("created<?") !=
        std::string::npos);
}

TEST_CASE("no text changes the shape of a statement") {
  docupilot_test::RandomDocuments random(5);
  using Kind = Filter::Kind;
  std::set<std::string> shapes;
  const auto shape = [&](const std::string& text) {
    DocumentQuery query;
    std::vector<Filter> all;
    for (const Kind kind :
         {Kind::equal, Kind::not_equal, Kind::less, Kind::starts_with, Kind::contains, Kind::one_of}) {
      for (const char* name : {"title", "attributes.a", "tags"}) {
        all.push_back({.kind = kind, .field = name, .values = {text}});
      }
    }
    std::string attribute("attributes.");
    attribute += text;
    if (const Filter named = field(attribute) == text; named.check()) {
      query.order.push_back({attribute});
    } else {
      attribute = "attributes.a";
      query.order.push_back({"attributes.a"});
    }
    all.push_back(field(attribute) == text);
    query.filter = Filter::all_of(std::move(all));
    REQUIRE(query.filter.check().has_value());
    const PagePosition begin{{text}, text};
    shapes.insert(sqlite::page_sql(query, begin).text);
  };
  for (const char* text : {"'", "\"", "'; DROP TABLE document; --", "?", ":a", "x') OR 1=1 --", "[0]", "$"})
    shape(text);
  for (int i = 0; i < 10'000; ++i) {
    std::string text = random.any_text(30);
    text += 'x';
    shape(text);
  }
  CHECK(shapes.size() == 1);
}
