#include "metadata/page_token.h"

#include "base/filter_order.h"
#include "base/try.h"
#include "crypto/digest.h"
#include "json/base64.h"
#include "json/json_reader.h"
#include "json/tagged_value.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::int64_t version = 1;
constexpr std::size_t digest_bytes = 12;

void write_filter(json::Writer& out, const Filter& filter) {
  out.begin_array();
  out.value(static_cast<int>(filter.kind));
  out.value(filter.field);
  for (const Value& value : filter.values) json::write_tagged(out, value);
  out.begin_object();  // ends the values: none of them begins like this
  out.key("$children");
  out.begin_array();
  for (const Filter& child : filter.children) write_filter(out, child);
  out.end_array();
  out.end_object();
  out.end_array();
}

std::string digest(const DocumentQuery& query, const PagePosition& position) {
  json::Writer out;
  out.begin_array();
  write_filter(out, query.filter);
  for (const OrderBy& order : query.order) {
    out.value(order.field);
    out.value(order.descending);
  }
  out.value(position.id);
  for (const Value& value : position.values) json::write_tagged(out, value);
  out.end_array();
  const auto sum = crypto::sha256(as_bytes(std::move(out).text()));
  return to_base64(ByteView(sum).first(digest_bytes));
}

// What is compared is kept, and nothing else of a large value that has no order.
Value ordered_value(Value value) { return sort_key(value) == sort_key(Value()) ? Value() : std::move(value); }

Error bad_token() {
  return Error(ErrorCode::invalid_argument, "this page token was not made for this query")
      .operation("query")
      .target("page_token")
      .hint("pass the token of the page before with the same filter and order, or begin without one");
}

}  // namespace

PagePosition page_position(const std::vector<OrderBy>& order, const Document& document) {
  PagePosition position;
  position.id = document.id;
  for (const OrderBy& by : order) position.values.push_back(ordered_value(field_value(document, by.field)));
  return position;
}

bool ties_descend(const std::vector<OrderBy>& order) noexcept { return !order.empty() && order.back().descending; }

std::string make_page_token(const DocumentQuery& query, const Document& last) {
  const PagePosition position = page_position(query.order, last);
  json::Writer out;
  out.begin_array();
  out.value(version);
  out.value(position.id);
  json::write_tagged(out, position.values);
  out.value(digest(query, position));
  out.end_array();
  return to_base64(as_bytes(std::move(out).text()));
}

Result<std::optional<PagePosition>> read_page_token(const DocumentQuery& query) {
  if (query.page_token.empty()) return std::optional<PagePosition>();
  const auto bytes = from_base64(query.page_token);
  if (!bytes) return bad_token();
  auto parsed = json::from_tagged(as_text(*bytes));
  if (!parsed) return bad_token();
  auto* parts = parsed->get_if<Value::List>();
  if (parts == nullptr || parts->size() != 4 || (*parts)[0] != Value(version)) return bad_token();
  auto* id = (*parts)[1].get_if<std::string>();
  auto* values = (*parts)[2].get_if<Value::List>();
  if (id == nullptr || values == nullptr || values->size() != query.order.size()) return bad_token();
  PagePosition position{std::move(*values), std::move(*id)};
  if ((*parts)[3] != Value(digest(query, position))) return bad_token();
  return std::optional(std::move(position));
}

}  // namespace docupilot::inline v1
