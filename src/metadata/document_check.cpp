#include "metadata/document_check.h"

#include <algorithm>

#include "base/filter_value.h"
#include "base/try.h"
#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t longest_name = 256;  // of a tag or a counter
constexpr std::size_t most_attribute_bytes = 1U << 20U;
constexpr std::size_t scalar_bytes = 8;
constexpr int deepest_attribute = 32;
constexpr Timestamp latest{253'402'300'799'999'999};  // 9999-12-31T23:59:59.999999Z
constexpr std::size_t largest_page = 10'000;
constexpr std::size_t most_orders = 4;

Error wrong(std::string message, std::string_view target, std::string_view hint) {
  return Error(ErrorCode::invalid_argument, std::move(message)).operation("check").target(target).hint(hint);
}

bool is_text(std::string_view text) { return text.find('\0') == std::string_view::npos && is_utf8(text); }

bool is_name(std::string_view name) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !name.empty() && name.size() <= longest_name && std::ranges::none_of(name, control) && is_utf8(name);
}

Result<void> check_text(std::string_view member, std::string_view text) {
  if (is_text(text)) return {};
  return wrong("text of a document is not UTF-8 or has a NUL in it", member, "convert it to UTF-8 first");
}

Result<void> check_tags(const std::vector<std::string>& tags) {
  for (const std::string& tag : tags) {
    if (!is_name(tag)) return wrong("this cannot be a tag", tag, "use 1 to 256 bytes of UTF-8 without controls");
  }
  std::vector<std::string_view> sorted(tags.begin(), tags.end());
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice == sorted.end()) return {};
  return wrong("this tag is there twice", *twice, "give each tag once");
}

class AttributeCheck {
 public:
  Result<void> map(const Value::Map& attributes, int depth) {
    for (const auto& [name, value] : attributes) {
      if (!is_attribute_name(name)) {
        return wrong("this cannot be the name of an attribute", name,
                     "use 1 to 128 bytes of UTF-8 without '.' and controls, not beginning with '$'");
      }
      bytes_ += name.size();
      DOCUPILOT_CHECK(one(name, value, depth));
    }
    return {};
  }

 private:
  Result<void> one(std::string_view name, const Value& value, int depth) {
    bytes_ += scalar_bytes;
    if (const auto* text = value.get_if<std::string>()) {
      bytes_ += text->size() - scalar_bytes;
      DOCUPILOT_CHECK(check_text(name, *text));
    } else if (const auto* bytes = value.get_if<Value::Bytes>()) {
      bytes_ += bytes->size() - scalar_bytes;
    } else if (const auto* list = value.get_if<Value::List>()) {
      DOCUPILOT_CHECK(check_depth(name, depth + 1));
      for (const Value& element : *list) DOCUPILOT_CHECK(one(name, element, depth + 1));
    } else if (const auto* inner = value.get_if<Value::Map>()) {
      DOCUPILOT_CHECK(check_depth(name, depth + 1));
      DOCUPILOT_CHECK(map(*inner, depth + 1));
    }
    if (bytes_ <= most_attribute_bytes) return {};
    return Error(ErrorCode::too_large, "the attributes are larger than 1 MiB")
        .operation("check")
        .target(name)
        .hint("store large content as a document of its own");
  }

  static Result<void> check_depth(std::string_view name, int depth) {
    if (depth <= deepest_attribute) return {};
    return wrong("the attribute is nested more than 32 deep", name, "flatten it");
  }

  std::size_t bytes_ = 0;
};

Result<void> check_time(std::string_view member, Timestamp time) {
  if (time >= Timestamp{} && time <= latest) return {};
  return wrong("this time is not between the years 1970 and 9999", member, {});
}

}  // namespace

Result<void> check_document(const Document& document) {
  DOCUPILOT_CHECK(check_document_id(document.id));
  const Checksums& sums = document.checksums;
  const ObjectRef& object = document.object;
  const std::pair<std::string_view, const std::string*> texts[] = {
      {"title", &document.title},      {"name", &document.name},    {"summary", &document.summary},
      {"object.store", &object.store}, {"object.key", &object.key}, {"object.version", &object.version},
      {"object.etag", &object.etag},   {"sha256", &sums.sha256},    {"crc32c", &sums.crc32c},
      {"crc64nvme", &sums.crc64nvme},  {"md5", &sums.md5},          {"content_type", &document.content_type},
  };
  for (const auto& [member, text] : texts) DOCUPILOT_CHECK(check_text(member, *text));
  for (const StageStatus& status : document.stages) {
    DOCUPILOT_CHECK(check_text("stages", status.error));
    if (status.state < StageState::pending || status.state > StageState::failed) {
      return wrong("there is no such state of a stage", "stages", {});
    }
  }
  if (document.size > INT64_MAX) return wrong("the size is not below 2^63", "size", {});
  DOCUPILOT_CHECK(check_time("created", document.created));
  DOCUPILOT_CHECK(check_time("updated", document.updated));
  DOCUPILOT_CHECK(check_tags(document.tags));
  return AttributeCheck().map(document.attributes, 0);
}

Result<void> check_query(const DocumentQuery& query) {
  DOCUPILOT_CHECK(query.filter.check());
  if (query.limit < 1 || query.limit > largest_page) {
    return wrong("a page has 1 to 10,000 documents", "limit", "ask for less, and for the next page after it");
  }
  if (query.order.size() > most_orders) return wrong("more than 4 fields to order by", "order", "leave some out");
  for (const OrderBy& order : query.order) {
    const auto kind = field_kind(order.field);
    if (kind && *kind != FieldKind::list) continue;
    return wrong("documents cannot be ordered by this", order.field,
                 "use id, title, name, size, content_type, sha256, created, updated, summary or attributes.NAME");
  }
  return {};
}

Result<void> check_counter_name(const std::string& name) {
  if (is_name(name)) return {};
  return wrong("this cannot be the name of a counter", name, "use 1 to 256 bytes of UTF-8 without controls");
}

Result<void> check_batch(std::span<const Document> documents, std::span<const WriteCondition> conditions) {
  if (!conditions.empty() && conditions.size() != documents.size()) {
    return Error(ErrorCode::invalid_argument, "there are not as many conditions as documents")
        .hint("give one condition for each document, or none");
  }
  for (const Document& document : documents) DOCUPILOT_CHECK(check_document(document));
  return {};
}

Result<void> check_condition(const WriteCondition& condition, std::string_view id,
                             const std::optional<std::string>& revision) {
  if (condition.kind == WriteCondition::Kind::absent && revision) {
    return Error(ErrorCode::already_exists, "there is a document with this id already")
        .target(id)
        .hint("choose another id, or write without the condition to replace it");
  }
  if (condition.kind == WriteCondition::Kind::revision && revision != condition.revision) {
    return Error(ErrorCode::precondition_failed, "the document has been changed or removed since it was read")
        .target(id)
        .hint("read it again, then decide");
  }
  return {};
}

Result<std::int64_t> add_to_counter(std::int64_t value, std::int64_t by) {
  if (by > 0 ? value > INT64_MAX - by : value < INT64_MIN - by) {
    return Error(ErrorCode::invalid_argument, "the counter would leave the range of 64 bits")
        .hint("begin a new counter");
  }
  return value + by;
}

Error no_such_document() {
  return Error(ErrorCode::not_found, "there is no document with this id").hint("list the documents to see their ids");
}

Error in_call(Error error, std::string_view operation, std::string_view backend, std::string_view target) {
  if (error.target().empty()) error = std::move(error).target(target);
  return std::move(error).operation(operation).backend(backend);
}

}  // namespace docupilot::inline v1
