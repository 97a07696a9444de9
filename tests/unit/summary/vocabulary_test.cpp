#include "summary/vocabulary.h"

#include <string>

#include <doctest/doctest.h>

using docupilot::extractive::Vocabulary;

TEST_CASE("words are numbered in the order in which they appear, whatever their case") {
  for (const std::uint64_t seed : {0ULL, 1ULL, ~0ULL}) {
    Vocabulary words(seed);
    CHECK(words.id("Über") == 0);
    CHECK(words.id("the") == 1);
    CHECK(words.id("THE") == 1);
    CHECK(words.id("ÜBER") == 0);
    CHECK(words.id("über") == 0);
    CHECK(words.id("don’t") == 2);
    CHECK(words.id("don't") == 2);
    CHECK(words.size() == 3);
    CHECK(words.word(0) == "über");
    CHECK(words.word(1) == "the");
    CHECK(words.word(2) == "don't");
  }
}

TEST_CASE("a vocabulary grows without losing a word") {
  Vocabulary words(42);
  for (std::uint32_t i = 0; i < 20'000; ++i) REQUIRE(words.id("Wort" + std::to_string(i)) == i);
  for (std::uint32_t i = 0; i < 20'000; ++i) REQUIRE(words.id("wort" + std::to_string(i)) == i);
  for (std::uint32_t i = 0; i < 20'000; ++i) REQUIRE(words.word(i) == "wort" + std::to_string(i));
  CHECK(words.id(std::string(48, 'A')) == words.id(std::string(48, 'a')));
  CHECK(words.id(std::string(49, 'A')) == words.id(std::string(49, 'a')));
  CHECK(words.size() == 20'002);
}
