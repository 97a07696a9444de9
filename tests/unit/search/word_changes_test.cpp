#include "search/word_changes.h"

#include <map>
#include <random>

#include <doctest/doctest.h>

using namespace docupilot;
using namespace docupilot::search;

TEST_CASE("changes come back from the log as they went in") {
  std::string log;
  const std::map<std::string, WordChange> changes = {
      {"a", {1, 0}}, {"b", {-1, 2}}, {"", {0, 0}}, {std::string(300, 'c'), {INT64_MAX, INT64_MIN}}, {"d", {-64, 63}}};
  for (const auto& [word, change] : changes) append_change(log, word, change);
  std::size_t count = 0;
  read_changes(log, [&](std::string_view word, const WordChange& change) {
    ++count;
    const WordChange& expected = changes.at(std::string(word));
    CHECK(change.spelled == expected.spelled);
    CHECK(change.stemmed == expected.stemmed);
  }).value();
  CHECK(count == changes.size());
}

TEST_CASE("a log that is cut off or damaged is an error or other words, and never read beyond") {
  std::string log;
  for (int i = 0; i < 20; ++i) append_change(log, "word" + std::to_string(i), {i * 100, -i});
  const auto ignore = [](std::string_view, const WordChange&) {};
  int errors = 0;
  for (std::size_t size = 0; size < log.size(); ++size) {
    const auto read = read_changes(std::string_view(log).substr(0, size), ignore);
    if (!read) {
      CHECK(read.error().code() == ErrorCode::corrupted);
      ++errors;
    }
  }
  CHECK(errors > 100);
  std::mt19937 random(1);
  for (int i = 0; i < 2'000; ++i) {
    std::string damaged = log;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    (void)read_changes(damaged, ignore);
  }
  CHECK_FALSE(read_changes(std::string(11, '\xff'), ignore).has_value());
}

TEST_CASE("the hash tells words apart") {
  const WordHash hash;
  CHECK(hash("a") != hash("b"));
  CHECK(hash("") != hash(std::string_view("\0", 1)));
  CHECK(hash("abcdefgh") != hash("abcdefghi"));
  CHECK(hash("12345678x") != hash("12345678y"));
  std::map<std::size_t, int> buckets;
  for (int i = 0; i < 10'000; ++i) ++buckets[hash("word" + std::to_string(i)) % 1024];
  for (const auto& [bucket, count] : buckets) CHECK(count < 40);
}
