// Whatever is taken as a filter is well formed, becomes SQL that SQLite takes, and selects there what it matches.
#include <cstdint>
#include <memory>
#include <string_view>

#include <docupilot/base/filter.h>

#include "fuzz/insist.h"
#include "json/tagged_value.h"
#include "sqlite/database.h"
#include "sqlite/filter_sql.h"

using namespace docupilot;
using docupilot_test::insist;

namespace {

constexpr sqlite::FilterColumns columns = {.id = "id",
                                           .title = "title",
                                           .name = "name",
                                           .size = "size",
                                           .content_type = "content_type",
                                           .sha256 = "sha256",
                                           .created = "created",
                                           .updated = "updated",
                                           .tags = "tags",
                                           .summary = "summary",
                                           .attributes = "attributes"};

Document sample() {
  Document d;
  d.id = "1";
  d.title = "a";
  d.name = "a/b";
  d.size = 1;
  d.created = {1'767'225'600'000'000};
  d.tags = {"a", "b"};
  d.attributes = {{"a", 1}, {"b", 1.5}, {"c", "a"}, {"d", Value::Map{{"a", true}}}, {"e", Value::List{1, "a"}}};
  return d;
}

std::unique_ptr<sqlite::Connection> table_of(const Document& d) {
  auto connection = sqlite::Connection::open({.path = ":memory:"}).value();
  sqlite::add_document_functions(*connection).value();
  connection
      ->execute(
          "CREATE TABLE document(id TEXT, title TEXT, name TEXT, size INTEGER, content_type TEXT, sha256 TEXT,"
          "created INTEGER, updated INTEGER, tags TEXT, summary TEXT, attributes TEXT) STRICT")
      .value();
  auto insert = connection->prepare("INSERT INTO document VALUES(?1,?2,?3,?4,'','',?5,0,?6,'',?7)").value();
  insert.bind(1, d.id).bind(2, d.title).bind(3, d.name).bind(4, static_cast<std::int64_t>(d.size));
  insert.bind(5, d.created.microseconds).bind(6, json::to_tagged(Value::List(d.tags.begin(), d.tags.end())));
  insert.bind(7, json::to_tagged(d.attributes)).run().value();
  return connection;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Document document = sample();
  static const auto connection = table_of(document);
  const auto filter = parse_filter({reinterpret_cast<const char*>(data), size});
  if (!filter) {
    insist(filter.error().code() == ErrorCode::invalid_argument && !filter.error().hint().empty());
    return 0;
  }
  insist(filter->check().has_value());
  const auto sql = sqlite::filter_sql(*filter, columns);
  auto row = connection->prepare("SELECT count(*) FROM document WHERE " + sql.where);
  insist(row.has_value());
  sqlite::bind_all(*row, 1, sql.parameters);
  insist(row->step().value());
  insist(row->integer(0) == (filter->matches(document) ? 1 : 0));
  return 0;
}
