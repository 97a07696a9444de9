#include "text/stem.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

using docupilot::text::Stemmer;

TEST_CASE("forms of a word have the same stem") {
  auto english = Stemmer::make("english");
  REQUIRE(english);
  const std::string stem(english->stem("connections"));
  CHECK(stem == "connect");
  CHECK(english->stem("connected") == stem);
  CHECK(english->stem("") == "");

  auto russian = Stemmer::make("ru");
  REQUIRE(russian);
  CHECK(std::string(russian->stem("документы")) == russian->stem("документов"));
}

TEST_CASE("a stemmer is named by language, code or tag") {
  for (const char* name : {"german", "German", "de", "deu", "ger", "de-AT", "DE_de"}) {
    CAPTURE(name);
    auto stemmer = Stemmer::make(name);
    REQUIRE(stemmer);
    CHECK(stemmer->stem("häuser") == "haus");
  }
  for (const char* name : {"", "-", "klingon", "zh", "zh-Hant"}) {
    CAPTURE(name);
    CHECK_FALSE(Stemmer::make(name));
  }
}

TEST_CASE("a stemmer can be moved") {
  auto first = Stemmer::make("en");
  REQUIRE(first);
  Stemmer second = std::move(*first);
  CHECK(second.stem("running") == "run");
}

TEST_CASE("a word beyond 128 bytes is its own stem") {
  auto stemmer = Stemmer::make("en");
  REQUIRE(stemmer);
  const std::string longest = std::string(125, 'x') + "ing";
  CHECK(stemmer->stem(longest) == std::string(125, 'x') + "ing");
  const std::string short_enough = "x" + std::string(121, 'a') + "s";
  CHECK(stemmer->stem(short_enough).size() == short_enough.size() - 1);
  const std::string too_long = "x" + std::string(127, 'a') + "s";
  CHECK(stemmer->stem(too_long) == too_long);
}
