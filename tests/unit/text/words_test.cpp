#include "text/words.h"

#include <vector>

#include <doctest/doctest.h>

using docupilot::text::fold;
using docupilot::text::fold_case;
using docupilot::text::WordReader;

namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (WordReader reader(text); reader.next();) {
    CHECK(text.substr(reader.word().offset, reader.word().spelling.size()) == reader.word().spelling);
    words.emplace_back(reader.word().spelling);
  }
  return words;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("words are runs of letters, marks and digits") {
  CHECK(words_of("") == Words{});
  CHECK(words_of(" \t.-!") == Words{});
  CHECK(words_of("one") == Words{"one"});
  CHECK(words_of("--Two words, 3 signs!") == Words{"Two", "words", "3", "signs"});
  CHECK(words_of("a_b c/d x=1") == Words{"a", "b", "c", "d", "x", "1"});
  CHECK(words_of("Öl und Wärme – «été»") == Words{"Öl", "und", "Wärme", "été"});
  CHECK(words_of("Привет, мир!") == Words{"Привет", "мир"});
  CHECK(words_of("हिन्दी में। लिखा") == Words{"हिन्दी", "में", "लिखा"});
  CHECK(words_of("e\u0301te\u0301 x") == Words{"e\u0301te\u0301", "x"});
  CHECK(words_of("日本語。中文") == Words{"日本語", "中文"});
}

TEST_CASE("an apostrophe belongs to a word only between two letters") {
  CHECK(words_of("don't l’été 'quoted' dogs' rock'") == Words{"don't", "l’été", "quoted", "dogs", "rock"});
  CHECK(words_of("a''b") == Words{"a", "b"});
  CHECK(words_of("it’") == Words{"it"});
  CHECK(words_of("co\u00adop col·legi") == Words{"co\u00adop", "col·legi"});
}

TEST_CASE("bytes that are not UTF-8 and NUL bytes separate words") {
  CHECK(words_of("a\xff"
                 "b") == Words{"a", "b"});
  CHECK(words_of("a\xc3") == Words{"a"});
  CHECK(words_of("a\xe2\x80") == Words{"a"});
  CHECK(words_of({"a\0b", 3}) == Words{"a", "b"});
}

TEST_CASE("folding case keeps accents") {
  CHECK(fold_case("") == "");
  CHECK(fold_case("HTTP/2 Ok") == "http/2 ok");
  CHECK(fold_case("ÉTÉ") == "été");
  CHECK(fold_case("E\u0301") == "é");
  CHECK(fold_case("STRASSE") == fold_case("Straße"));
  CHECK(fold_case("Σίσυφος") == fold_case("ΣΊΣΥΦΟΣ"));
  CHECK(fold_case("don’t") == "don't");
  CHECK(fold_case("co\u00adop") == "coop");
  CHECK(fold_case("ﬁne Ａ１") == "fine a1");
  CHECK(fold_case("ЁЛКИЙ") == "ёлкий");
}

TEST_CASE("folding takes accents off") {
  CHECK(fold("Ångström") == "angstrom");
  CHECK(fold("İstanbul") == "istanbul");
  CHECK(fold("ıstanbul") == "istanbul");
  CHECK(fold("Łódź Ørsted Đorđe") == "lodz orsted dorde");
  CHECK(fold("ёлкий") == "елкии");
  CHECK(fold("Việt Nam") == "viet nam");
  CHECK(fold("שָׁלוֹם") == "שלום");
  CHECK(fold("مُحَمَّد") == "محمد");
  CHECK(fold("हिन्दी") == "हिन्दी");
  CHECK(fold("น้ำ") == fold_case("น้ำ"));
  CHECK(fold("ガ") == "ガ");
  CHECK(fold("한국어") == "한국어");
  CHECK(fold("ﷺ").size() > 3);
}

TEST_CASE("folding marks bytes that are not UTF-8") {
  CHECK(fold("A\xff") == "a\ufffd");
  CHECK(fold_case("\xc3") == "\ufffd");
  CHECK(fold(std::string_view("A\0É", 4)) == std::string("a\0e", 3));
}
