#include "sqlite/filter_sql.h"

#include <doctest/doctest.h>

#include "conformance/random_documents.h"
#include "json/tagged_value.h"
#include "sqlite/database.h"

using namespace docupilot;

namespace {

const sqlite::FilterColumns columns = {.id = "d.id",
                                       .title = "d.title",
                                       .name = "d.name",
                                       .size = "d.size",
                                       .content_type = "d.content_type",
                                       .sha256 = "d.sha256",
                                       .created = "d.created",
                                       .updated = "d.updated",
                                       .tags = "d.tags",
                                       .summary = "d.summary",
                                       .attributes = "d.attributes"};

// A table with the columns above, and nothing else.
class Table {
 public:
  Table() : connection(sqlite::Connection::open({.path = ":memory:"}).value()) {
    sqlite::add_document_functions(*connection).value();
    connection
        ->execute(
            "CREATE TABLE document(id TEXT, title TEXT, name TEXT, size INTEGER, content_type TEXT, sha256 TEXT,"
            "created INTEGER, updated INTEGER, tags TEXT, summary TEXT, attributes TEXT) STRICT;"
            "CREATE INDEX by_name ON document(name)")
        .value();
  }

  void add(const Document& d) {
    auto insert = connection->prepare("INSERT INTO document VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)").value();
    insert.bind(1, d.id).bind(2, d.title).bind(3, d.name).bind(4, static_cast<std::int64_t>(d.size));
    insert.bind(5, d.content_type).bind(6, d.checksums.sha256);
    insert.bind(7, d.created.microseconds).bind(8, d.updated.microseconds);
    insert.bind(9, json::to_tagged(Value::List(d.tags.begin(), d.tags.end())));
    insert.bind(10, d.summary).bind(11, json::to_tagged(d.attributes)).run().value();
  }

  std::vector<std::string> select(const Filter& filter) {
    const auto sql = sqlite::filter_sql(filter, columns, 3);
    auto select =
        connection->prepare("SELECT id FROM document d WHERE ?1=?2 AND " + sql.where + " ORDER BY id").value();
    select.bind(1, 1).bind(2, 1);
    sqlite::bind_all(select, 3, sql.parameters);
    std::vector<std::string> ids;
    while (select.step().value()) ids.emplace_back(select.text(0));
    return ids;
  }

  std::unique_ptr<sqlite::Connection> connection;
};

}  // namespace

TEST_CASE("a filter in SQL selects exactly the documents that it matches") {
  docupilot_test::RandomDocuments random(7);
  Table table;
  std::map<std::string, Document> documents;
  for (int i = 100; i < 200; ++i) {
    Document d = random.document(std::to_string(i));
    table.add(d);
    documents.emplace(d.id, std::move(d));
  }
  std::size_t matched = 0;
  constexpr int filters = 600;
  for (int i = 0; i < filters; ++i) {
    const Filter filter = i % 2 == 0 ? random.comparison() : random.filter();
    std::vector<std::string> expected;
    for (const auto& [id, document] : documents) {
      if (filter.matches(document)) expected.push_back(id);
    }
    matched += expected.size();
    const auto sql = sqlite::filter_sql(filter, columns);
    INFO(sql.where, " ", Value(sql.parameters).to_json());
    REQUIRE(table.select(filter) == expected);
  }
  CHECK(matched > filters * 5);  // the filters are not all trivially false
}
