#include "summary/terms.h"

#include <doctest/doctest.h>

#include "text/stop_words.h"

using namespace docupilot::extractive;

namespace {

TermIndex index_of(std::string_view text, std::string_view language, std::size_t most = 100,
                   std::string_view title = {}) {
  auto reading = read_candidates(text, 7, {});
  REQUIRE(reading);
  auto index = index_terms(*reading, title, language, most, {});
  REQUIRE(index);
  return *std::move(index);
}

}  // namespace

TEST_CASE("the logarithm is exact at powers of two and rises between them") {
  CHECK(log2_fixed(0) == 0);
  CHECK(log2_fixed(1) == 0);
  CHECK(log2_fixed(2) == 256);
  CHECK(log2_fixed(3) == 384);
  CHECK(log2_fixed(256) == 8 * 256);
  CHECK(log2_fixed(1ULL << 63U) == 63 * 256);
  CHECK(log2_fixed(~0ULL) == 64 * 256 - 1);
  for (std::uint64_t i = 1; i < 5'000; ++i) REQUIRE(log2_fixed(i) <= log2_fixed(i + 1));
}

TEST_CASE("forms of a word are one term and stop words are none") {
  const TermIndex index = index_of("The connection was built today. These connected connections make the day.", "en");
  REQUIRE(index.sentences.size() == 2);
  CHECK(index.terms_of(0).size() == 3);  // connect, built, today
  CHECK(index.terms_of(1).size() == 2);  // connect, day
  CHECK(index.sentences_with(index.terms_of(0)[0]).size() == 2);
}

TEST_CASE("the language is found by its stop words") {
  const char* german = "Die Verbindung ist mit dem Haus und der Straße. Das sind die Häuser an der Straße hier.";
  CHECK(index_of(german, "").terms == index_of(german, "de").terms);
  CHECK(index_of(german, "").terms == index_of(german, "de-AT").terms);
  CHECK(index_of(german, "").terms != index_of(german, "en").terms);
}

TEST_CASE("of more sentences than may be ranked those with the most frequent terms are kept, in their order") {
  const char* text =
      "Some boats carry goods along rivers. Red apples taste sweet in autumn. Rivers and boats need good weather. "
      "Young people like loud music.";
  const TermIndex index = index_of(text, "en", 2);
  REQUIRE(index.sentences.size() == 2);
  CHECK(index.sentences[0].offset == 0);
  CHECK(index.sentences[1].offset == 71);
  CHECK(index_of(text, "en", 4).sentences.size() == 4);
}

TEST_CASE("stop words belong to their languages") {
  using docupilot::text::stop_word_in;
  CHECK(stop_word_in("") == 0);
  CHECK(stop_word_in("lighthouse") == 0);
  CHECK(stop_word_in("the") == 1);
  CHECK(stop_word_in("und") == 2);
  CHECK(stop_word_in("für") == 2);
  CHECK((stop_word_in("de") & 0b101100) == 0b101100);
  CHECK(stop_word_in("это") == 1U << 8U);
  CHECK(stop_word_in("için") == 1U << 9U);
}
