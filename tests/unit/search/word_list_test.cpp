#include "search/word_list.h"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "search/edit_distance.h"

using namespace docupilot::search;

namespace {

std::vector<std::string> words_of(const std::vector<NearWord>& near) {
  std::vector<std::string> out;
  for (const NearWord& word : near) out.push_back(word.word);
  return out;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("near words come by distance, first letter, then frequency") {
  WordList list;
  list.add("table", 5);
  list.add("tables", 50);
  list.add("cable", 500);
  list.add("stable", 7);
  list.add("able", 1);
  list.add("tablet", 50);
  list.add("chair", 9);
  CHECK(words_of(list.nearest("table", 1, 10)) == Words{"tables", "tablet", "cable", "stable", "able"});
  CHECK(words_of(list.nearest("tabel", 1, 10)) == Words{"table"});
  CHECK(words_of(list.nearest("tabel", 2, 3)) == Words{"table", "tables", "tablet"});
  CHECK(list.nearest("xylophone", 2, 10).empty());
}

TEST_CASE("copies count once, and all of them can be removed") {
  WordList list;
  list.add("alpha", 1);
  list.add("alpha", 3);
  WordList more;
  more.add("alpha", 2);
  more.add("alphas", 1);
  list.append(more);
  CHECK(words_of(list.nearest("alpho", 2, 10)) == Words{"alpha", "alphas"});
  CHECK(list.nearest("alpho", 1, 10).at(0).documents == 3);
  list.remove("alpha");
  CHECK(words_of(list.nearest("alpho", 2, 10)) == Words{"alphas"});
}

TEST_CASE("words that nobody can mean are not in the list") {
  WordList list;
  for (const char* word : {"ab", "a", "", "123456", "\u00e4\u00f6"}) list.add(word, 1);
  list.add(std::string(41, 'a'), 1);
  CHECK(list.size() == 0);
  for (const char* word : {"abc", "a12", "\u00e4\u00f6\u00fc"}) list.add(word, 1);
  list.add(std::string(40, 'a'), 1);
  CHECK(list.size() == 4);
}

TEST_CASE("no near word is overlooked") {
  std::mt19937 random(9);
  const auto word = [&] {
    std::string out;
    for (std::size_t size = 3 + random() % 6; size > 0; --size) {
      if (random() % 12 == 0) out += "\u00e9";
      else out += "abcdexyz01"[random() % 10];
    }
    return out + "q";
  };
  WordList list;
  std::vector<std::string> all;
  for (int i = 0; i < 2'000; ++i) {
    all.push_back(word());
    list.add(all.back(), 1);
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (int i = 0; i < 100; ++i) {
    const std::string asked = word();
    Words expected;
    for (const std::string& other : all) {
      const std::size_t distance = edit_distance(asked, other, 2);
      if (distance > 0 && distance <= 2) expected.push_back(other);
    }
    Words near = words_of(list.nearest(asked, 2, 10'000));
    std::ranges::sort(near);
    CHECK(near == expected);
  }
}
