#pragma once

#include "conformance/metadata_suite.h"

// Filters, orders and pages. A part of metadata_suite_all.h.
namespace docupilot_test {

inline bool asks_for_negation(const Filter& filter) {
  return filter.kind == Filter::Kind::negate || std::ranges::any_of(filter.children, asks_for_negation);
}

inline bool asks_for_any_of(const Filter& filter) {
  return filter.kind == Filter::Kind::any_of || std::ranges::any_of(filter.children, asks_for_any_of);
}

inline bool can(const MetadataCapabilities& capabilities, const Filter& filter) {
  return (capabilities.negation || !asks_for_negation(filter)) &&
         (capabilities.any_of_ranges || !asks_for_any_of(filter));
}

/// Where a value stands in an order: missing, numbers, text, times.
inline int rank_of(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::integer:
    case Value::Kind::number: return 1;
    case Value::Kind::text: return 2;
    case Value::Kind::time: return 3;
    default: return 0;
  }
}

/// The order of documents by one field as the header says it, told without the library's own means.
inline int compare_in_order(const Value& a, const Value& b) {
  const int rank = rank_of(a);
  if (rank != rank_of(b)) return rank < rank_of(b) ? -1 : 1;
  const auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (rank == 2) return sign(*a.get_if<std::string>(), *b.get_if<std::string>());
  if (rank == 3) return sign(*a.get_if<Timestamp>(), *b.get_if<Timestamp>());
  if (rank == 0) return 0;
  static_assert(std::numeric_limits<long double>::digits >= 64, "the test needs a type that has all integers");
  const auto number = [](const Value& v) {
    const auto* integer = v.get_if<std::int64_t>();
    const long double n = integer != nullptr ? static_cast<long double>(*integer) : *v.get_if<double>();
    return std::isnan(n) ? -std::numeric_limits<long double>::infinity() : n;
  };
  const auto nan = [](const Value& v) { return v.kind() == Value::Kind::number && std::isnan(*v.get_if<double>()); };
  if (const int order = sign(number(a), number(b)); order != 0) return order;
  return sign(!nan(a), !nan(b));
}

inline std::vector<std::string> in_order(std::vector<Document> documents, const std::vector<OrderBy>& order) {
  std::ranges::sort(documents, [&](const Document& a, const Document& b) {
    for (const OrderBy& by : order) {
      const int compared = compare_in_order(field_value(a, by.field), field_value(b, by.field));
      if (compared != 0) return by.descending ? compared > 0 : compared < 0;
    }
    return !order.empty() && order.back().descending ? a.id > b.id : a.id < b.id;
  });
  return ids_of(documents);
}

inline std::vector<Document> put_random(MetadataStore& store, unsigned seed, std::size_t count) {
  RandomDocuments random(seed);
  std::vector<Document> documents;
  for (std::size_t i = 0; i < count; ++i) documents.push_back(random.document(numbered("d", 1000 + i)));
  store.put_many(documents).value();
  return documents;
}

TEST_CASE_TEMPLATE_DEFINE("filters select what they say", Backend, metadata_filters) {
  Backend backend;
  const auto store = backend.open();
  Document a = document_of("a");
  a.title = "Annual report";
  a.name = "2026/report.pdf";
  a.size = 100;
  a.content_type = "application/pdf";
  a.created = Timestamp::parse("2026-01-01T00:00:00Z").value();
  a.tags = {"draft", "2026"};
  a.attributes = {{"n", 1}, {"flag", true}, {"when", a.created}, {"who", Value::Map{{"name", "Ann"}}}};
  Document b = document_of("b");
  b.title = "report";
  b.name = "2026/notes.txt";
  b.size = 200;
  b.attributes = {{"n", 1.0}, {"flag", 1}, {"when", "2026-01-01T00:00:00Z"}, {"list", Value::List{1, "x"}}};
  Document c = document_of("c");
  c.attributes = {{"n", (std::int64_t{1} << 53) + 1}, {"flag", Value()}, {"raw", Value::Bytes{std::byte{1}}}};
  store->put_many(std::vector{a, b, c}).value();
  const std::vector<std::pair<const char*, const char*>> table = {
      {"", "abc"},
      {"id = a", "a"},
      {"id != a", "bc"},
      {"id in (a, c, x)", "ac"},
      {"id > a and id < c", "b"},
      {"title = report", "b"},
      {"title != report", "a"},
      {"title < b", "a"},
      {"exists title", "ab"},
      {"not exists title", "c"},
      {"name ^= '2026/'", "ab"},
      {"name ^= '2026/r'", "a"},
      {"name starts_with ''", "ab"},
      {"size = 0", "c"},
      {"size > 99.5", "ab"},
      {"size in (100, 200.0, 300)", "ab"},
      {"exists size", "abc"},
      {"content_type = 'application/pdf' or size = 200", "ab"},
      {"content_type != x", "a"},
      {"exists created", "a"},
      {"created >= 2026-01-01T00:00:00Z", "a"},
      {"created < 2026-01-01T00:00:00.000001Z", "a"},
      {"created > 2026-01-01", ""},
      {"created != 2026-01-02", "a"},
      {"tags has draft", "a"},
      {"tags has 2026 and tags has draft", "a"},
      {"tags has draf", ""},
      {"exists tags", "a"},
      {"not tags has draft", "bc"},
      {"attributes.n = 1", "ab"},
      {"attributes.n = 1.0", "ab"},
      {"attributes.n > 1", "c"},
      {"attributes.n = 9007199254740992.0", ""},
      {"attributes.n > 9007199254740992.0", "c"},
      {"attributes.n = 9007199254740993", "c"},
      {"attributes.flag = true", "a"},
      {"attributes.flag = 1", "b"},
      {"attributes.flag != 1", "a"},
      {"attributes.flag != true", "b"},
      {"exists attributes.flag", "ab"},
      {"attributes.flag = null", "c"},
      {"attributes.when = 2026-01-01T00:00:00Z", "a"},
      {"attributes.when = '2026-01-01T00:00:00Z'", "b"},
      {"attributes.when >= 2026-01-01T00:00:00Z", "a"},
      {"attributes.when ^= 2026", "b"},
      {"attributes.who.name = Ann", "a"},
      {"exists attributes.who", "a"},
      {"attributes.who != x", "a"},
      {"attributes.who.name.x != 1", ""},
      {"attributes.list has 1", "b"},
      {"attributes.list has 1.0", "b"},
      {"attributes.list has '1'", ""},
      {"attributes.list = 1", ""},
      {"attributes.list in (1, x)", ""},
      {"attributes.missing != 1", ""},
      {"not attributes.missing = 1", "abc"},
      {"attributes.n in (true, '1', 5)", ""},
      {"(id = a or id = b) and not (size = 100 and attributes.flag = true)", "b"},
  };
  const auto capabilities = store->capabilities();
  for (const auto& [text, expected] : table) {
    CAPTURE(std::string(text));
    const Filter filter = parse_filter(text).value();
    std::string reference;
    for (const Document& d : {a, b, c}) reference += filter.matches(d) ? d.id : "";
    CHECK(reference == expected);
    if (!can(capabilities, filter)) continue;
    std::string found;
    const DocumentPage page = store->query({.filter = filter}).value();
    for (const Document& d : page.documents) found += d.id;
    CHECK(found == expected);
    CHECK(store->count(filter).value() == std::string_view(expected).size());
  }
  CHECK(store->count(field("attributes.raw") == Value::Bytes{std::byte{1}}).value() == 1);
  CHECK(store->count(field("attributes.raw") == Value::Bytes{std::byte{2}}).value() == 0);
  CHECK(store->count(Filter::all_of({})).value() == 3);
  if (capabilities.any_of_ranges) CHECK(store->count(Filter::any_of({})).value() == 0);
  CHECK(store->count(field("id").one_of({})).value() == 0);
}

TEST_CASE_TEMPLATE_DEFINE("random filters select what they match", Backend, metadata_random_filters) {
  Backend backend;
  const auto store = backend.open();
  const auto documents = put_random(*store, 21, 100);
  RandomDocuments random(22);
  std::size_t matched = 0;
  for (int i = 0; i < 300; ++i) {
    const Filter filter = random.filter();
    if (!can(store->capabilities(), filter)) continue;
    std::vector<std::string> expected;
    for (const Document& d : documents) {
      if (filter.matches(d)) expected.push_back(d.id);
    }
    matched += expected.size();
    REQUIRE(ids_of(store->query({.filter = filter}).value().documents) == expected);
    REQUIRE(store->count(filter).value() == expected.size());
  }
  CHECK(matched > 1'000);
}

TEST_CASE_TEMPLATE_DEFINE("filters that are not well formed are refused", Backend, metadata_bad_filters) {
  Backend backend;
  const auto store = backend.open();
  const std::vector<Filter> bad = {field("unknown") == 1,
                                   field("attributes") == 1,
                                   field("size") < true,
                                   field("size") == Value(),
                                   field("title") == "\xff",
                                   field("attributes.a..b") == 1,
                                   Filter{.kind = Filter::Kind::equal, .field = "size"}};
  for (const Filter& filter : bad) {
    CHECK(code_of(store->query({.filter = filter})) == ErrorCode::invalid_argument);
    CHECK(code_of(store->count(filter)) == ErrorCode::invalid_argument);
  }
}

TEST_CASE_TEMPLATE_DEFINE("documents come by the bytes of their ids", Backend, metadata_default_order) {
  Backend backend;
  const auto store = backend.open();
  for (const char* id : {"b", "a", "B", "a-", "a0", "aa", "1", "a_"}) store->put(document_of(id)).value();
  const std::vector<std::string> expected = {"1", "B", "a", "a-", "a0", "a_", "aa", "b"};
  CHECK(ids_of(store->query().value().documents) == expected);
  CHECK(all_pages(*store, {}, 3) == expected);
}

TEST_CASE_TEMPLATE_DEFINE("every field orders both ways, ties and missing values too", Backend, metadata_order) {
  Backend backend;
  const auto store = backend.open();
  const auto documents = put_random(*store, 31, 80);
  for (const char* name : {"id", "title", "name", "size", "content_type", "sha256", "created", "updated", "summary",
                           "attributes.a", "attributes.c d", "attributes.b.a", "attributes.q\"q"}) {
    for (const bool descending : {false, true}) {
      CAPTURE(name);
      CAPTURE(descending);
      const std::vector<OrderBy> order = {{name, descending}};
      const auto expected = in_order(documents, order);
      CHECK(ids_of(store->query({.order = order}).value().documents) == expected);
      CHECK(all_pages(*store, {.order = order}, 7) == expected);
    }
  }
}

TEST_CASE_TEMPLATE_DEFINE("up to four fields order together, each its own way", Backend, metadata_orders) {
  Backend backend;
  const auto store = backend.open();
  const auto documents = put_random(*store, 32, 80);
  const char* names[] = {"content_type", "attributes.a", "created", "size", "name", "id", "attributes.b"};
  RandomDocuments random(33);
  for (int i = 0; i < 60; ++i) {
    std::vector<OrderBy> order;
    for (std::size_t j = 1 + random.below(4); j > 0; --j) order.push_back({names[random.below(7)], random.chance(2)});
    const auto expected = in_order(documents, order);
    REQUIRE(ids_of(store->query({.order = order}).value().documents) == expected);
    REQUIRE(all_pages(*store, {.order = order}, 1 + random.below(20)) == expected);
  }
}

TEST_CASE_TEMPLATE_DEFINE("numbers order by their exact value", Backend, metadata_number_order) {
  Backend backend;
  const auto store = backend.open();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  const Value ascending[] = {{},
                             std::nan(""),
                             -infinity,
                             INT64_MIN,
                             -1.5,
                             -1,
                             0,
                             5e-324,
                             0.5,
                             1,
                             exact,
                             exact + 1,
                             0x1p53 + 2,
                             exact + 3,
                             INT64_MAX - 1,
                             INT64_MAX,
                             0x1p63,
                             infinity,
                             "",
                             "a",
                             Timestamp{-1},
                             Timestamp{0},
                             Timestamp{1}};
  std::vector<std::string> expected;
  std::vector<Document> documents;
  for (const Value& value : ascending) {
    documents.push_back(document_of(numbered("d", 100 - documents.size())));  // not in the order of ids
    documents.back().attributes["v"] = value;
    expected.push_back(documents.back().id);
  }
  store->put_many(documents).value();
  const std::vector<OrderBy> order = {{"attributes.v"}};
  CHECK(ids_of(store->query({.order = order}).value().documents) == expected);
  CHECK(all_pages(*store, {.order = order}, 1) == expected);
  std::ranges::reverse(expected);
  CHECK(all_pages(*store, {.order = {{"attributes.v", true}}}, 2) == expected);
}

TEST_CASE_TEMPLATE_DEFINE("pages of every size show every match once", Backend, metadata_pages) {
  Backend backend;
  const auto store = backend.open();
  const auto documents = put_random(*store, 41, 60);
  const Filter filter = field("size") > 0;
  const std::vector<OrderBy> order = {{"created", true}, {"name", false}};
  std::vector<Document> matching;
  std::ranges::copy_if(documents, std::back_inserter(matching), [&](const Document& d) { return filter.matches(d); });
  for (const std::size_t limit : {1U, 2U, 59U, 60U, 61U, 1000U}) {
    CHECK(all_pages(*store, {.filter = filter, .order = order}, limit) == in_order(matching, order));
  }
  CHECK(store->query({.limit = 60}).value().next_page_token.empty());
  CHECK_FALSE(store->query({.limit = 59}).value().next_page_token.empty());
}

TEST_CASE_TEMPLATE_DEFINE("documents that stay appear once while others come and go", Backend, metadata_churn) {
  Backend backend;
  const auto store = backend.open();
  RandomDocuments random(51);
  std::size_t newcomers = 0;
  for (const std::vector<OrderBy>& order : {std::vector<OrderBy>{}, {{"created", true}}, {{"attributes.a", false}}}) {
    std::set<std::string> stay;
    std::set<std::string> leave;
    std::vector<Document> documents;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::string id = numbered(i % 2 == 0 ? "stay" : "leave", 100 + i);
      (i % 2 == 0 ? stay : leave).insert(id);
      documents.push_back(random.document(id));
    }
    store->put_many(documents).value();
    std::multiset<std::string> seen;
    DocumentQuery query{.order = order, .limit = 5};
    std::size_t pages = 0;
    do {
      const DocumentPage page = store->query(query).value();
      for (const Document& d : page.documents) seen.insert(d.id);
      query.page_token = page.next_page_token;
      if (!leave.empty()) store->remove(*leave.begin()).value(), leave.erase(leave.begin());
      store->put(random.document(numbered("come", newcomers++))).value();
    } while (!query.page_token.empty() && ++pages < 1'000);
    CHECK(pages < 1'000);
    for (const std::string& id : stay) CHECK(seen.count(id) == 1);
    for (const std::string& id : seen) CHECK(seen.count(id) == 1);
  }
}

TEST_CASE_TEMPLATE_DEFINE("a page begins behind the last one though its last document is gone", Backend,
                          metadata_removed_end) {
  Backend backend;
  const auto store = backend.open();
  for (std::size_t i = 0; i < 10; ++i) store->put(document_of(numbered("d", i))).value();
  DocumentQuery query{.limit = 4};
  query.page_token = store->query(query).value().next_page_token;
  store->remove("d3").value();
  store->remove("d4").value();
  CHECK(ids_of(store->query(query).value().documents) == std::vector<std::string>{"d5", "d6", "d7", "d8"});
}

TEST_CASE_TEMPLATE_DEFINE("a page token serves its own query only", Backend, metadata_tokens) {
  Backend backend;
  const auto store = backend.open();
  put_random(*store, 61, 20);
  const DocumentQuery query{.filter = field("size") >= 0, .order = {{"created", true}, {"attributes.a"}}, .limit = 5};
  const std::string token = store->query(query).value().next_page_token;
  REQUIRE_FALSE(token.empty());
  DocumentQuery next = query;
  next.page_token = token;
  next.limit = 7;
  CHECK(store->query(next).value().documents.size() == 7);
  const auto refused = [&](DocumentQuery changed) {
    changed.page_token = changed.page_token.empty() ? token : changed.page_token;
    CHECK(code_of(store->query(changed)) == ErrorCode::invalid_argument);
  };
  refused({.filter = field("size") > 0, .order = query.order});
  refused({.filter = field("size") >= 0.0, .order = query.order});
  refused({.order = query.order});
  refused({.filter = query.filter});
  refused({.filter = query.filter, .order = {{"created", false}, {"attributes.a"}}});
  refused({.filter = query.filter, .order = {{"attributes.a"}, {"created", true}}});
  for (const std::string& garbage : {std::string("x"), std::string("AAAA"), std::string("bnVsbA=="), token + "AAAA",
                                     token.substr(4), std::string(100, '='), std::string("W10=")}) {
    next.page_token = garbage;
    refused(next);
  }
  for (std::size_t i = 0; i < token.size(); ++i) {
    next.page_token = token;
    next.page_token[i] = next.page_token[i] == 'A' ? 'B' : 'A';
    refused(next);
  }
}

TEST_CASE_TEMPLATE_DEFINE("a page has 1 to 10,000 documents and an order at most four fields", Backend,
                          metadata_query_limits) {
  Backend backend;
  const auto store = backend.open();
  put_random(*store, 71, 3);
  CHECK(store->query({.limit = 1}).value().documents.size() == 1);
  CHECK(store->query({.limit = 10'000}).value().documents.size() == 3);
  CHECK(code_of(store->query({.limit = 0})) == ErrorCode::invalid_argument);
  CHECK(code_of(store->query({.limit = 10'001})) == ErrorCode::invalid_argument);
  const std::vector<OrderBy> four(4, OrderBy{"size"});
  const std::vector<OrderBy> five(5, OrderBy{"size"});
  CHECK(store->query({.order = four}).has_value());
  CHECK(code_of(store->query({.order = five})) == ErrorCode::invalid_argument);
  for (const char* name : {"tags", "", "attributes", "attributes.", "attributes.$a", "unknown", "size; --", "rest"}) {
    CHECK(code_of(store->query({.order = {{name}}})) == ErrorCode::invalid_argument);
  }
}

TEST_CASE_TEMPLATE_DEFINE("hostile text is only text", Backend, metadata_hostile) {
  Backend backend;
  const auto store = backend.open();
  RandomDocuments random(81);
  std::vector<std::string> texts = {"'",
                                    "\"",
                                    "\\",
                                    "%",
                                    "_",
                                    "$",
                                    "?1",
                                    ":a",
                                    "--",
                                    "/*",
                                    "';DROP TABLE document;--",
                                    "\" OR 1=1",
                                    "{\"$gt\":\"\"}",
                                    "\x01\x1f\x7f",
                                    "\xe2\x80\xa8",
                                    "\\u0000",
                                    "[0]"};
  for (int i = 0; i < 100; ++i) texts.push_back(random.any_text(12).append("~"));
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  std::vector<Document> documents;
  for (const std::string& text : texts) {
    Document d = document_of(numbered("d", 1000 + documents.size()));
    d.title = text;
    d.attributes = {{"v", text}, {"list", Value::List{text}}};
    documents.push_back(std::move(d));
  }
  store->put_many(documents).value();
  for (const Document& d : documents) {
    CAPTURE(d.title);
    const std::vector<std::string> itself = {d.id};
    CHECK(ids_of(store->query({.filter = field("title") == d.title}).value().documents) == itself);
    CHECK(ids_of(store->query({.filter = field("title").one_of({d.title})}).value().documents) == itself);
    CHECK(ids_of(store->query({.filter = field("attributes.v") == d.title}).value().documents) == itself);
    CHECK(ids_of(store->query({.filter = field("attributes.list").contains(d.title)}).value().documents) == itself);
  }
  CHECK(store->count().value() == texts.size());
  CHECK(all_pages(*store, {.order = {{"title"}}}, 1) == ids_of(documents));
}

TEST_CASE_TEMPLATE_DEFINE("text compares by bytes, not by meaning", Backend, metadata_unicode) {
  Backend backend;
  const auto store = backend.open();
  const std::vector<std::string> ascending = {"Z", "a", "a\xcc\x88", "\xc3\xa4", "\xef\xbf\xbf", "\xf0\x9f\x93\x84"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    Document d = document_of(numbered("d", 9 - i));
    d.name = ascending[i];
    d.tags = {ascending[i]};
    store->put(d).value();
  }
  const auto documents = store->query({.order = {{"name"}}}).value().documents;
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    CHECK(documents[i].name == ascending[i]);
    CHECK(store->count(field("name") == ascending[i]).value() == 1);
    CHECK(store->count(field("tags").contains(ascending[i])).value() == 1);
  }
  CHECK(store->count(field("name").starts_with("a")).value() == 2);
  CHECK(store->count(field("name").starts_with("\xf0\x9f\x93\x84")).value() == 1);
  CHECK(store->count(field("name") > "\xc3\xa4").value() == 2);
}

}  // namespace docupilot_test
