#include "metadata/sqlite_codec.h"

#include "base/try.h"
#include "base/utf8.h"
#include "json/json_reader.h"
#include "json/tagged_value.h"

namespace docupilot::inline v1::sqlite {

namespace {

Error damaged(std::string_view column, std::string_view id) {
  return Error(ErrorCode::corrupted, "a column of a document is damaged: " + std::string(column))
      .target(id)
      .hint("restore the database from a backup, or write this document again");
}

std::string tags_to_text(const std::vector<std::string>& tags) {
  json::Writer out;
  out.begin_array();
  for (const std::string& tag : tags) out.value(tag);
  out.end_array();
  return std::move(out).text();
}

std::string attributes_to_text(const Value::Map& attributes) {
  json::Writer out;
  out.begin_object();
  for (const auto& [name, value] : attributes) {
    out.key(name);
    json::write_tagged(out, value);
  }
  out.end_object();
  return std::move(out).text();
}

// The members that nothing is selected by. Empty ones are left out.
std::string rest_to_text(const Document& document) {
  const ObjectRef& object = document.object;
  const Checksums& sums = document.checksums;
  json::Writer out;
  out.begin_object();
  const auto member = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) out.member(name, text);
  };
  member("store", object.store);
  member("key", object.key);
  member("version", object.version);
  member("etag", object.etag);
  member("crc32c", sums.crc32c);
  member("crc64nvme", sums.crc64nvme);
  member("md5", sums.md5);
  out.key("stages");
  out.begin_array();
  for (const StageStatus& status : document.stages) {
    out.value(static_cast<int>(status.state));
    out.value(status.error);
  }
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

bool read_tags(std::string_view text, std::vector<std::string>& tags) {
  if (text == "[]") return true;
  auto parsed = json::parse(text, 1);
  auto* list = parsed ? parsed->get_if<Value::List>() : nullptr;
  if (list == nullptr) return false;
  tags.reserve(list->size());
  for (Value& tag : *list) {
    auto* name = tag.get_if<std::string>();
    if (name == nullptr) return false;
    tags.push_back(std::move(*name));
  }
  return true;
}

bool read_attributes(std::string_view text, Value::Map& attributes) {
  if (text == "{}") return true;
  auto parsed = json::from_tagged(text);
  auto* map = parsed ? parsed->get_if<Value::Map>() : nullptr;
  if (map == nullptr) return false;
  attributes = std::move(*map);
  return true;
}

bool read_stages(Value& value, Document& document) {
  auto* list = value.get_if<Value::List>();
  if (list == nullptr || list->size() != std::size_t{2} * stage_count) return false;
  for (std::size_t i = 0; i < stage_count; ++i) {
    const auto* state = (*list)[2 * i].get_if<std::int64_t>();
    auto* error = (*list)[2 * i + 1].get_if<std::string>();
    if (state == nullptr || *state < 0 || *state > static_cast<int>(StageState::failed) || error == nullptr) {
      return false;
    }
    document.stages[i] = {static_cast<StageState>(*state), std::move(*error)};
  }
  return true;
}

bool read_rest(std::string_view text, Document& document) {
  auto parsed = json::parse(text, 2);
  auto* map = parsed ? parsed->get_if<Value::Map>() : nullptr;
  if (map == nullptr) return false;
  const std::pair<std::string_view, std::string*> members[] = {
      {"store", &document.object.store},      {"key", &document.object.key},
      {"version", &document.object.version},  {"etag", &document.object.etag},
      {"crc32c", &document.checksums.crc32c}, {"crc64nvme", &document.checksums.crc64nvme},
      {"md5", &document.checksums.md5},
  };
  for (const auto& [name, member] : members) {
    const auto found = map->find(name);
    if (found == map->end()) continue;
    auto* value = found->second.get_if<std::string>();
    if (value == nullptr) return false;
    *member = std::move(*value);
  }
  const auto stages = map->find("stages");
  return stages != map->end() && read_stages(stages->second, document);
}

}  // namespace

const std::vector<std::string>& metadata_migrations() {
  // Small columns first: what filters and orders read lies before the texts that overflow a page.
  static const std::vector<std::string> migrations = {
      "CREATE TABLE document(id TEXT NOT NULL UNIQUE, revision TEXT NOT NULL, title TEXT NOT NULL, name TEXT NOT NULL,"
      " size INTEGER NOT NULL, content_type TEXT NOT NULL, sha256 TEXT NOT NULL, created INTEGER NOT NULL,"
      " updated INTEGER NOT NULL, tags TEXT NOT NULL, attributes TEXT NOT NULL, summary TEXT NOT NULL,"
      " rest TEXT NOT NULL) STRICT;"
      "CREATE INDEX document_by_created ON document(created, id);"
      "CREATE INDEX document_by_name ON document(name, id);"
      "CREATE TABLE counter(name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"};
  return migrations;
}

void bind_document(Statement& statement, const Document& document, std::string_view revision) {
  statement.bind(1, document.id).bind(2, revision).bind(3, document.title).bind(4, document.name);
  statement.bind(5, static_cast<std::int64_t>(document.size)).bind(6, document.content_type);
  statement.bind(7, document.checksums.sha256).bind(8, document.created.microseconds);
  statement.bind(9, document.updated.microseconds).bind(10, tags_to_text(document.tags));
  statement.bind(11, attributes_to_text(document.attributes)).bind(12, document.summary);
  statement.bind(13, rest_to_text(document));
}

Result<Document> read_document(const Statement& row) {
  Document document;
  document.id = row.text(0);
  std::string* const texts[] = {&document.revision, &document.title, &document.name};
  for (int i = 0; i < 3; ++i) *texts[i] = row.text(i + 1);
  document.size = static_cast<std::uint64_t>(row.integer(4));
  document.content_type = row.text(5);
  document.checksums.sha256 = row.text(6);
  document.created = {row.integer(7)};
  document.updated = {row.integer(8)};
  document.summary = row.text(11);
  if (!check_document_id(document.id)) return damaged("id", document.id);
  for (const int column : {1, 2, 3, 5, 6, 11}) {
    if (!is_utf8(row.text(column))) return damaged("text", document.id);
  }
  if (!read_tags(row.text(9), document.tags)) return damaged("tags", document.id);
  if (!read_attributes(row.text(10), document.attributes)) return damaged("attributes", document.id);
  if (!read_rest(row.text(12), document)) return damaged("rest", document.id);
  return document;
}

}  // namespace docupilot::inline v1::sqlite
