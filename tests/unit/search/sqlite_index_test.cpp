#include <docupilot/search/sqlite_index.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include <doctest/doctest.h>
#include <docupilot/metadata/sqlite_metadata.h>

#include "search/word_changes.h"
#include "sqlite/database.h"
#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

namespace {

IndexEntry entry_of(std::string id, std::string text, std::string title = {}) {
  IndexEntry entry;
  entry.document.id = std::move(id);
  entry.document.title = std::move(title);
  entry.text = std::move(text);
  return entry;
}

void put(SearchIndex& index, const std::vector<IndexEntry>& entries) { index.upsert(entries).value(); }
void drop(SearchIndex& index, const std::vector<std::string>& ids) { index.remove(ids).value(); }

std::vector<std::string> found(SearchIndex& index, const std::string& text) {
  std::vector<std::string> ids;
  const SearchResult result = index.query({.text = text, .limit = 100}).value();
  for (const SearchHit& hit : result.hits) ids.push_back(hit.id);
  return ids;
}

using Ids = std::vector<std::string>;
using Counts = std::map<std::string, std::pair<std::int64_t, std::int64_t>>;

// The words of an index with their counts, from the table and the log together.
Counts words_of(const std::string& path) {
  auto connection = sqlite::Connection::open({.path = path}).value();
  Counts counts;
  const auto add = [&](std::string_view word, std::int64_t spelled, std::int64_t stemmed) {
    auto& count = counts[std::string(word)];
    count.first += spelled;
    count.second += stemmed;
  };
  auto rows = connection->prepare("SELECT word, spelled, stemmed FROM docupilot_search_word").value();
  while (rows.step().value()) {
    CHECK((rows.integer(1) > 0 || rows.integer(2) > 0));
    add(rows.text(0), rows.integer(1), rows.integer(2));
  }
  auto log = connection->prepare("SELECT changes FROM docupilot_search_word_log").value();
  while (log.step().value()) {
    search::read_changes(log.text(0), [&](std::string_view word, const search::WordChange& change) {
      add(word, change.spelled, change.stemmed);
    }).value();
  }
  std::erase_if(counts, [](const auto& count) { return count.second.first == 0 && count.second.second == 0; });
  return counts;
}

std::string random_text(std::mt19937& random) {
  static constexpr const char* words[] = {"alpha", "alphas",  "beta", "connect",       "connection", "connections",
                                          "gamma", "pg_stat", "C++",  "\u00c9t\u00e9", "the",        "user's"};
  std::string text;
  for (std::size_t size = random() % 40; size > 0; --size)
    text += std::string(words[random() % std::size(words)]) + ' ';
  return text;
}

}  // namespace

TEST_CASE("the words counted while documents come and go are those of an index made anew") {
  const TempDir folder;
  const auto index = open_sqlite_index({.path = folder / "a.db"}).value();
  std::mt19937 random(17);
  std::map<std::string, IndexEntry> kept;
  for (int round = 0; round < 150; ++round) {  // more than twice the rows that the log may have
    std::vector<IndexEntry> entries;
    for (std::size_t i = random() % 4; i > 0; --i) {
      IndexEntry entry = entry_of("d" + std::to_string(random() % 30), random_text(random), random_text(random));
      entry.document.tags = {"tag" + std::to_string(random() % 3)};
      entry.document.name = "file" + std::to_string(random() % 3);
      kept[entry.document.id] = entry;
      entries.push_back(std::move(entry));
    }
    put(*index, entries);
    if (random() % 3 == 0) {
      const std::string id = "d" + std::to_string(random() % 30);
      kept.erase(id);
      drop(*index, {id});
    }
  }
  const auto anew = open_sqlite_index({.path = folder / "b.db"}).value();
  std::vector<IndexEntry> entries;
  for (const auto& [id, entry] : kept) entries.push_back(entry);
  put(*anew, entries);
  CHECK(index->count().value() == kept.size());
  CHECK(words_of(folder / "a.db") == words_of(folder / "b.db"));
  for (const char* query : {"alpha", "connection beta", "\"pg stat\"", "alpah", "ete", "C++", "tag1", "user", ""}) {
    CAPTURE(query);
    CHECK(found(*index, query) == found(*anew, query));
  }
  for (const auto& [id, entry] : kept) drop(*index, {id});
  CHECK(words_of(folder / "a.db").empty());
}

TEST_CASE("words of one stem find one another, the nearest form is no typo") {
  const auto index = open_sqlite_index({.path = ":memory:"}).value();
  put(*index, {entry_of("1", "connection lost"), entry_of("2", "they connected")});
  CHECK(found(*index, "connections").size() == 2);
  CHECK(found(*index, "connecting").size() == 2);
  CHECK(index->query({.text = "connecting"}).value().corrections.empty());
  CHECK(index->query({.text = "connections"}).value().hits.at(0).snippet.find("**connect") != std::string::npos);
}

TEST_CASE("corrections follow the documents, across merges of the log and other writers") {
  const TempDir folder;
  const auto index = open_sqlite_index({.path = folder / "a.db"}).value();
  const auto other = open_sqlite_index({.path = folder / "a.db"}).value();
  for (int i = 0; i < 200; ++i) {
    const std::string word = "subject" + std::string(1, static_cast<char>('a' + i % 26)) + "xyz";
    std::string typo = word;
    std::swap(typo[3], typo[4]);
    put(i % 2 == 0 ? *index : *other, {entry_of("d", word)});
    for (const auto* reader : {&index, &other}) {
      const SearchResult result = (*reader)->query({.text = typo}).value();
      REQUIRE(result.hits.size() == 1);
      CHECK(result.corrections.at(0).to == word);
    }
  }
  drop(*other, {"d"});
  CHECK(index->query({.text = "subjcetaxyz"}).value().corrections.empty());
}

TEST_CASE("metadata and index share a file") {
  const TempDir folder;
  const std::string path = folder / "library.db";
  const auto store = open_sqlite_metadata({.path = path}).value();
  const auto index = open_sqlite_index({.path = path}).value();
  Document document;
  document.id = "1";
  store->put(document).value();
  put(*index, {entry_of("1", "alpha"), entry_of("2", "alpha")});
  CHECK(store->count().value() == 1);
  CHECK(index->count().value() == 2);
  const auto again = open_sqlite_index({.path = path}).value();
  CHECK(found(*again, "alpha") == Ids{"1", "2"});
}

TEST_CASE("an index that is read only reads and never writes") {
  const TempDir folder;
  const std::string path = folder / "a.db";
  put(*open_sqlite_index({.path = path}).value(), {entry_of("1", "alpha")});
  const auto index = open_sqlite_index({.path = path, .read_only = true}).value();
  CHECK(found(*index, "alhpa") == Ids{"1"});
  const std::vector<IndexEntry> entries = {entry_of("2", "beta")};
  const Ids ids = {"1"};
  CHECK(index->upsert(entries).error().code() == ErrorCode::permission_denied);
  CHECK(index->remove(ids).error().code() == ErrorCode::permission_denied);
  CHECK(index->count().value() == 1);
}

TEST_CASE("files that are no index cannot be opened") {
  const TempDir folder;
  const auto code = [&](const std::string& path, bool read_only = false) {
    const auto index = open_sqlite_index({.path = path, .read_only = read_only});
    REQUIRE_FALSE(index.has_value());
    CHECK(index.error().operation() == "open");
    CHECK(index.error().target() == path);
    CHECK_FALSE(index.error().hint().empty());
    return index.error().code();
  };
  CHECK(code(folder.write("text.db", std::string(5'000, 'x'))) == ErrorCode::corrupted);
  CHECK(code(folder / "missing/a.db") == ErrorCode::not_found);
  CHECK(open_sqlite_index({.path = folder / "no.db", .read_only = true}).error().code() == ErrorCode::not_found);
  open_sqlite_metadata({.path = folder / "metadata.db"}).value();
  CHECK(code(folder / "metadata.db", true) == ErrorCode::unsupported);
  open_sqlite_index({.path = folder / "newer.db"}).value();
  sqlite::Connection::open({.path = folder / "newer.db"})
      .value()
      ->execute("UPDATE docupilot_schema SET version = 99 WHERE name = 'search'")
      .value();
  CHECK(code(folder / "newer.db") == ErrorCode::unsupported);
  CHECK(code(folder / "newer.db", true) == ErrorCode::unsupported);
}

TEST_CASE("a damaged file gives an error or an answer, and never harm") {
  const TempDir folder;
  const std::string path = folder / "a.db";
  {
    const auto index = open_sqlite_index({.path = path}).value();
    std::mt19937 random(2);
    std::vector<IndexEntry> entries;
    for (int i = 0; i < 300; ++i) entries.push_back(entry_of("d" + std::to_string(i), random_text(random)));
    put(*index, entries);
  }
  std::ifstream in(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  std::mt19937 random(8);
  int refused = 0;
  for (int round = 0; round < 60; ++round) {
    std::string damaged = whole;
    if (round % 3 == 0) damaged.resize(4096 * (1 + random() % (damaged.size() / 4096)));
    for (int i = 0; i < 40; ++i) damaged[100 + random() % (damaged.size() - 100)] = static_cast<char>(random());
    const std::string copy = folder.write("damaged.db", damaged);
    const auto index = open_sqlite_index({.path = copy});
    const auto answer = [&]() -> Result<void> {
      if (!index) return index.error();
      for (const char* text : {"alpha beta", "connetcion", "", "\"pg stat\" gam*"}) {
        const auto result = (*index)->query({.text = text, .facets = {"tags"}});
        if (!result) return result.error();
      }
      const std::vector<IndexEntry> entries = {entry_of("d1", "alpha")};
      const auto written = (*index)->upsert(entries);
      return written ? Result<void>() : written.error();
    }();
    if (answer) continue;
    ++refused;
    CAPTURE(answer.error().to_string());
    const ErrorCode code = answer.error().code();
    CHECK((code == ErrorCode::corrupted || code == ErrorCode::internal || code == ErrorCode::unsupported ||
           code == ErrorCode::already_exists || code == ErrorCode::exhausted));
  }
  CHECK(refused > 10);
}

TEST_CASE("what is missing below an index is told as corrupted") {
  const TempDir folder;
  const std::string path = folder / "a.db";
  const auto index = open_sqlite_index({.path = path}).value();
  put(*index, {entry_of("1", "alpha"), entry_of("2", "beta")});
  const auto connection = sqlite::Connection::open({.path = path}).value();
  connection->execute("DELETE FROM docupilot_search_document WHERE id = '1'").value();
  CHECK(index->query({.text = "alpha"}).error().code() == ErrorCode::corrupted);
  CHECK(found(*index, "beta") == Ids{"2"});
  connection->execute("UPDATE docupilot_search_word_log SET changes = x'ff'").value();
  const auto reader = open_sqlite_index({.path = path}).value();
  CHECK(reader->query({.text = "beta"}).error().code() == ErrorCode::corrupted);
  connection->execute("DELETE FROM docupilot_search_state").value();
  CHECK(index->count().error().code() == ErrorCode::corrupted);
}

TEST_CASE("a long query ends when it is told to") {
  const auto index = open_sqlite_index({.path = ":memory:"}).value();
  std::vector<IndexEntry> entries;
  for (int i = 0; i < 30'000; ++i) {
    entries.push_back(entry_of("d" + std::to_string(i), "alpha beta gamma"));
    entries.back().document.attributes["n"] = i;
  }
  put(*index, entries);
  SearchQuery query{.text = "alpha OR beta OR gamma", .filter = field("attributes.n") >= 0, .facets = {"attributes.n"}};
  CHECK(index->query(query).value().estimated_total == 30'000);
  CHECK(index->query(query, {.deadline = Deadline::after(Duration::milliseconds(5)), .stop = {}}).error().code() ==
        ErrorCode::timeout);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  const auto stopped = index->query(query, {.deadline = {}, .stop = stop.get_token()});
  CHECK((stopped || stopped.error().code() == ErrorCode::cancelled));
  CHECK(index->query({.text = "alpha"}).value().estimated_total == 30'000);
}

TEST_CASE("a text has at most 16 MiB") {
  const auto index = open_sqlite_index({.path = ":memory:"}).value();
  std::string text(16 << 20, ' ');
  text.replace(text.size() - 4, 4, "last");
  put(*index, {entry_of("1", text)});
  CHECK(found(*index, "last") == Ids{"1"});
  const std::vector<IndexEntry> entries = {entry_of("2", text + ' ')};
  const auto refused = index->upsert(entries);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == ErrorCode::too_large);
  CHECK(refused.error().target() == "2");
  CHECK(index->count().value() == 1);
}

TEST_CASE("a query has at most 32 facets") {
  const auto index = open_sqlite_index({.path = ":memory:"}).value();
  SearchQuery query;
  for (int i = 0; i < 32; ++i) query.facets.push_back("attributes.a" + std::to_string(i));
  CHECK(index->query(query).has_value());
  query.facets.push_back("tags");
  CHECK(index->query(query).error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("a size that no file has is refused") {
  const auto index = open_sqlite_index({.path = ":memory:"}).value();
  std::vector<IndexEntry> entries = {entry_of("1", "x")};
  entries[0].document.size = INT64_MAX;
  CHECK(index->upsert(entries).has_value());
  entries[0].document.size = std::uint64_t{1} << 63;
  CHECK(index->upsert(entries).error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("operators nest as deep as the parser lets them") {
  const auto index = open_sqlite_index({.path = ":memory:"}).value();
  put(*index, {entry_of("1", "alpha beta")});
  for (const char* before : {"", "zz ", "\"q r\" the "}) {
    for (const char* unit : {"w OR NOT (", "a OR b AND c NOT (", "a AND b NOT (", "a OR b AND (", "NOT (", "(",
                             "alpha* OR title:(btea NOT "}) {
      for (const char* last : {"x", "title:alhpa*", "-x"}) {
        std::string text = before;
        for (int i = 0; i < 20; ++i) text += unit;
        CAPTURE(text);
        CHECK(index->query({.text = text + last}).has_value());
      }
    }
  }
}

TEST_CASE("tokens of another index are not waited for") {
  const auto index = open_sqlite_index({.path = ":memory:"}).value();
  CHECK(index->wait("").has_value());
  CHECK(index->wait("7").error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("a passage far inside a long text is shown, wherever its part begins") {
  const auto index = open_sqlite_index({.path = ":memory:"}).value();
  for (const int at : {0, 1, 510, 511, 512, 513, 1'023, 1'024, 5'000, 9'990, 9'999}) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += (i == at ? "needle" : i % 3 == 0 ? "it's" : "w" + std::to_string(i)) + ' ';
    put(*index, {entry_of("1", text)});
    CAPTURE(at);
    const std::string snippet = index->query({.text = "needle"}).value().hits.at(0).snippet;
    CHECK(snippet.find("**needle**") != std::string::npos);
    CHECK(snippet.starts_with("\u2026") == (at > 12));
    CHECK(snippet.ends_with("\u2026") == (at < 9'970));
  }
}
