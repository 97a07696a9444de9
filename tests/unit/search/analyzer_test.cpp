#include "search/analyzer.h"

#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;

namespace {

struct Read {
  std::vector<std::string> words;
  std::vector<std::string> stems;
  std::vector<std::string> spellings;
};

Read read(std::string_view text) {
  static search::Analyzer analyzer;
  Read out;
  analyzer.read(text, [&](const search::Token& token) {
    out.words.emplace_back(token.word);
    out.stems.emplace_back(token.stem);
    REQUIRE(token.offset + token.size <= text.size());
    out.spellings.emplace_back(text.substr(token.offset, token.size));
  });
  return out;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("words are folded and cut to their stem") {
  const Read all = read("The Connections of \u00c5ngstr\u00f6m");
  CHECK(all.words == Words{"the", "connections", "of", "angstrom"});
  CHECK(all.stems == Words{"the", "connect", "of", "angstrom"});
  CHECK(all.spellings == Words{"The", "Connections", "of", "\u00c5ngstr\u00f6m"});
}

TEST_CASE("names fall into words that follow one another") {
  CHECK(read("pg_stat_activity").words == Words{"pg", "stat", "activity"});
  CHECK(read("two-phase 15.3 a/b").words == Words{"two", "phase", "15", "3", "a", "b"});
}

TEST_CASE("apostrophes part words, and a possessive goes") {
  CHECK(read("the user's name").words == Words{"the", "user", "name"});
  CHECK(read("l\u2019avion don't O'Reilly's").words == Words{"l", "avion", "don", "t", "o", "reilly"});
  CHECK(read("it's").spellings == Words{"it's"});
  CHECK(read("rock's'n").words == Words{"rock", "s", "n"});
}

TEST_CASE("C++ is not C") {
  CHECK(read("C++, C# and C; a++b, x+++ #y").words == Words{"c++", "c#", "and", "c", "a", "b", "x", "y"});
  CHECK(read("C++").spellings == Words{"C++"});
  CHECK(read("c++").stems == Words{"c++"});
}

TEST_CASE("scripts without spaces give a word a character") {
  CHECK(read("PostgreSQL\u6570\u636e\u5e93 ok").words == Words{"postgresql", "\u6570", "\u636e", "\u5e93", "ok"});
  CHECK(read("\u6570\u636e").spellings == Words{"\u6570", "\u636e"});
  CHECK(read("\u0e01\u0e32").words.size() == 2);
}

TEST_CASE("a word is at most 64 bytes, cut between characters") {
  CHECK(read(std::string(64, 'a')).words == Words{std::string(64, 'a')});
  CHECK(read(std::string(65, 'a')).words == Words{std::string(64, 'a')});
  std::string accents;
  for (int i = 0; i < 60; ++i) accents += "\u0436";
  CHECK(read(accents).words.at(0).size() == 64);
  CHECK(read("x" + accents).words.at(0).size() == 63);
}

TEST_CASE("no token holds anything that separates tokens") {
  // Folding makes several words of one character here, and characters with punctuation.
  for (const char* text : {"\ufdfa", "\u33c2", "\u2100 \u00bd", "a\u00adb", "\u3300", "\u1e9e\u0149", "x\ufb03y"}) {
    for (const std::string& word : read(text).words) {
      CAPTURE(word);
      CHECK_FALSE(word.empty());
      for (const char c : word) {
        const bool is_ascii = static_cast<unsigned char>(c) < 0x80;
        CHECK((!is_ascii || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')));
      }
    }
  }
}

TEST_CASE("bytes that are no UTF-8 separate words") {
  CHECK(read("ab\xff"
             "cd\xc3 ef\xed\xa0\x80gh")
            .words == Words{"ab", "cd", "ef", "gh"});
  CHECK(read(std::string_view("a\0b", 3)).words == Words{"a", "b"});
  CHECK(read("").words.empty());
}

TEST_CASE("stop words are those that say nothing alone") {
  CHECK(search::is_stop_word("the"));
  CHECK(search::is_stop_word("a"));
  CHECK(search::is_stop_word("your"));
  CHECK_FALSE(search::is_stop_word("table"));
  CHECK_FALSE(search::is_stop_word("first"));
  CHECK_FALSE(search::is_stop_word(""));
}
