#include "base/utf8.h"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

using namespace docupilot;

TEST_CASE("UTF-8 ends where RFC 3629 says") {
  for (const char* good : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "eight ASCII bytes \xc3\xa4 more"}) {
    CHECK(is_utf8(good));
    CHECK(replace_invalid_utf8(good) == good);
  }
  for (const char* bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe0\xa0",
                          "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xff", "aaaaaaaa\xff", "aaaaaaa\xff", "aaaaaaaaaaaaaaaaaaaa\xc3"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(is_utf8(bad));
  }
  CHECK(is_utf8(std::string_view("a\0b", 3)));
}

TEST_CASE("every pair of bytes is judged as the table of RFC 3629 says") {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      const bool ascii = first < 0x80 && second < 0x80;
      const bool pair = first >= 0xc2 && first <= 0xdf && second >= 0x80 && second <= 0xbf;
      REQUIRE(is_utf8(text) == (ascii || pair));
    }
  }
}

TEST_CASE("the length of a sequence is that of its first byte") {
  CHECK(utf8_sequence("") == 0);
  CHECK(utf8_sequence("ab") == 1);
  CHECK(utf8_sequence("\xc3\xa4x") == 2);
  CHECK(utf8_sequence("\xe2\x82\xac") == 3);
  CHECK(utf8_sequence("\xf0\x9f\x93\x84") == 4);
  CHECK(utf8_sequence("\xa4") == 0);
}

TEST_CASE("each bad byte is replaced by itself") {
  CHECK(replace_invalid_utf8("a\xff\xfe"
                             "b") ==
        "a\xef\xbf\xbd\xef\xbf\xbd"
        "b");
  CHECK(replace_invalid_utf8("\xe2\x82") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(replace_invalid_utf8("\xc3(") == "\xef\xbf\xbd(");
}

TEST_CASE("controls cannot reach a terminal or forge a line") {
  CHECK(escape_controls("plain \xc3\xa4 text") == "plain \xc3\xa4 text");
  CHECK(escape_controls("\n\r\t") == "\\n\\r\\t");
  CHECK(escape_controls(std::string_view("\0\x1b\x7f", 3)) == "\\x00\\x1b\\x7f");
  CHECK(escape_controls("\xc2\x85\xc2\x9f\xc2\xa0") == "\\xc2\\x85\\xc2\\x9f\xc2\xa0");
  CHECK(escape_controls("\xe2\x80\xa8\xe2\x80\xa9") == "\\xe2\\x80\\xa8\\xe2\\x80\\xa9");
  CHECK(escape_controls("\xff"
                        "a\xc3") == "\\xffa\\xc3");
}
