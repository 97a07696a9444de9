#include "extract/text_builder.h"

#include <doctest/doctest.h>

#include "base/utf8.h"

using namespace docupilot;

namespace {

std::string built(std::string_view text, std::uint64_t limit = 1000) {
  TextBuilder builder(limit);
  builder.append(text);
  return std::move(builder).take();
}

}  // namespace

TEST_CASE("every kind of line end becomes one line feed") {
  CHECK(built("a\nb") == "a\nb\n");
  CHECK(built("a\r\nb\rc") == "a\nb\nc\n");
  CHECK(built("a\u0085b\u2028c") == "a\nb\nc\n");
  CHECK(built("a\fb\vc\u2029d") == "a\n\nb\n\nc\n\nd\n");
}

TEST_CASE("a carriage return and its line feed may come apart") {
  TextBuilder builder(100);
  for (const char* part : {"a\r", "\nb", "\r", "\r\nc"}) builder.append(part);
  CHECK(std::move(builder).take() == "a\nb\n\nc\n");
}

TEST_CASE("paragraphs are parted by one empty line, and blanks at line ends go") {
  CHECK(built("\n\n  \n a \t\n\n \t \n\n\nb   \n\n") == " a\n\nb\n");
  CHECK(built("a\n \nb") == "a\n\nb\n");
  CHECK(built("  \t \n \n") == "");
  CHECK(built("") == "");
}

TEST_CASE("blanks within lines and at their front stay") { CHECK(built("a \t b\n\tc") == "a \t b\n\tc\n"); }

TEST_CASE("control characters, soft hyphens and byte order marks go") {
  using namespace std::string_view_literals;
  CHECK(built("a\0b\x01\x1b\x7f\bc\u0080\u009f"sv) == "abc\n");
  CHECK(built("hy\u00adphen\ufeff \u00a7 \ufffd") == "hyphen \u00a7 \ufffd\n");
}

TEST_CASE("a text as long as the limit is whole, and one character more is cut") {
  struct Case {
    const char* text;
    unsigned limit;
    const char* kept;
    bool cut;
  };
  for (const auto& [text, limit, kept, cut] :
       {Case{"12345", 5, "12345", false}, Case{"123456", 5, "12345", true}, Case{"1234\n\n\n", 5, "1234\n", false},
        Case{"12345   \n\n", 5, "12345", false}, Case{"12345   \n\nx", 5, "12345", true},
        Case{"1234\nx", 6, "1234\nx", false}, Case{"1234\nx", 5, "1234", true}, Case{"123  x", 5, "123", true}}) {
    CAPTURE(text);
    TextBuilder builder(limit);
    builder.append(text);
    CHECK(builder.full() == cut);
    CHECK(std::move(builder).take() == kept);
  }
}

TEST_CASE("the limit never cuts a character") {
  const std::string text = "aä€😀b";
  for (std::uint64_t limit = 0; limit <= text.size() + 1; ++limit) {
    TextBuilder builder(limit);
    builder.append(text);
    CHECK(builder.full() == (limit < text.size()));
    const std::string kept = std::move(builder).take();
    CHECK(kept.size() <= limit);
    CHECK(is_utf8(kept));
    CHECK((text + "\n").starts_with(kept));
    CHECK(kept.size() + 4 > std::min<std::uint64_t>(limit, text.size()));
  }
}

TEST_CASE("breaks count once, and joining takes them back") {
  TextBuilder builder(100);
  builder.break_paragraph();
  builder.append("a");
  builder.break_line();
  builder.break_paragraph();
  builder.break_line();
  builder.append("b");
  builder.break_paragraph();
  builder.join();
  builder.append("c");
  builder.break_paragraph();
  CHECK(std::move(builder).take() == "a\n\nbc\n");
}

TEST_CASE("a title is one clean line of bounded length") {
  CHECK(clean_title("  A \n\t title\u0000 \r\n ") == "A title");
  CHECK(clean_title("a\x01\u0007b") == "ab");
  CHECK(clean_title(std::string(1024, 'x')).size() == 1024);
  CHECK(clean_title(std::string(1025, 'x')).size() == 1024);
  CHECK(clean_title(std::string(1023, 'x') + "ä").size() == 1023);
  CHECK(clean_title("") == "");
}
