#include <docupilot/base/document.h>

#include <algorithm>

#include "json/json_writer.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t longest_id = 128;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string_view to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::store: return "store";
    case Stage::extract: return "extract";
    case Stage::metadata: return "metadata";
    case Stage::index: return "index";
    case Stage::summary: return "summary";
  }
  return "store";
}

std::string_view to_string(StageState state) noexcept {
  switch (state) {
    case StageState::pending: return "pending";
    case StageState::done: return "done";
    case StageState::skipped: return "skipped";
    case StageState::failed: return "failed";
  }
  return "pending";
}

Result<void> check_document_id(std::string_view id) {
  const bool good = !id.empty() && id.size() <= longest_id && is_alphanumeric(id[0]) &&
                    std::ranges::all_of(id, [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
  if (good) return {};
  return Error(ErrorCode::invalid_argument, "this cannot be a document's id")
      .target(id.substr(0, longest_id))
      .hint("use 1 to 128 of A-Z a-z 0-9 _ -, the first a letter or digit");
}

std::string to_json(const Document& document) {
  json::Writer out;
  out.begin_object();
  out.member("id", document.id);
  out.member("title", document.title);
  out.member("name", document.name);
  out.key("object");
  out.begin_object();
  out.member("store", document.object.store);
  out.member("key", document.object.key);
  if (!document.object.version.empty()) out.member("version", document.object.version);
  if (!document.object.etag.empty()) out.member("etag", document.object.etag);
  out.end_object();
  out.member("size", document.size);
  out.member("content_type", document.content_type);
  const Checksums& sums = document.checksums;
  if (!sums.sha256.empty()) out.member("sha256", sums.sha256);
  if (!sums.crc32c.empty()) out.member("crc32c", sums.crc32c);
  if (!sums.crc64nvme.empty()) out.member("crc64nvme", sums.crc64nvme);
  if (!sums.md5.empty()) out.member("md5", sums.md5);
  out.member("created", document.created.to_string());
  out.member("updated", document.updated.to_string());
  out.key("tags");
  out.begin_array();
  for (const std::string& tag : document.tags) out.value(tag);
  out.end_array();
  out.key("attributes");
  out.value(Value(document.attributes));
  out.member("summary", document.summary);
  out.key("stages");
  out.begin_object();
  for (int i = 0; i < stage_count; ++i) {
    const StageStatus& status = document.stages[i];
    out.key(to_string(static_cast<Stage>(i)));
    out.begin_object();
    out.member("state", to_string(status.state));
    if (!status.error.empty()) out.member("error", status.error);
    out.end_object();
  }
  out.end_object();
  out.member("revision", document.revision);
  out.end_object();
  return std::move(out).text();
}

}  // namespace docupilot::inline v1
