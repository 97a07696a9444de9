#include "json/tagged_value.h"

#include <charconv>
#include <cmath>

#include "base/try.h"
#include "json/base64.h"
#include "json/json_reader.h"

namespace docupilot::inline v1::json {

namespace {

// A level of a value takes up to two of JSON: its own and that of "$map".
constexpr unsigned deepest_json = 2 * 64 + 2;

// The range that the writer writes without exponent.
bool is_plain(double v) {
  const double size = std::fabs(v);
  return size == 0 ? !std::signbit(v) : size >= 1e-5 && size < 1e21;
}

std::string shortest(double v) {
  if (std::isnan(v)) return "nan";
  char text[32];
  const auto [end, code] = std::to_chars(text, text + sizeof text, v);
  return {text, code == std::errc() ? end : text};
}

bool has_tag(const Value::Map& map) {
  const auto tag = map.lower_bound("$");
  return tag != map.end() && tag->first.starts_with('$');
}

template <class T>
void write_tag(Writer& out, std::string_view tag, const T& content) {
  out.begin_object();
  out.member(tag, content);
  out.end_object();
}

Error wrong(std::string_view what) {
  return Error(ErrorCode::corrupted, "this is not a value: " + std::string(what)).operation("read a value");
}

Result<Value> untag_double(const Value& content) {
  const auto* text = content.get_if<std::string>();
  if (text == nullptr) return wrong("$double");
  double number = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (end != text->data() + text->size() || code != std::errc()) return wrong("$double");
  return number;
}

Result<Value> untag_members(Value::Map map) {
  for (auto& [name, member] : map) {
    DOCUPILOT_TRY(member, untag(std::move(member)));
  }
  return Value(std::move(map));
}

Result<Value> untag_map(Value::Map map) {
  if (!has_tag(map)) return untag_members(std::move(map));
  if (map.size() != 1) return wrong("several members beside a tag");
  const std::string& tag = map.begin()->first;
  Value& content = map.begin()->second;
  if (tag == "$time") {
    if (const auto* micros = content.get_if<std::int64_t>()) return Value(Timestamp{*micros});
  } else if (tag == "$bytes") {
    const auto* text = content.get_if<std::string>();
    if (auto bytes = text == nullptr ? std::nullopt : from_base64(*text)) return Value(*std::move(bytes));
  } else if (tag == "$double") {
    return untag_double(content);
  } else if (tag == "$map") {
    if (auto* inner = content.get_if<Value::Map>()) return untag_members(std::move(*inner));
  }
  return wrong(tag);
}

}  // namespace

void write_tagged(Writer& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::number: {
      const double number = *value.get_if<double>();
      if (is_plain(number)) out.value(number);
      else write_tag(out, "$double", shortest(number));
      break;
    }
    case Value::Kind::bytes: write_tag(out, "$bytes", to_base64(*value.get_if<Value::Bytes>())); break;
    case Value::Kind::time: write_tag(out, "$time", value.get_if<Timestamp>()->microseconds); break;
    case Value::Kind::list:
      out.begin_array();
      for (const Value& element : *value.get_if<Value::List>()) write_tagged(out, element);
      out.end_array();
      break;
    case Value::Kind::map: {
      const auto& map = *value.get_if<Value::Map>();
      const bool escaped = has_tag(map);
      if (escaped) {
        out.begin_object();
        out.key("$map");
      }
      out.begin_object();
      for (const auto& [name, member] : map) {
        out.key(name);
        write_tagged(out, member);
      }
      out.end_object();
      if (escaped) out.end_object();
      break;
    }
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::integer:
    case Value::Kind::text: out.value(value); break;
  }
}

std::string to_tagged(const Value& value) {
  Writer out;
  write_tagged(out, value);
  return std::move(out).text();
}

Result<Value> from_tagged(std::string_view text) {
  DOCUPILOT_TRY(Value parsed, parse(text, deepest_json));
  return untag(std::move(parsed));
}

Result<Value> untag(Value parsed) {
  if (auto* map = parsed.get_if<Value::Map>()) return untag_map(std::move(*map));
  if (auto* list = parsed.get_if<Value::List>()) {
    for (Value& element : *list) {
      DOCUPILOT_TRY(element, untag(std::move(element)));
    }
  }
  return parsed;
}

}  // namespace docupilot::inline v1::json
