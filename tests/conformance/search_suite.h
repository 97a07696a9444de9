#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <docupilot/search/search_index.h>

#include "conformance/random_documents.h"

// What every search index promises, for indexes made by a `Backend`: a type whose objects have
//   std::unique_ptr<docupilot::SearchIndex> open();   an index that is empty when the object is new
// A test file of a backend invokes DOCUPILOT_SEARCH_SUITE(Backend, ...) of search_suite_all.h. What an index says it
// cannot do (capabilities()) is not asked of it.
namespace docupilot_test::search_suite {

using namespace docupilot;  // NOLINT: tests

inline IndexEntry entry_of(std::string id, std::string text, std::string title = {}) {
  IndexEntry entry;
  entry.document.id = std::move(id);
  entry.document.title = std::move(title);
  entry.text = std::move(text);
  return entry;
}

/// Writes and waits until it can be seen.
inline void put(SearchIndex& index, const std::vector<IndexEntry>& entries) {
  index.wait(index.upsert(entries).value()).value();
}
inline void drop(SearchIndex& index, const std::vector<std::string>& ids) {
  index.wait(index.remove(ids).value()).value();
}

inline std::vector<std::string> ids_of(const SearchResult& result) {
  std::vector<std::string> ids;
  for (const SearchHit& hit : result.hits) ids.push_back(hit.id);
  return ids;
}

/// Ids of the hits, best first.
inline std::vector<std::string> found(SearchIndex& index, std::string text) {
  return ids_of(index.query({.text = std::move(text), .limit = 100}).value());
}

/// The same in the order of ids, for queries whose order is a matter of taste.
inline std::vector<std::string> found_set(SearchIndex& index, SearchQuery query) {
  query.limit = 1000;
  auto ids = ids_of(index.query(query).value());
  std::ranges::sort(ids);
  return ids;
}
inline std::vector<std::string> found_set(SearchIndex& index, std::string text) {
  return found_set(index, SearchQuery{.text = std::move(text)});
}

template <class T>
ErrorCode failure(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  CHECK_FALSE(result.error().operation().empty());
  CHECK_FALSE(result.error().backend().empty());
  return result.error().code();
}

using Ids = std::vector<std::string>;

TEST_CASE_TEMPLATE_DEFINE("a document is found by its text, title, name and tags", Backend, search_fields) {
  Backend backend;
  const auto index = backend.open();
  IndexEntry entry = entry_of("1", "the quick brown fox", "Animals");
  entry.document.name = "stories/reynard.txt";
  entry.document.tags = {"wildlife", "two words"};
  put(*index, {entry, entry_of("2", "something else")});
  for (const char* word : {"fox", "QUICK", "animals", "reynard", "wildlife", "words"}) {
    CAPTURE(word);
    CHECK(found(*index, word) == Ids{"1"});
  }
  CHECK(found(*index, "txt stories") == Ids{"1"});
  const SearchResult result = index->query({.text = "fox"}).value();
  REQUIRE(result.hits.size() == 1);
  CHECK(result.hits[0].title == "Animals");
  CHECK(result.hits[0].name == "stories/reynard.txt");
  CHECK(result.hits[0].score > 0);
  CHECK(result.estimated_total == 1);
  CHECK(result.corrections.empty());
}

TEST_CASE_TEMPLATE_DEFINE("writing a document again replaces all of it", Backend, search_replace) {
  Backend backend;
  const auto index = backend.open();
  IndexEntry before = entry_of("1", "alpha beta", "First");
  before.document.tags = {"oldtag"};
  put(*index, {before});
  put(*index, {entry_of("1", "gamma", "Second")});
  CHECK(index->count().value() == 1);
  for (const char* gone : {"alpha", "beta", "first", "oldtag"}) {
    CHECK(found_set(*index, SearchQuery{.text = gone, .typo_tolerance = false}).empty());
  }
  CHECK(found(*index, "gamma") == Ids{"1"});
  CHECK(index->query({.text = "second"}).value().hits.at(0).title == "Second");
}

TEST_CASE_TEMPLATE_DEFINE("the last of two entries with one id counts", Backend, search_twice) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("1", "alpha"), entry_of("2", "alpha"), entry_of("1", "beta")});
  CHECK(index->count().value() == 2);
  CHECK(found(*index, "alpha") == Ids{"2"});
  CHECK(found(*index, "beta") == Ids{"1"});
}

TEST_CASE_TEMPLATE_DEFINE("what was removed is found no more", Backend, search_remove) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("1", "alpha beta"), entry_of("2", "alpha"), entry_of("3", "alpha")});
  drop(*index, {"1", "unknown", "3"});
  CHECK(index->count().value() == 1);
  CHECK(found(*index, "alpha") == Ids{"2"});
  CHECK(found_set(*index, SearchQuery{.text = "beta", .typo_tolerance = false}).empty());
  CHECK(index->ids("", 10).value() == Ids{"2"});
  drop(*index, {"2", "2"});
  CHECK(index->count().value() == 0);
  CHECK(found(*index, "alpha").empty());
}

TEST_CASE_TEMPLATE_DEFINE("writing or removing nothing does nothing", Backend, search_nothing) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {});
  drop(*index, {});
  index->wait({}).value();
  CHECK(index->count().value() == 0);
  CHECK(index->query({}).value().hits.empty());
  CHECK(index->query({.text = "anything"}).value().hits.empty());
  CHECK(index->query({.text = "\"any thing\" OR any*"}).value().hits.empty());
}

TEST_CASE_TEMPLATE_DEFINE("ids come in byte order, page by page", Backend, search_ids) {
  Backend backend;
  const auto index = backend.open();
  std::vector<IndexEntry> entries;
  for (const char* id : {"b", "a", "B", "a-1", "_", "a_1", "10", "9"}) {
    std::string name = id;
    if (name == "_") name = "0_";
    entries.push_back(entry_of(name, "x"));
  }
  put(*index, entries);
  Ids expected = {"0_", "10", "9", "B", "a", "a-1", "a_1", "b"};
  CHECK(index->ids("", 100).value() == expected);
  CHECK(index->ids("", 3).value() == Ids{"0_", "10", "9"});
  CHECK(index->ids("9", 3).value() == Ids{"B", "a", "a-1"});
  CHECK(index->ids("a-", 2).value() == Ids{"a-1", "a_1"});
  CHECK(index->ids("b", 3).value().empty());
  CHECK(index->ids("zz", 3).value().empty());
  CHECK(index->ids("", 0).value().empty());
  CHECK(index->count().value() == 8);
}

TEST_CASE_TEMPLATE_DEFINE("an entry may have no text, no title, or neither", Backend, search_bare) {
  Backend backend;
  const auto index = backend.open();
  put(*index,
      {entry_of("1", ""), entry_of("2", "", "title alone"), entry_of("3", "text alone"), entry_of("4", " \n\t ")});
  CHECK(index->count().value() == 4);
  CHECK(found_set(*index, "alone") == Ids{"2", "3"});
  CHECK(found_set(*index, "") == Ids{"1", "2", "3", "4"});
  const SearchResult result = index->query({.text = "title"}).value();
  REQUIRE(result.hits.size() == 1);
  CHECK(result.hits[0].snippet.empty());
}

TEST_CASE_TEMPLATE_DEFINE("a large document is found by its first and its last word", Backend, search_large) {
  Backend backend;
  const auto index = backend.open();
  std::string text = "firstword ";
  while (text.size() < 2'000'000) text += "some filling that says nothing of interest here ";
  text += "lastword";
  put(*index, {entry_of("1", text), entry_of("2", "small")});
  CHECK(found(*index, "firstword") == Ids{"1"});
  const SearchResult result = index->query({.text = "lastword"}).value();
  CHECK(ids_of(result) == Ids{"1"});
  CHECK(result.hits[0].snippet.size() < 1000);
  CHECK(result.hits[0].snippet.find("**lastword**") != std::string::npos);
}

TEST_CASE_TEMPLATE_DEFINE("bad entries are refused, and nothing of the call is written", Backend, search_bad_entries) {
  Backend backend;
  const auto index = backend.open();
  const auto refused = [&](const IndexEntry& bad) {
    const std::vector<IndexEntry> entries = {entry_of("good", "alpha"), bad};
    CHECK(failure(index->upsert(entries)) == ErrorCode::invalid_argument);
    CHECK(index->count().value() == 0);
  };
  refused(entry_of("", "x"));
  refused(entry_of("a/b", "x"));
  refused(entry_of(std::string(129, 'a'), "x"));
  refused(entry_of("1", "bad \xff text"));
  refused(entry_of("1", "x", "cut \xc3"));
  IndexEntry tagged = entry_of("1", "x");
  tagged.document.tags = {"\xed\xa0\x80"};
  refused(tagged);
  put(*index, {entry_of(std::string(128, 'a'), "alpha")});
  CHECK(index->count().value() == 1);
  const Ids bad_ids = {std::string(128, 'a'), "a/b"};
  CHECK(failure(index->remove(bad_ids)) == ErrorCode::invalid_argument);
  CHECK(index->count().value() == 1);
}

TEST_CASE_TEMPLATE_DEFINE("a call that is out of time or stopped does nothing", Backend, search_context) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("1", "alpha")});
  std::stop_source stop;
  stop.request_stop();
  const std::pair<Context, ErrorCode> contexts[] = {
      {{.deadline = Deadline::after(Duration()), .stop = {}}, ErrorCode::timeout},
      {{.deadline = {}, .stop = stop.get_token()}, ErrorCode::cancelled}};
  for (const auto& [context, code] : contexts) {
    const std::vector<IndexEntry> entries = {entry_of("2", "alpha")};
    const Ids ids = {"1"};
    CHECK(failure(index->upsert(entries, context)) == code);
    CHECK(failure(index->remove(ids, context)) == code);
    CHECK(failure(index->query({.text = "alpha"}, context)) == code);
    CHECK(failure(index->query({}, context)) == code);
    CHECK(failure(index->count(context)) == code);
    CHECK(failure(index->ids("", 10, context)) == code);
  }
  CHECK(found(*index, "alpha") == Ids{"1"});
}

TEST_CASE_TEMPLATE_DEFINE("many threads read while one writes", Backend, search_threads) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("kept", "alpha beta gamma")});
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 8; ++i) {
      readers.emplace_back([&] {
        while (!done) {
          // Each group of ten is written whole, so that any number of groups can be seen but no part of one.
          const auto all = index->query({.text = "alpha", .limit = 1000});
          const auto typo = index->query({.text = "alhpa"});
          const bool whole = all && all->estimated_total % 10 == 1 && all->hits.size() == all->estimated_total;
          if (!whole || !typo || typo->corrections.size() != 1 || !index->count()) ++wrong;
        }
      });
    }
    for (int group = 0; group < 12; ++group) {
      std::vector<IndexEntry> entries;
      Ids ids;
      for (int i = 0; i < 10; ++i) {
        ids.push_back("g" + std::to_string(i));
        entries.push_back(entry_of(ids.back(), "alpha delta" + std::to_string(group)));
      }
      put(*index, entries);
      if (group % 3 == 2) drop(*index, ids);
    }
    done = true;
  }
  CHECK(wrong == 0);
  CHECK(found(*index, "alpha") == Ids{"kept"});
}

}  // namespace docupilot_test::search_suite
