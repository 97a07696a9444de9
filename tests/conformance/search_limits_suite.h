#pragma once

#include <set>

#include "conformance/search_suite.h"

// Filters, facets, pages and limits.
namespace docupilot_test::search_suite {

TEST_CASE_TEMPLATE_DEFINE("a filter chooses among the documents that match", Backend, search_filter) {
  Backend backend;
  const auto index = backend.open();
  IndexEntry first = entry_of("1", "alpha");
  first.document.size = 10;
  first.document.tags = {"x", "y"};
  first.document.attributes["customer"] = "ACME";
  first.document.attributes["place"] = Value::Map{{"city", "Graz"}};
  IndexEntry second = entry_of("2", "alpha");
  second.document.size = 20;
  second.document.content_type = "text/plain";
  put(*index, {first, second, entry_of("3", "beta")});
  const auto with = [&](const Filter& filter) {
    return found_set(*index, SearchQuery{.text = "alpha", .filter = filter});
  };
  CHECK(with({}) == Ids{"1", "2"});
  CHECK(with(field("size") > 10) == Ids{"2"});
  CHECK(with(field("tags").contains("y")) == Ids{"1"});
  CHECK(with(field("attributes.customer") == "ACME") == Ids{"1"});
  CHECK(with(field("attributes.place.city") == "Graz") == Ids{"1"});
  CHECK(with(field("content_type") == "text/plain" || field("id") == "1") == Ids{"1", "2"});
  CHECK(with(!(field("size") >= 10)).empty());
  CHECK(with(field("id") == "3").empty());
  CHECK(index->query({.text = "alpha", .filter = field("size") > 10}).value().estimated_total == 1);
  CHECK(failure(index->query({.filter = field("no such field") == 1})) == ErrorCode::invalid_argument);
}

TEST_CASE_TEMPLATE_DEFINE("random filters select what they match", Backend, search_random_filters) {
  Backend backend;
  const auto index = backend.open();
  RandomDocuments random(23);
  std::vector<IndexEntry> entries;
  for (int i = 0; i < 60; ++i) {
    IndexEntry entry;
    entry.document = random.document("d" + std::to_string(i));
    entry.document.summary.clear();  // not kept by an index
    entry.text = i % 2 == 0 ? "even number" : "odd number";
    entries.push_back(std::move(entry));
  }
  put(*index, entries);
  for (int i = 0; i < 300; ++i) {
    const Filter filter = random.filter();
    if (!filter.check()) continue;
    Ids all;
    Ids even;
    for (std::size_t at = 0; at < entries.size(); ++at) {
      if (!filter.matches(entries[at].document)) continue;
      all.push_back(entries[at].document.id);
      if (at % 2 == 0) even.push_back(entries[at].document.id);
    }
    std::ranges::sort(all);
    std::ranges::sort(even);
    CHECK(found_set(*index, SearchQuery{.filter = filter}) == all);
    CHECK(found_set(*index, SearchQuery{.text = "even", .filter = filter, .typo_tolerance = false}) == even);
  }
}

TEST_CASE_TEMPLATE_DEFINE("facets count values over all that matches", Backend, search_facets) {
  Backend backend;
  const auto index = backend.open();
  if (!index->capabilities().facets) return;
  std::vector<IndexEntry> entries;
  for (int i = 0; i < 30; ++i) {
    IndexEntry entry = entry_of("d" + std::to_string(i), i < 20 ? "alpha" : "beta");
    entry.document.content_type = i % 2 == 0 ? "text/plain" : "text/html";
    entry.document.tags = {"all", i < 5 ? "few" : "many"};
    entry.document.attributes["year"] = 2000 + i % 3;
    if (i == 0) entry.document.attributes["list"] = Value::List{"a", "b", "a"};
    entries.push_back(std::move(entry));
  }
  put(*index, entries);
  using Counts = std::vector<std::pair<std::string, std::uint64_t>>;
  SearchQuery query{.text = "alpha",
                    .facets = {"tags", "content_type", "attributes.year", "attributes.list", "attributes.none"},
                    .limit = 1};
  auto facets = index->query(query).value().facets;
  CHECK(facets["tags"] == Counts{{"all", 20}, {"many", 15}, {"few", 5}});
  CHECK(facets["content_type"] == Counts{{"text/html", 10}, {"text/plain", 10}});
  CHECK(facets["attributes.year"] == Counts{{"2000", 7}, {"2001", 7}, {"2002", 6}});
  CHECK(facets["attributes.list"] == Counts{{"a", 1}, {"b", 1}});
  CHECK(facets["attributes.none"].empty());
  query.facet_values = 2;
  CHECK(index->query(query).value().facets["tags"] == Counts{{"all", 20}, {"many", 15}});
  query.filter = field("attributes.year") == 2001;
  CHECK(index->query(query).value().facets["attributes.year"] == Counts{{"2001", 7}});
  query.text.clear();
  CHECK(index->query(query).value().facets["attributes.year"] == Counts{{"2001", 10}});
  query.text = "nothing has this";
  CHECK(index->query(query).value().facets["tags"].empty());
  for (const char* bad : {"id", "title", "attributes", "attributes.", "attributes.$x", "", "no such"}) {
    CAPTURE(bad);
    CHECK(failure(index->query({.facets = {bad}})) == ErrorCode::invalid_argument);
  }
}

TEST_CASE_TEMPLATE_DEFINE("pages follow one another without a gap", Backend, search_pages) {
  Backend backend;
  const auto index = backend.open();
  std::vector<IndexEntry> entries;
  for (int i = 0; i < 57; ++i) {
    std::string text = "common";
    for (int n = 0; n < i % 5; ++n) text += " common filler";
    entries.push_back(entry_of("d" + std::to_string(i), text));
  }
  put(*index, entries);
  const SearchResult whole = index->query({.text = "common", .limit = 100}).value();
  CHECK(whole.hits.size() == 57);
  CHECK(whole.estimated_total == 57);
  Ids paged;
  for (std::size_t offset = 0; offset < 70; offset += 10) {
    const SearchResult page = index->query({.text = "common", .limit = 10, .offset = offset}).value();
    CHECK(page.estimated_total == 57);
    CHECK(page.hits.size() == (offset < 50 ? 10 : offset == 50 ? 7 : 0));
    for (const SearchHit& hit : page.hits) paged.push_back(hit.id);
  }
  CHECK(paged == ids_of(whole));
  for (std::size_t i = 1; i < whole.hits.size(); ++i) {
    const SearchHit& before = whole.hits[i - 1];
    const SearchHit& after = whole.hits[i];
    CHECK((before.score > after.score || (before.score == after.score && before.id < after.id)));
  }
}

TEST_CASE_TEMPLATE_DEFINE("limits of a query hold on both sides", Backend, search_limits) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("1", "alpha")});
  const auto code = [&](const SearchQuery& query) -> std::optional<ErrorCode> {
    const auto result = index->query(query);
    return result ? std::nullopt : std::optional(failure(result));
  };
  const std::optional<ErrorCode> refused = ErrorCode::invalid_argument;
  for (const char* text : {"", "alpha"}) {
    CHECK(code({.text = text, .limit = 0}) == refused);
    CHECK_FALSE(code({.text = text, .limit = 1}));
    CHECK_FALSE(code({.text = text, .limit = 1'000}));
    CHECK(code({.text = text, .limit = 1'001}) == refused);
    CHECK_FALSE(code({.text = text, .limit = 10, .offset = 9'990}));
    CHECK(code({.text = text, .limit = 10, .offset = 9'991}) == refused);
    CHECK(code({.text = text, .limit = 10, .offset = SIZE_MAX}) == refused);
    CHECK(code({.text = text, .facet_values = 0}) == refused);
    CHECK_FALSE(code({.text = text, .facet_values = 1}));
    CHECK_FALSE(code({.text = text, .facet_values = 1'000}));
    CHECK(code({.text = text, .facet_values = 1'001}) == refused);
    CHECK_FALSE(code({.text = text, .snippet_words = 64}));
    CHECK(code({.text = text, .snippet_words = 65}) == refused);
  }
}

}  // namespace docupilot_test::search_suite
