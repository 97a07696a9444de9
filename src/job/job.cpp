#include "job/job.h"

#include <docupilot/base/bytes.h>

#include "base/try.h"
#include "base/utf8.h"
#include "json/json_reader.h"
#include "json/tagged_value.h"

namespace docupilot::inline v1 {

namespace {

// A member of a decoded map, or the kind's empty value: bodies written by an earlier version lack later members.
template <class T>
T member(const Value::Map& map, std::string_view name) {
  const auto found = map.find(name);
  if (found == map.end()) return {};
  const T* value = found->second.template get_if<T>();
  return value == nullptr ? T{} : *value;
}

std::uint64_t unsigned_member(const Value::Map& map, std::string_view name) {
  return static_cast<std::uint64_t>(member<std::int64_t>(map, name));
}

Value signed_value(std::uint64_t v) { return static_cast<std::int64_t>(v); }

Value list_of(const std::vector<std::string>& texts) { return Value::List(texts.begin(), texts.end()); }

std::vector<std::string> texts_of(const Value::List& list) {
  std::vector<std::string> texts;
  for (const Value& v : list) {
    if (const auto* text = v.get_if<std::string>()) texts.push_back(*text);
  }
  return texts;
}

// A path is bytes, not always UTF-8, and must come back as it was.
Value encode_path(const std::string& path) {
  if (is_utf8(path)) return path;
  const ByteView bytes = as_bytes(path);
  return Value::Bytes(bytes.begin(), bytes.end());
}

std::string decode_path(const Value::Map& map, std::string_view name) {
  const auto found = map.find(name);
  const auto* bytes = found == map.end() ? nullptr : found->second.get_if<Value::Bytes>();
  return bytes == nullptr ? member<std::string>(map, name) : std::string(as_text(*bytes));
}

Value encode_options(const IngestOptions& o) {
  return Value::Map{
      {"id", o.id},
      {"name", o.name},
      {"title", o.title},
      {"content_type", o.content_type},
      {"tags", list_of(o.tags)},
      {"attributes", o.attributes},
      {"idempotency_key", o.idempotency_key},
      {"extra_hashes", static_cast<std::int64_t>(o.extra_hashes)},
      {"index", o.index},
      {"summarize", o.summarize},
      {"sentences", signed_value(o.summary_length.sentences)},
      {"words", signed_value(o.summary_length.words)},
      {"force", o.force},
      {"allow_empty", o.allow_empty},
  };
}

IngestOptions decode_options(const Value::Map& map) {
  return {
      .id = member<std::string>(map, "id"),
      .name = member<std::string>(map, "name"),
      .title = member<std::string>(map, "title"),
      .content_type = member<std::string>(map, "content_type"),
      .tags = texts_of(member<Value::List>(map, "tags")),
      .attributes = member<Value::Map>(map, "attributes"),
      .idempotency_key = member<std::string>(map, "idempotency_key"),
      .extra_hashes = static_cast<Hashes>(member<std::int64_t>(map, "extra_hashes")),
      .index = member<bool>(map, "index"),
      .summarize = member<bool>(map, "summarize"),
      .summary_length = {.sentences = unsigned_member(map, "sentences"), .words = unsigned_member(map, "words")},
      .force = member<bool>(map, "force"),
      .allow_empty = member<bool>(map, "allow_empty"),
  };
}

}  // namespace

std::string encode_job_body(const Job& job) {
  const SourceIdentity& seen = job.identity;
  return json::to_tagged(Value::Map{
      {"path", encode_path(job.path)},
      {"options", encode_options(job.options)},
      {"replaces", job.replaces},
      {"old_keys", list_of(job.old_keys)},
      {"store", job.object.store},
      {"version", job.object.version},
      {"etag", job.object.etag},
      {"size", signed_value(job.size)},
      {"sha256", job.checksums.sha256},
      {"crc32c", job.checksums.crc32c},
      {"crc64nvme", job.checksums.crc64nvme},
      {"md5", job.checksums.md5},
      {"identity", Value::Map{{"uri", encode_path(seen.uri)},
                              {"size", signed_value(seen.size)},
                              {"modified_ns", seen.modified_ns},
                              {"changed_ns", seen.changed_ns},
                              {"device", signed_value(seen.device)},
                              {"inode", signed_value(seen.inode)}}},
  });
}

Result<void> decode_job_body(std::string_view text, Job& job) {
  DOCUPILOT_TRY(const Value value, json::from_tagged(text));
  const auto* map = value.get_if<Value::Map>();
  if (map == nullptr)
    return Error(ErrorCode::corrupted, "a job of the journal cannot be read").operation("read journal");
  job.path = decode_path(*map, "path");
  job.options = decode_options(member<Value::Map>(*map, "options"));
  job.replaces = member<bool>(*map, "replaces");
  job.old_keys = texts_of(member<Value::List>(*map, "old_keys"));
  job.object = {.store = member<std::string>(*map, "store"),
                .key = job.object_key,
                .version = member<std::string>(*map, "version"),
                .etag = member<std::string>(*map, "etag")};
  job.size = unsigned_member(*map, "size");
  job.checksums = {.sha256 = member<std::string>(*map, "sha256"),
                   .crc32c = member<std::string>(*map, "crc32c"),
                   .crc64nvme = member<std::string>(*map, "crc64nvme"),
                   .md5 = member<std::string>(*map, "md5")};
  const auto seen = member<Value::Map>(*map, "identity");
  job.identity = {.uri = decode_path(seen, "uri"),
                  .size = unsigned_member(seen, "size"),
                  .modified_ns = member<std::int64_t>(seen, "modified_ns"),
                  .changed_ns = member<std::int64_t>(seen, "changed_ns"),
                  .device = unsigned_member(seen, "device"),
                  .inode = unsigned_member(seen, "inode")};
  return {};
}

}  // namespace docupilot::inline v1
