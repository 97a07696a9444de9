#include <memory>

#include <sqlite3.h>

#include "base/filter_order.h"
#include "base/filter_value.h"
#include "base/try.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "json/tagged_value.h"
#include "sqlite/comparison.h"
#include "sqlite/filter_sql.h"

namespace docupilot::inline v1::sqlite {

namespace {

std::string_view text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return {text == nullptr ? "" : text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

const Value* at_path(const Value& root, std::string_view path) {
  if (path.empty()) return &root;
  const auto* map = root.get_if<Value::Map>();
  return map == nullptr ? nullptr : value_at(*map, path);
}

// Runs `use` on the value of the JSON in the first argument; nothing may be thrown through SQLite.
template <class Use>
void on_value(sqlite3_context* context, sqlite3_value** arguments, Use&& use) noexcept {
  try {
    const auto root = json::from_tagged(text_of(arguments[0]));
    if (!root) return sqlite3_result_error_code(context, SQLITE_CORRUPT);
    use(*root);
  } catch (...) {
    sqlite3_result_error_nomem(context);
  }
}

void match(sqlite3_context* context, int, sqlite3_value** arguments) noexcept {
  on_value(context, arguments, [&](const Value& root) {
    // SQLite keeps what is set here as long as the parameter stays the same: all rows of a statement.
    auto* comparison = static_cast<Filter*>(sqlite3_get_auxdata(context, 1));
    if (comparison == nullptr) {
      auto parsed = comparison_from_text(text_of(arguments[1]));
      if (!parsed) return sqlite3_result_error_code(context, SQLITE_CORRUPT);
      auto kept = std::make_unique<Filter>(*std::move(parsed));
      sqlite3_result_int(context, comparison_holds(*kept, at_path(root, kept->field)) ? 1 : 0);
      return sqlite3_set_auxdata(context, 1, kept.release(), [](void* old) { delete static_cast<Filter*>(old); });
    }
    sqlite3_result_int(context, comparison_holds(*comparison, at_path(root, comparison->field)) ? 1 : 0);
  });
}

void key(sqlite3_context* context, int, sqlite3_value** arguments) noexcept {
  on_value(context, arguments, [&](const Value& root) {
    const Value* value = at_path(root, text_of(arguments[1]));
    const std::string bytes = sort_key(value == nullptr ? Value() : *value);
    sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  });
}

}  // namespace

std::string comparison_to_text(const Filter& comparison, std::string_view path) {
  json::Writer out;
  out.begin_array();
  out.value(static_cast<int>(comparison.kind));
  out.value(path);
  for (const Value& value : comparison.values) json::write_tagged(out, value);
  out.end_array();
  return std::move(out).text();
}

Result<Filter> comparison_from_text(std::string_view text) {
  const auto wrong = [] { return Error(ErrorCode::corrupted, "this is not a comparison").operation("read a filter"); };
  DOCUPILOT_TRY(Value parsed, json::from_tagged(text));
  auto* parts = parsed.get_if<Value::List>();
  if (parts == nullptr || parts->size() < 2) return wrong();
  const auto* kind = (*parts)[0].get_if<std::int64_t>();
  auto* path = (*parts)[1].get_if<std::string>();
  if (kind == nullptr || *kind < 0 || *kind > static_cast<int>(Filter::Kind::starts_with) || path == nullptr) {
    return wrong();
  }
  Filter comparison;
  comparison.kind = static_cast<Filter::Kind>(*kind);
  comparison.field = std::move(*path);
  comparison.values.assign(std::make_move_iterator(parts->begin() + 2), std::make_move_iterator(parts->end()));
  return comparison;
}

Result<void> add_document_functions(Connection& connection) {
  constexpr int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  const auto add = [&](const char* name, auto* function) {
    return sqlite3_create_function_v2(connection.handle(), name, 2, flags, nullptr, function, nullptr, nullptr,
                                      nullptr);
  };
  if (const int result = add("docupilot_match", &match); result != SQLITE_OK) {
    return connection.error(result, "add a function");
  }
  if (const int result = add("docupilot_sort_key", &key); result != SQLITE_OK) {
    return connection.error(result, "add a function");
  }
  return {};
}

}  // namespace docupilot::inline v1::sqlite
