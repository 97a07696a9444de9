#include "metadata/sqlite_query.h"

#include <algorithm>

#include "base/filter_order.h"
#include "base/filter_value.h"
#include "metadata/sqlite_codec.h"

namespace docupilot::inline v1::sqlite {

namespace {

constexpr std::string_view attributes_prefix = "attributes.";

// One term of ORDER BY, and where the page before ended in it.
struct Term {
  std::string expression;
  bool descending = false;
  std::string end = {};  // a parameter; empty on the first page
};

class Builder {
 public:
  explicit Builder(const Filter& filter) : filter_(filter_sql(filter, document_filter_columns)) {}

  std::string where() const { return filter_.where; }

  std::string parameter(Value value) {
    filter_.parameters.push_back(std::move(value));
    return '?' + std::to_string(filter_.parameters.size());
  }

  Term term(const OrderBy& by, const Value* end) {
    const std::string_view field = by.field;
    if (!field.starts_with(attributes_prefix)) {
      Term term{std::string(document_filter_columns.of(field)), by.descending};
      if (end != nullptr) term.end = parameter(column_value(*field_kind(field), *end));
      return term;
    }
    const std::string path = parameter(field.substr(attributes_prefix.size()));
    Term term{"docupilot_sort_key(attributes," + path + ')', by.descending};
    if (end != nullptr) {
      const std::string key = sort_key(*end);
      const ByteView bytes = as_bytes(key);
      term.end = parameter(Value::Bytes(bytes.begin(), bytes.end()));
    }
    return term;
  }

  std::vector<Value> parameters() && { return std::move(filter_.parameters); }

 private:
  // What stands in the column for a missing value is also what comes first.
  static Value column_value(FieldKind kind, const Value& value) {
    if (value.kind() != Value::Kind::null) return value;
    return kind == FieldKind::text ? Value("") : Value(0);
  }

  FilterSql filter_;
};

// All behind the end of the page before. One direction: a comparison of rows, which an index answers.
std::string behind(const std::vector<Term>& terms) {
  const auto other_way = [&](const Term& term) { return term.descending != terms.front().descending; };
  const auto sign = [](const Term& term) { return term.descending ? "<" : ">"; };
  if (std::ranges::none_of(terms, other_way)) {
    std::string left, right;
    for (const Term& term : terms) {
      left += (left.empty() ? "" : ",") + term.expression;
      right += (right.empty() ? "" : ",") + term.end;
    }
    return '(' + left + ')' + sign(terms.front()) + '(' + right + ')';
  }
  std::string condition;
  for (auto term = terms.rbegin(); term != terms.rend(); ++term) {
    std::string further = term->expression + sign(*term) + term->end;
    if (!condition.empty()) {
      further = '(' + further + " OR (" + term->expression + '=' + term->end + " AND " + condition + "))";
    }
    condition = std::move(further);
  }
  // Said once more so that an index on the first field is entered at the right place.
  const Term& first = terms.front();
  return '(' + first.expression + sign(first) + '=' + first.end + " AND " + condition + ')';
}

}  // namespace

QuerySql page_sql(const DocumentQuery& query, const std::optional<PagePosition>& begin) {
  Builder builder(query.filter);
  std::vector<Term> terms;
  for (std::size_t i = 0; i < query.order.size(); ++i) {
    terms.push_back(builder.term(query.order[i], begin ? &begin->values[i] : nullptr));
  }
  terms.push_back({"id", ties_descend(query.order)});
  if (begin) terms.back().end = builder.parameter(begin->id);
  std::string text("SELECT ");
  text.append(document_columns).append(" FROM document WHERE ").append(builder.where());
  if (begin) text.append(" AND ").append(behind(terms));
  text += " ORDER BY ";
  for (const Term& term : terms) {
    if (&term != &terms.front()) text += ',';
    text.append(term.expression).append(term.descending ? " DESC" : "");
  }
  text.append(" LIMIT ").append(builder.parameter(static_cast<std::int64_t>(query.limit) + 1));
  return {std::move(text), std::move(builder).parameters()};
}

QuerySql count_sql(const Filter& filter) {
  Builder builder(filter);
  std::string text("SELECT count(*) FROM document WHERE ");
  text += builder.where();
  return {std::move(text), std::move(builder).parameters()};
}

}  // namespace docupilot::inline v1::sqlite
