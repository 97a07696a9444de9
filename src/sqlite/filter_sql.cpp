#include "sqlite/filter_sql.h"

#include <cmath>

#include "base/filter_value.h"
#include "json/json_writer.h"
#include "sqlite/comparison.h"

namespace docupilot::inline v1::sqlite {

namespace {

using Kind = Filter::Kind;

constexpr std::string_view always = "1";
constexpr std::string_view never = "0";

std::string_view sign_of(Kind kind) {
  switch (kind) {
    case Kind::equal: return "=";
    case Kind::not_equal: return "<>";
    case Kind::less: return "<";
    case Kind::less_equal: return "<=";
    case Kind::greater: return ">";
    default: return ">=";
  }
}

// The double as an integer, when it is one.
std::optional<std::int64_t> whole(double v) {
  if (!(v >= -0x1p63 && v < 0x1p63) || v != std::trunc(v)) return std::nullopt;
  return static_cast<std::int64_t>(v);
}

class Translator {
 public:
  Translator(const FilterColumns& columns, int first) : columns_(columns), next_(first) {}

  std::string translate(const Filter& filter) {
    switch (filter.kind) {
      case Kind::everything: return std::string(always);
      case Kind::all_of: return join(filter.children, 0, filter.children.size(), " AND ", always);
      case Kind::any_of: return join(filter.children, 0, filter.children.size(), " OR ", never);
      case Kind::negate: return "(NOT " + translate(filter.children.front()) + ')';
      default: return comparison(filter);
    }
  }

  std::vector<Value> parameters() && { return std::move(parameters_); }

 private:
  // A balanced tree, because SQLite limits the depth of expressions and not their number.
  std::string join(const std::vector<Filter>& children, std::size_t begin, std::size_t end, std::string_view joint,
                   std::string_view none) {
    if (begin == end) return std::string(none);
    if (end - begin == 1) return translate(children[begin]);
    const std::size_t middle = begin + (end - begin) / 2;
    std::string text = '(' + join(children, begin, middle, joint, none);
    text += joint;
    text += join(children, middle, end, joint, none);
    return text + ')';
  }

  std::string parameter(Value value) {
    parameters_.push_back(std::move(value));
    return '?' + std::to_string(next_++);
  }

  std::string comparison(const Filter& filter) {
    constexpr std::string_view attributes = "attributes.";
    const std::string_view field = filter.field;
    if (field.starts_with(attributes)) return tagged(filter, columns_.attributes, field.substr(attributes.size()));
    const std::string column(columns_.of(field));
    if (column.empty()) return std::string(never);
    switch (field_kind(field).value_or(FieldKind::any)) {
      case FieldKind::text: return on_text(filter, column);
      case FieldKind::integer: return on_integer(filter, column);
      case FieldKind::time: return on_time(filter, column);
      case FieldKind::list: return '(' + column + "<>'[]' AND " + tagged(filter, column, {}) + ')';
      case FieldKind::any: break;
    }
    return std::string(never);
  }

  std::string tagged(const Filter& filter, std::string_view column, std::string_view path) {
    if (column.empty()) return std::string(never);
    return "docupilot_match(" + std::string(column) + ',' + parameter(comparison_to_text(filter, path)) + ')';
  }

  std::string on_text(const Filter& filter, const std::string& column) {
    const std::string there = column + "<>''";
    if (filter.kind == Kind::exists) return '(' + there + ')';
    if (filter.kind == Kind::contains) return std::string(never);
    if (filter.kind == Kind::one_of)
      return one_of<std::string>(filter, column, [](const Value& v) {
        const auto* text = v.get_if<std::string>();
        return text == nullptr || text->empty() ? std::nullopt : std::optional(*text);
      });
    const auto* text = filter.values.front().get_if<std::string>();
    if (text == nullptr) return filter.kind == Kind::not_equal ? '(' + there + ')' : std::string(never);
    if (filter.kind == Kind::starts_with) {
      if (text->empty()) return '(' + there + ')';
      std::string beyond = *text;  // no text with the prefix is as great; the last byte of UTF-8 is never 0xff
      beyond.back() = static_cast<char>(static_cast<unsigned char>(beyond.back()) + 1);
      std::string range = '(' + column + ">=" + parameter(*text);
      return range + " AND " + column + '<' + parameter(std::move(beyond)) + ')';
    }
    return '(' + there + " AND " + column + std::string(sign_of(filter.kind)) + parameter(*text) + ')';
  }

  std::string on_integer(const Filter& filter, const std::string& column) {
    if (filter.kind == Kind::exists) return std::string(always);
    if (filter.kind == Kind::contains || filter.kind == Kind::starts_with) return std::string(never);
    if (filter.kind == Kind::one_of)
      return one_of<std::int64_t>(filter, column, [](const Value& v) {
        if (const auto* number = v.get_if<double>()) return whole(*number);
        const auto* integer = v.get_if<std::int64_t>();
        return integer == nullptr ? std::nullopt : std::optional(*integer);
      });
    const Value& value = filter.values.front();
    if (value.kind() != Value::Kind::integer && value.kind() != Value::Kind::number) {
      return std::string(filter.kind == Kind::not_equal ? always : never);
    }
    return '(' + column + std::string(sign_of(filter.kind)) + parameter(value) + ')';
  }

  std::string on_time(const Filter& filter, const std::string& column) {
    const std::string there = column + "<>0";
    if (filter.kind == Kind::exists) return '(' + there + ')';
    if (filter.kind == Kind::contains || filter.kind == Kind::starts_with) return std::string(never);
    if (filter.kind == Kind::one_of)
      return one_of<std::int64_t>(filter, column, [](const Value& v) {
        const auto* time = v.get_if<Timestamp>();
        return time == nullptr || time->microseconds == 0 ? std::nullopt : std::optional(time->microseconds);
      });
    const Value& value = filter.values.front();
    if (value.kind() != Value::Kind::time) {
      return filter.kind == Kind::not_equal ? '(' + there + ')' : std::string(never);
    }
    return '(' + there + " AND " + column + std::string(sign_of(filter.kind)) + parameter(value) + ')';
  }

  // One parameter for the whole list, so that its length does not change the statement.
  template <class T, class Convert>
  std::string one_of(const Filter& filter, const std::string& column, Convert&& convert) {
    json::Writer list;
    list.begin_array();
    for (const Value& value : filter.values) {
      if (const std::optional<T> wanted = convert(value)) list.value(*wanted);
    }
    list.end_array();
    return '(' + column + " IN (SELECT value FROM json_each(" + parameter(std::move(list).text()) + ")))";
  }

  const FilterColumns& columns_;
  int next_;
  std::vector<Value> parameters_;
};

}  // namespace

std::string_view FilterColumns::of(std::string_view field) const noexcept {
  if (field == "id") return id;
  if (field == "title") return title;
  if (field == "name") return name;
  if (field == "size") return size;
  if (field == "content_type") return content_type;
  if (field == "sha256") return sha256;
  if (field == "created") return created;
  if (field == "updated") return updated;
  if (field == "tags") return tags;
  if (field == "summary") return summary;
  return {};
}

FilterSql filter_sql(const Filter& filter, const FilterColumns& columns, int first_parameter) {
  Translator translator(columns, first_parameter);
  FilterSql sql;
  sql.where = translator.translate(filter);
  sql.parameters = std::move(translator).parameters();
  return sql;
}

void bind_all(Statement& statement, int first, const std::vector<Value>& parameters) {
  for (const Value& value : parameters) {
    const int position = first++;
    if (const auto* text = value.get_if<std::string>()) statement.bind(position, *text);
    else if (const auto* integer = value.get_if<std::int64_t>()) statement.bind(position, *integer);
    else if (const auto* number = value.get_if<double>()) statement.bind(position, *number);
    else if (const auto* time = value.get_if<Timestamp>()) statement.bind(position, time->microseconds);
    else if (const auto* bytes = value.get_if<Value::Bytes>()) statement.bind_bytes(position, *bytes);
    else statement.bind_null(position);
  }
}

}  // namespace docupilot::inline v1::sqlite
