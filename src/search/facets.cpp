#include "search/facets.h"

#include <algorithm>
#include <set>

#include "base/filter_value.h"
#include "base/try.h"
#include "json/tagged_value.h"

namespace docupilot::inline v1::search {

namespace {

constexpr std::size_t most_facets = 32;
constexpr std::size_t most_pending = 4096;
constexpr std::string_view attributes_prefix = "attributes.";

std::uint64_t& count_of(WordMap<std::uint64_t>& counts, std::string_view text) {
  const auto there = counts.find(text);
  return there != counts.end() ? there->second : counts[std::string(text)];
}

std::string text_of(const Value& value) {
  if (const auto* text = value.get_if<std::string>()) return *text;
  if (const auto* time = value.get_if<Timestamp>()) return time->to_string();
  return value.to_json();
}

// What a value counts as; a list that has an element twice has it once.
std::set<std::string> values_of(const Value& value) {
  using Kind = Value::Kind;
  if (const auto* list = value.get_if<Value::List>()) {
    std::set<std::string> out;
    for (const Value& element : *list) {
      if (element.kind() != Kind::list) out.merge(values_of(element));
    }
    return out;
  }
  const bool is_counted = value.kind() != Kind::null && value.kind() != Kind::map && value.kind() != Kind::bytes;
  return is_counted ? std::set<std::string>{text_of(value)} : std::set<std::string>();
}

FacetCounter::Counts most_frequent(const WordMap<std::uint64_t>& counts, std::size_t most) {
  FacetCounter::Counts out(counts.begin(), counts.end());
  const auto before = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const auto kept = out.begin() + static_cast<std::ptrdiff_t>(std::min(most, out.size()));
  std::ranges::partial_sort(out, kept, before);
  out.erase(kept, out.end());
  return out;
}

}  // namespace

Result<void> check_facets(const std::vector<std::string>& fields) {
  if (fields.size() > most_facets) {
    return Error(ErrorCode::invalid_argument, "more than 32 facets").hint("ask for fewer at once");
  }
  for (const std::string& field : fields) {
    const bool is_known = field == "tags" || field == "content_type" ||
                          (field.starts_with(attributes_prefix) && field_kind(field).has_value());
    if (!is_known) {
      return Error(ErrorCode::invalid_argument, "this field cannot be counted")
          .target(field)
          .hint("facets are tags, content_type and attributes.NAME");
    }
  }
  return {};
}

FacetCounter::FacetCounter(const std::vector<std::string>& fields) {
  for (const std::string& field : fields) {
    if (field == "tags") wants_tags_ = true;
    else if (field == "content_type") wants_content_type_ = true;
    else attributes_.push_back({field, {}});
  }
}

Result<void> FacetCounter::add(std::string_view tags, std::string_view content_type, std::string_view attributes) {
  if (wants_tags_ && tags != "[]") ++count_of(tag_lists_, tags);
  if (wants_content_type_ && !content_type.empty()) ++count_of(content_types_, content_type);
  if (attributes_.empty() || attributes == "{}") return {};
  ++count_of(attribute_maps_, attributes);
  return attribute_maps_.size() < most_pending ? Result<void>() : count_attributes();
}

Result<void> FacetCounter::count_attributes() {
  for (const auto& [text, count] : attribute_maps_) {
    DOCUPILOT_TRY(const Value all, json::from_tagged(text));
    const auto* map = all.get_if<Value::Map>();
    for (Field& field : attributes_) {
      const Value* value =
          map == nullptr ? nullptr : value_at(*map, std::string_view(field.name).substr(attributes_prefix.size()));
      if (value == nullptr) continue;
      for (const std::string& one : values_of(*value)) field.counts[one] += count;
    }
  }
  attribute_maps_.clear();
  return {};
}

Result<std::map<std::string, FacetCounter::Counts>> FacetCounter::take(std::size_t most) && {
  std::map<std::string, Counts> out;
  if (wants_tags_) {
    WordMap<std::uint64_t> tags;
    for (const auto& [list, count] : tag_lists_) {
      DOCUPILOT_TRY(const Value parsed, json::from_tagged(list));
      for (const std::string& tag : values_of(parsed)) tags[tag] += count;
    }
    out["tags"] = most_frequent(tags, most);
  }
  if (wants_content_type_) out["content_type"] = most_frequent(content_types_, most);
  DOCUPILOT_CHECK(count_attributes());
  for (const Field& field : attributes_) out[field.name] = most_frequent(field.counts, most);
  return out;
}

}  // namespace docupilot::inline v1::search
