#include "base/filter_value.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::string_view attributes_prefix = "attributes.";
constexpr std::size_t longest_name = 128;

constexpr std::pair<std::string_view, FieldKind> fixed_fields[] = {
    {"id", FieldKind::text},      {"title", FieldKind::text},   {"name", FieldKind::text},
    {"size", FieldKind::integer}, {"sha256", FieldKind::text},  {"content_type", FieldKind::text},
    {"created", FieldKind::time}, {"updated", FieldKind::time}, {"tags", FieldKind::list},
    {"summary", FieldKind::text},
};

// Exact: neither side is rounded to the other's type.
std::partial_ordering compare_mixed(std::int64_t integer, double number) {
  if (std::isnan(number)) return std::partial_ordering::unordered;
  if (number >= 0x1p63) return std::partial_ordering::less;
  if (number < -0x1p63) return std::partial_ordering::greater;
  const double whole = std::trunc(number);
  if (const auto order = integer <=> static_cast<std::int64_t>(whole); order != 0) return order;
  return 0.0 <=> number - whole;
}

bool equal(const Value& a, const Value& b) { return compare_values(a, b) == std::partial_ordering::equivalent; }

}  // namespace

std::optional<FieldKind> field_kind(std::string_view name) noexcept {
  for (const auto& [known, kind] : fixed_fields) {
    if (known == name) return kind;
  }
  if (!name.starts_with(attributes_prefix)) return std::nullopt;
  name.remove_prefix(attributes_prefix.size());
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!is_attribute_name(name.substr(0, dot))) return std::nullopt;
    if (dot == std::string_view::npos) return FieldKind::any;
    name.remove_prefix(dot + 1);
  }
}

bool is_attribute_name(std::string_view name) noexcept {
  const auto wrong = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '.';
  };
  return !name.empty() && name.size() <= longest_name && name[0] != '$' && std::ranges::none_of(name, wrong) &&
         is_utf8(name);
}

const Value* value_at(const Value::Map& attributes, std::string_view path) {
  const Value::Map* map = &attributes;
  for (;;) {
    const std::size_t dot = path.find('.');
    const auto found = map->find(path.substr(0, dot));
    if (found == map->end()) return nullptr;
    if (dot == std::string_view::npos) return &found->second;
    map = found->second.get_if<Value::Map>();
    if (map == nullptr) return nullptr;
    path.remove_prefix(dot + 1);
  }
}

std::partial_ordering compare_values(const Value& a, const Value& b) {
  using Kind = Value::Kind;
  if (a.kind() == Kind::integer && b.kind() == Kind::number) {
    return compare_mixed(*a.get_if<std::int64_t>(), *b.get_if<double>());
  }
  if (a.kind() == Kind::number && b.kind() == Kind::integer) {
    return 0 <=> compare_mixed(*b.get_if<std::int64_t>(), *a.get_if<double>());
  }
  if (a.kind() != b.kind()) return std::partial_ordering::unordered;
  switch (a.kind()) {
    case Kind::integer: return *a.get_if<std::int64_t>() <=> *b.get_if<std::int64_t>();
    case Kind::number: return *a.get_if<double>() <=> *b.get_if<double>();
    case Kind::text: return *a.get_if<std::string>() <=> *b.get_if<std::string>();
    case Kind::time: return *a.get_if<Timestamp>() <=> *b.get_if<Timestamp>();
    case Kind::boolean:
    case Kind::bytes: return a == b ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
    case Kind::null:
    case Kind::list:
    case Kind::map: break;
  }
  return std::partial_ordering::unordered;
}

bool comparison_holds(const Filter& comparison, const Value* value) {
  using Kind = Filter::Kind;
  if (value == nullptr || value->kind() == Value::Kind::null) return false;
  if (comparison.kind == Kind::exists) return true;
  if (comparison.kind == Kind::one_of) {
    return std::ranges::any_of(comparison.values, [&](const Value& v) { return equal(*value, v); });
  }
  if (comparison.values.empty()) return false;
  const Value& wanted = comparison.values.front();
  switch (comparison.kind) {
    case Kind::equal: return equal(*value, wanted);
    case Kind::not_equal: return !equal(*value, wanted);
    case Kind::less: return compare_values(*value, wanted) < 0;
    case Kind::less_equal: return compare_values(*value, wanted) <= 0;
    case Kind::greater: return compare_values(*value, wanted) > 0;
    case Kind::greater_equal: return compare_values(*value, wanted) >= 0;
    case Kind::contains: {
      const auto* list = value->get_if<Value::List>();
      return list != nullptr && std::ranges::any_of(*list, [&](const Value& v) { return equal(v, wanted); });
    }
    case Kind::starts_with: {
      const auto* text = value->get_if<std::string>();
      const auto* prefix = wanted.get_if<std::string>();
      return text != nullptr && prefix != nullptr && text->starts_with(*prefix);
    }
    default: return false;
  }
}

}  // namespace docupilot::inline v1
