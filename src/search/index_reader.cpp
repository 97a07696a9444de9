#include "search/index_reader.h"

#include <algorithm>

#include "base/try.h"
#include "search/facets.h"
#include "sqlite/filter_sql.h"

namespace docupilot::inline v1::search {

namespace {

constexpr sqlite::FilterColumns columns = {.id = "d.id",
                                           .title = "d.title",
                                           .name = "d.name",
                                           .size = "d.size",
                                           .content_type = "d.content_type",
                                           .sha256 = "d.sha256",
                                           .created = "d.created",
                                           .updated = "d.updated",
                                           .tags = "d.tags",
                                           .attributes = "d.attributes"};
constexpr int first_filter_parameter = 3;

// Ends a reading transaction, whatever happens.
class Snapshot {
 public:
  explicit Snapshot(sqlite::Connection& connection) : connection_(connection) {}
  ~Snapshot() {
    if (is_open_) (void)connection_.execute("ROLLBACK");
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  Result<void> open(const Context& context) {
    DOCUPILOT_CHECK(connection_.execute("BEGIN", context));
    is_open_ = true;
    return {};
  }

 private:
  sqlite::Connection& connection_;
  bool is_open_ = false;
};

bool is_blank(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

}  // namespace

struct IndexReader::Condition {
  bool is_set = false;
  sqlite::FilterSql sql;
};

Result<void> check_query(const SearchQuery& query) {
  const auto wrong = [](std::string_view message, std::string_view hint) {
    return Error(ErrorCode::invalid_argument, std::string(message)).hint(hint);
  };
  if (query.limit < 1 || query.limit > 1'000) return wrong("the limit is not 1 to 1,000", "ask for pages of hits");
  if (query.offset > 10'000 || query.offset + query.limit > 10'000) {
    return wrong("offset and limit are more than 10,000 together", "narrow the query by a filter");
  }
  if (query.facet_values < 1 || query.facet_values > 1'000) return wrong("facet_values is not 1 to 1,000", {});
  if (query.snippet_words > 64) return wrong("snippet_words is more than 64", "read the document for more of it");
  DOCUPILOT_CHECK(check_facets(query.facets));
  return query.filter.check();
}

Result<SearchResult> IndexReader::run(const SearchQuery& query) {
  Snapshot snapshot(connection_);
  DOCUPILOT_CHECK(snapshot.open(context_));
  return answer(query);
}

Result<SearchResult> IndexReader::answer(const SearchQuery& query) {
  DOCUPILOT_TRY(state_, read_state(connection_));
  Condition condition{query.filter.kind != Filter::Kind::everything, {}};
  if (condition.is_set) condition.sql = sqlite::filter_sql(query.filter, columns, first_filter_parameter);
  return is_blank(query.text) ? list(query, condition) : search(query, condition);
}

Result<SearchResult> IndexReader::list(const SearchQuery& query, const Condition& condition) {
  const std::string from = " FROM docupilot_search_document AS d" +
                           (condition.is_set ? " WHERE " + condition.sql.where : std::string()) + " ";
  SearchResult result;
  std::vector<Match> matches;
  {
    DOCUPILOT_TRY(auto rows,
                  connection_.prepare("SELECT d.key" + from + "ORDER BY d.created DESC, d.id LIMIT ?1 OFFSET ?2"));
    rows.bind(1, static_cast<std::int64_t>(query.limit)).bind(2, static_cast<std::int64_t>(query.offset));
    sqlite::bind_all(rows, first_filter_parameter, condition.sql.parameters);
    for (;;) {
      DOCUPILOT_TRY(const bool more, rows.step(context_));
      if (!more) break;
      matches.push_back({.key = rows.integer(0)});
    }
  }
  SearchQuery page = query;
  page.offset = 0;
  // The order is that of time, so that all score the same and none is sorted again.
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i].score = -static_cast<double>(i);
  DOCUPILOT_TRY(result.hits, hits(std::move(matches), {}, page));
  for (SearchHit& hit : result.hits) hit.score = 0;

  result.estimated_total = static_cast<std::uint64_t>(state_.documents);
  if (condition.is_set || !query.facets.empty()) {
    DOCUPILOT_TRY(auto rows, connection_.prepare("SELECT d.key" + from));
    sqlite::bind_all(rows, first_filter_parameter, condition.sql.parameters);
    std::vector<std::int64_t> keys;
    for (;;) {
      DOCUPILOT_TRY(const bool more, rows.step(context_));
      if (!more) break;
      keys.push_back(rows.integer(0));
    }
    result.estimated_total = keys.size();
    DOCUPILOT_CHECK(count_facets(query, keys, result));
  }
  return result;
}

Result<SearchResult> IndexReader::search(const SearchQuery& query, const Condition& condition) {
  SqliteDictionary dictionary(connection_, state_, cache_, context_);
  DOCUPILOT_CHECK(dictionary.open());
  DOCUPILOT_TRY(QueryPlan plan, plan_query(parse_query(query.text), query.typo_tolerance, analyzer_, dictionary));
  SearchResult result;
  result.corrections = plan.corrections;
  if (plan.empty()) {
    DOCUPILOT_CHECK(count_facets(query, {}, result));
    return result;
  }
  for (const Breadth breadth : {Breadth::narrow, Breadth::wide}) {
    MatchExpression expression;
    DOCUPILOT_TRY(Ranking ranking, rank(plan, query, condition, breadth, expression));
    // No document has enough of the words: those with most of them, then.
    if (ranking.count() == 0 && breadth == Breadth::narrow && !plan.wished.empty()) continue;
    result.estimated_total = ranking.count();
    DOCUPILOT_CHECK(count_facets(query, ranking.keys(), result));
    DOCUPILOT_TRY(result.hits, hits(std::move(ranking).best(), plan, query));
    break;
  }
  return result;
}

Result<Ranking> IndexReader::rank(const QueryPlan& plan, const SearchQuery& query, const Condition& condition,
                                  Breadth breadth, MatchExpression& expression) {
  expression = match_expression(plan, static_cast<std::uint64_t>(state_.documents), breadth);
  Ranking ranking(plan, expression.roles,
                  {.average_tokens = state_.average_tokens(),
                   .keep = query.offset + query.limit,
                   .keep_keys = !query.facets.empty(),
                   .most_only = breadth == Breadth::wide});
  std::string sql = "SELECT docupilot_visit(docupilot_search_fts, ?2) FROM docupilot_search_fts";
  if (condition.is_set) sql += " CROSS JOIN docupilot_search_document AS d ON d.key = docupilot_search_fts.rowid";
  sql += " WHERE docupilot_search_fts MATCH ?1";
  if (condition.is_set) sql += " AND " + condition.sql.where;
  DOCUPILOT_TRY(auto rows, connection_.prepare(sql));
  rows.bind(1, expression.text);
  sqlite::bind_visitor(rows, 2, ranking);
  sqlite::bind_all(rows, first_filter_parameter, condition.sql.parameters);
  for (;;) {
    DOCUPILOT_TRY(const bool more, rows.step(context_));
    if (!more) return ranking;
  }
}

Result<std::vector<SearchHit>> IndexReader::hits(std::vector<Match> matches, const QueryPlan& plan,
                                                 const SearchQuery& query) {
  std::vector<SearchHit> out;
  if (query.offset >= matches.size()) return out;
  // Equal scores go by id, so that all who score as the first or the last of the page are needed to know the page.
  const auto last = std::min(matches.size(), query.offset + query.limit) - 1;
  const auto same = [&](std::size_t i) {
    return std::ranges::equal_range(matches, matches[i].score, std::greater<>(), &Match::score);
  };
  const auto begin = same(query.offset).begin();
  const auto end = same(last).end();
  struct Row {
    SearchHit hit;
    Match match;
  };
  std::vector<Row> rows;
  DOCUPILOT_TRY(auto row, connection_.prepare("SELECT id, title, name FROM docupilot_search_document WHERE key=?1"));
  for (auto match = begin; match != end; ++match) {
    DOCUPILOT_TRY(const bool is_there, row.bind(1, match->key).step(context_));
    if (!is_there) {
      return Error(ErrorCode::corrupted, "the search index names a document that it does not have")
          .hint("remove the tables docupilot_search_* and index the documents again");
    }
    SearchHit hit{.id = std::string(row.text(0)), .title = {}, .name = {}, .score = match->score, .snippet = {}};
    hit.title = row.text(1);
    hit.name = row.text(2);
    rows.push_back({std::move(hit), *match});
    row.reset();
  }
  std::ranges::sort(rows, [](const Row& a, const Row& b) {
    return a.hit.score != b.hit.score ? a.hit.score > b.hit.score : a.hit.id < b.hit.id;
  });
  const auto skipped = query.offset - static_cast<std::size_t>(begin - matches.begin());
  const Highlighter highlighter(plan);
  const SnippetStyle style{query.snippet_words, query.highlight_begin, query.highlight_end};
  for (std::size_t i = skipped; i < std::min(rows.size(), skipped + query.limit); ++i) {
    if (query.snippet_words > 0) {
      DOCUPILOT_TRY(rows[i].hit.snippet, snippet(rows[i].match, highlighter, style));
    }
    out.push_back(std::move(rows[i].hit));
  }
  return out;
}

Result<std::string> IndexReader::snippet(const Match& match, const Highlighter& highlighter,
                                         const SnippetStyle& style) {
  const std::int64_t part = first_part(DocumentKey(match.key).number());
  const std::int64_t end = first_part(DocumentKey(match.key).number() + 1);
  const std::int64_t token = std::max(0, match.first_token);
  // Parts have at least so many tokens, so that this one or one of those before it has the passage.
  const std::int64_t last = part + token / static_cast<std::int64_t>(tokens_per_part);
  DOCUPILOT_TRY(auto rows, connection_.prepare("SELECT part, first_token, body FROM docupilot_search_text WHERE part>="
                                               "(SELECT part FROM docupilot_search_text WHERE part>=?1 AND part<=?2 "
                                               "AND first_token<=?3 ORDER BY part DESC LIMIT 1) "
                                               "AND part<?4 ORDER BY part LIMIT 3"));
  rows.bind(1, part).bind(2, last).bind(3, token).bind(4, end);
  DOCUPILOT_TRY(const bool is_there, rows.step(context_));
  if (!is_there) return std::string();
  const bool is_begin = rows.integer(0) == part;
  const auto first_token = static_cast<int>(rows.integer(1));
  std::string text(rows.text(2));
  DOCUPILOT_TRY(bool more, rows.step(context_));
  if (more && rows.integer(1) < token + static_cast<std::int64_t>(style.words)) {
    text += rows.text(2);
    DOCUPILOT_TRY(more, rows.step(context_));
  }
  const int from = match.first_token < 0 ? -1 : match.first_token - first_token;
  const int to = match.first_token < 0 ? -1 : match.last_token - first_token;
  return make_snippet(text, from, to, is_begin, !more, highlighter, style, analyzer_);
}

Result<void> IndexReader::count_facets(const SearchQuery& query, std::vector<std::int64_t> keys, SearchResult& result) {
  if (query.facets.empty()) return {};
  FacetCounter counter(query.facets);
  std::ranges::sort(keys);
  const auto add = [&](const sqlite::Statement& row) { return counter.add(row.text(1), row.text(2), row.text(3)); };
  if (keys.size() > static_cast<std::size_t>(state_.documents) / 4) {  // going through all costs less than looking up
    DOCUPILOT_TRY(auto rows, connection_.prepare("SELECT key, tags, content_type, attributes "
                                                 "FROM docupilot_search_document ORDER BY key"));
    for (auto key = keys.begin(); key != keys.end();) {
      DOCUPILOT_TRY(const bool more, rows.step(context_));
      if (!more) break;
      while (key != keys.end() && *key < rows.integer(0)) ++key;
      if (key != keys.end() && *key == rows.integer(0)) DOCUPILOT_CHECK(add(rows));
    }
  } else {
    DOCUPILOT_TRY(auto row, connection_.prepare("SELECT key, tags, content_type, attributes "
                                                "FROM docupilot_search_document WHERE key=?1"));
    for (const std::int64_t key : keys) {
      DOCUPILOT_TRY(const bool is_there, row.bind(1, key).step(context_));
      if (is_there) DOCUPILOT_CHECK(add(row));
      row.reset();
    }
  }
  DOCUPILOT_TRY(result.facets, std::move(counter).take(query.facet_values));
  return {};
}

}  // namespace docupilot::inline v1::search
