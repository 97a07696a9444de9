#include <docupilot/base/filter.h>

#include <algorithm>
#include <cmath>

#include "base/filter_value.h"
#include "base/try.h"
#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t deepest = 32;
constexpr std::size_t most_nodes = 1'000;

Error wrong(std::string message, std::string_view field, std::string_view hint) {
  return Error(ErrorCode::invalid_argument, std::move(message)).operation("check filter").target(field).hint(hint);
}

bool is_branch(Filter::Kind kind) {
  return kind == Filter::Kind::all_of || kind == Filter::Kind::any_of || kind == Filter::Kind::negate;
}

bool is_range(Filter::Kind kind) { return kind >= Filter::Kind::less && kind <= Filter::Kind::greater_equal; }

Result<void> check_value(const Filter& filter, const Value& value) {
  using Kind = Value::Kind;
  if (filter.kind == Filter::Kind::starts_with && value.kind() != Kind::text) {
    return wrong("only text can be the beginning of text", filter.field, "give the prefix as text");
  }
  switch (value.kind()) {
    case Kind::null: return wrong("nothing compares with null", filter.field, "ask whether the field exists instead");
    case Kind::list:
    case Kind::map:
      return wrong("a list or map cannot be compared", filter.field, "use contains, or reach in by attributes.A.B");
    case Kind::boolean:
    case Kind::bytes:
      if (is_range(filter.kind)) {
        return wrong("only numbers, text and times have an order", filter.field, "use equal or not_equal");
      }
      return {};
    case Kind::number:
      if (std::isnan(*value.get_if<double>())) return wrong("nothing compares with NaN", filter.field, {});
      return {};
    case Kind::text: {
      const auto& text = *value.get_if<std::string>();
      if (is_utf8(text) && text.find('\0') == std::string::npos) return {};
      return wrong("the text to compare with is not UTF-8 or has a NUL in it", filter.field, "give UTF-8 text");
    }
    case Kind::integer:
    case Kind::time: return {};
  }
  return {};
}

Result<void> check_comparison(const Filter& filter) {
  if (!filter.children.empty()) return wrong("a comparison has no children", filter.field, {});
  if (!field_kind(filter.field)) {
    return wrong("filters do not know this field", filter.field,
                 "use id, title, name, size, content_type, sha256, created, updated, tags, summary or attributes.NAME");
  }
  const bool one = filter.kind != Filter::Kind::exists && filter.kind != Filter::Kind::one_of;
  if (one && filter.values.size() != 1) return wrong("this comparison takes one value", filter.field, {});
  if (filter.kind == Filter::Kind::exists && !filter.values.empty()) {
    return wrong("exists takes no value", filter.field, {});
  }
  for (const Value& value : filter.values) DOCUPILOT_CHECK(check_value(filter, value));
  return {};
}

Result<void> check_node(const Filter& filter, std::size_t depth, std::size_t& nodes) {
  if (depth > deepest) return wrong("the filter is nested more than 32 deep", {}, "put less into one filter");
  if (++nodes > most_nodes) return wrong("the filter has more than 1,000 parts", {}, "use one_of for many values");
  if (filter.kind == Filter::Kind::everything) {
    const bool bare = filter.field.empty() && filter.values.empty() && filter.children.empty();
    return bare ? Result<void>() : wrong("`everything` takes no field, values or children", filter.field, {});
  }
  if (filter.kind < Filter::Kind::everything || filter.kind > Filter::Kind::starts_with) {
    return wrong("there is no such kind of filter", filter.field, {});
  }
  if (!is_branch(filter.kind)) return check_comparison(filter);
  if (!filter.field.empty() || !filter.values.empty()) {
    return wrong("all_of, any_of and negate take children only", filter.field, {});
  }
  if (filter.kind == Filter::Kind::negate && filter.children.size() != 1) {
    return wrong("negate takes one child", {}, {});
  }
  for (const Filter& child : filter.children) DOCUPILOT_CHECK(check_node(child, depth + 1, nodes));
  return {};
}

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }
Value time_or_null(Timestamp time) { return time.microseconds == 0 ? Value() : Value(time); }

Filter branch(Filter::Kind kind, std::vector<Filter> children) {
  Filter filter;
  filter.kind = kind;
  filter.children = std::move(children);
  return filter;
}

}  // namespace

Filter Filter::all_of(std::vector<Filter> children) { return branch(Kind::all_of, std::move(children)); }
Filter Filter::any_of(std::vector<Filter> children) { return branch(Kind::any_of, std::move(children)); }
Filter Filter::negate(Filter child) {
  std::vector<Filter> children;
  children.push_back(std::move(child));
  return branch(Kind::negate, std::move(children));
}

Result<void> Filter::check() const {
  std::size_t nodes = 0;
  return check_node(*this, 1, nodes);
}

bool Filter::matches(const Document& document) const {
  const auto holds = [&](const Filter& child) { return child.matches(document); };
  switch (kind) {
    case Kind::everything: return true;
    case Kind::all_of: return std::ranges::all_of(children, holds);
    case Kind::any_of: return std::ranges::any_of(children, holds);
    case Kind::negate: return !children.empty() && !holds(children.front());
    default: break;
  }
  constexpr std::string_view prefix = "attributes.";
  if (field.starts_with(prefix)) {
    return comparison_holds(*this, value_at(document.attributes, std::string_view(field).substr(prefix.size())));
  }
  const Value value = field_value(document, field);
  return comparison_holds(*this, &value);
}

bool Filter::operator==(const Filter& other) const {
  return kind == other.kind && field == other.field && values == other.values && children == other.children;
}

Filter field::operator==(Value v) const { return make(Filter::Kind::equal, std::move(v)); }
Filter field::operator!=(Value v) const { return make(Filter::Kind::not_equal, std::move(v)); }
Filter field::operator<(Value v) const { return make(Filter::Kind::less, std::move(v)); }
Filter field::operator<=(Value v) const { return make(Filter::Kind::less_equal, std::move(v)); }
Filter field::operator>(Value v) const { return make(Filter::Kind::greater, std::move(v)); }
Filter field::operator>=(Value v) const { return make(Filter::Kind::greater_equal, std::move(v)); }
Filter field::contains(Value element) const { return make(Filter::Kind::contains, std::move(element)); }
Filter field::starts_with(std::string_view prefix) const { return make(Filter::Kind::starts_with, Value(prefix)); }

Filter field::make(Filter::Kind kind, Value value) const {
  Filter filter;
  filter.kind = kind;
  filter.field = name_;
  filter.values.push_back(std::move(value));
  return filter;
}

Filter field::one_of(std::vector<Value> values) const {
  Filter filter;
  filter.kind = Filter::Kind::one_of;
  filter.field = name_;
  filter.values = std::move(values);
  return filter;
}

Filter field::exists() const {
  Filter filter;
  filter.kind = Filter::Kind::exists;
  filter.field = name_;
  return filter;
}

Value field_value(const Document& document, std::string_view name) {
  constexpr std::string_view prefix = "attributes.";
  if (name.starts_with(prefix)) {
    const Value* value = value_at(document.attributes, name.substr(prefix.size()));
    return value == nullptr ? Value() : *value;
  }
  if (name == "id") return text_or_null(document.id);
  if (name == "title") return text_or_null(document.title);
  if (name == "name") return text_or_null(document.name);
  if (name == "content_type") return text_or_null(document.content_type);
  if (name == "sha256") return text_or_null(document.checksums.sha256);
  if (name == "summary") return text_or_null(document.summary);
  if (name == "created") return time_or_null(document.created);
  if (name == "updated") return time_or_null(document.updated);
  if (name == "size") {
    if (document.size > INT64_MAX) return static_cast<double>(document.size);
    return static_cast<std::int64_t>(document.size);
  }
  if (name == "tags" && !document.tags.empty()) return Value::List(document.tags.begin(), document.tags.end());
  return {};
}

Filter operator&&(Filter a, Filter b) { return Filter::all_of({std::move(a), std::move(b)}); }
Filter operator||(Filter a, Filter b) { return Filter::any_of({std::move(a), std::move(b)}); }
Filter operator!(Filter a) { return Filter::negate(std::move(a)); }

}  // namespace docupilot::inline v1
