#include <doctest/doctest.h>

#include <chrono>

#include "base/utf8.h"
#include "extract/formats.h"
#include "extract/markdown_inline.h"
#include "extract_support.h"

using namespace docupilot;
using docupilot_test::extract_as;
using docupilot_test::repeat;

namespace {

std::string text_of(const std::string& markdown) { return markdown_to_text(markdown, {}).text; }
std::string title_of(const std::string& markdown) { return markdown_to_text(markdown, {}).title; }

}  // namespace

TEST_CASE("headings lose their marks and are paragraphs of their own") {
  CHECK(text_of("# One\ntext\n## Two ##\nmore\n###### Six\n####### seven\n#none") ==
        "One\n\ntext\n\nTwo\n\nmore\n\nSix\n\n####### seven #none\n");
  CHECK(text_of("One\n===\ntext\n\nTwo\n---\nmore") == "One\n\ntext\n\nTwo\n\nmore\n");
  CHECK(text_of("# C# and F#") == "C# and F#\n");
}

TEST_CASE("paragraphs are parted by empty lines, and lines of one are joined") {
  CHECK(text_of("one\ntwo\n\n\n\nthree\r\nfour") == "one two\n\nthree four\n");
  CHECK(text_of("hard  \nbreak\\\nhere") == "hard\nbreak\nhere\n");
  CHECK(text_of("a\n\n---\n\nb\n\n* * *\nc") == "a\n\nb\n\nc\n");
}

TEST_CASE("emphasis loses its marks where it is emphasis") {
  CHECK(markdown_inline("*a* **b** ***c*** _d_ __e__ ~~f~~ *a **b** c*") == "a b c d e f a b c");
  CHECK(markdown_inline("snake_case_name 2 * 3 * 4 a*b*c **bold*text") == "snake_case_name 2 * 3 * 4 abc *boldtext");
  CHECK(markdown_inline("**not closed and ~one~ tilde") == "**not closed and one tilde");
  CHECK(markdown_inline("a * b, * c, ** d") == "a * b, * c, ** d");
  CHECK(markdown_inline("*一*号") == "一号");
}

TEST_CASE("code is kept as it is") {
  CHECK(markdown_inline("use `*x*` and ``a`b`` and ` c `") == "use *x* and a`b and c");
  CHECK(markdown_inline("`open and ``open") == "`open and ``open");
  CHECK(text_of("```cpp\nint *a;\n\n  # no heading\n```\nafter") == "int *a;\n\n  # no heading\n\nafter\n");
  CHECK(text_of("~~~\n```\n~~~~\nb") == "```\n\nb\n");
  CHECK(text_of("a\n\n    indented *code*\n      more\n\nb") == "a\n\nindented *code*\n  more\n\nb\n");
  CHECK(text_of("```\nnever closed") == "never closed\n");
}

TEST_CASE("links and images keep their text") {
  CHECK(markdown_inline("see [the *docs*](https://x.org \"a (title)\") now") == "see the docs now");
  CHECK(markdown_inline("![alt](a.png) [![badge](b.svg)](c) [ref][id] [ref][]") == "alt badge ref ref");
  CHECK(markdown_inline("[a](b(c)d) <https://x.org/?q=1> <me@x.org>") == "a https://x.org/?q=1 me@x.org");
  CHECK(markdown_inline("array[0] and [just brackets] and [open") == "array[0] and [just brackets] and [open");
  CHECK(text_of("[id]: https://x.org 'title'\n\ntext[^1]\n\n[^1]: the note") == "text\n\nthe note\n");
}

TEST_CASE("escapes, entities and tags are resolved") {
  CHECK(markdown_inline(R"(\*a\* \\ \[b\] \x)") == R"(*a* \ [b] \x)");
  CHECK(markdown_inline("&amp; &lt; &#233; &#xE9; &#0; &nosuch; & &#x110000;") == "& < é é \ufffd &nosuch; & \ufffd");
  CHECK(markdown_inline("a<br>b <span class='x'>c</span> <!-- no --> 1 < 2 > 0") == "a\nb c  1 < 2 > 0");
  CHECK(text_of("<!-- a\n\nb -->\n\ntext\n\n<script>\n\nno\n</script>\nmore") == "text\n\nmore\n");
  CHECK(text_of("<div align=center>\n\n**x**\n\n</div>") == "x\n");
}

TEST_CASE("lists and quotes read as lines") {
  CHECK(text_of("* a\n+ b\n- c\n  more c\n\n1. one\n2) two\n- [x] done\n- [ ] open") ==
        "- a\n- b\n- c more c\n\n1. one\n2) two\n- done\n- open\n");
  CHECK(text_of("- a\n    - b\n        - c\n\n  para\n\nout") == "- a\n- b\n- c\n\npara\n\nout\n");
  CHECK(text_of("- a\n\n  ```\n  code\n    x\n  ```") == "- a\n\ncode\n  x\n");
  CHECK(text_of("> quoted *text*\n> > deeper\n>\n> - item\nlazy") == "quoted text deeper\n\n- item lazy\n");
}

TEST_CASE("tables have tabs between their cells") {
  CHECK(text_of("| a | **b** |\n|---|:-:|\n| 1 | 2 \\| 3 |\nx | y\n\nafter") == "a\tb\n1\t2 | 3\nx\ty\n\nafter\n");
  CHECK(text_of("not | a table") == "not | a table\n");
}

TEST_CASE("front matter gives the title and is no text") {
  CHECK(title_of("---\ntitle: \"The title\"\ntags: [a]\n---\n# Heading") == "The title");
  CHECK(text_of("---\ntitle: x\n---\n# Heading") == "Heading\n");
  CHECK(title_of("+++\ntitle = 'T'\n+++\ntext") == "T");
  CHECK(title_of("---\r\ntitle: T\r\n...\r\ntext") == "T");
  CHECK(title_of("---\nauthor: x\n---\n# Heading") == "Heading");
  CHECK(text_of("---\nno end") == "no end\n");
  CHECK(title_of("text\n\nThe *first*\n===\n# Second") == "The first");
  CHECK(title_of("no headings") == "");
}

TEST_CASE("a file of exactly the limit is read, and one byte more is too large") {
  const std::string text = "# " + std::string(998, 'x');
  CHECK(extract_as("text/markdown", text, {.markup = 1000})->title.size() == 998);
  const auto larger = extract_as("text/markdown", text + "y", {.markup = 1000});
  REQUIRE_FALSE(larger);
  CHECK(larger.error().code() == ErrorCode::too_large);
}

TEST_CASE("the text of Markdown is cut at its limit") {
  CHECK_FALSE(extract_as("text/markdown", "# one\n\ntwo", {.text = 8})->truncated);
  const auto cut = extract_as("text/markdown", "# one\n\ntwo", {.text = 7});
  CHECK(cut->truncated);
  CHECK(cut->text == "one\n\ntw");
  CHECK(cut->title == "one");
}

TEST_CASE("markup made to be slow takes linear time") {
  for (const char* piece :
       {"[",        "![",    "[](",  "[]((", "[a](",     "*",   "_",  "*a ",  "_a *b ",    "**a_",   "`",       "`` ` ",
        "<",        "<a ",   "<!--", "&",    "&#",       "\\",  "[^", "]",    "](",        "> ",     "- ",      "|a",
        "a\n---\n", "~~~\n", "~",    "~~a ", "[a]: b\n", "1. ", "#",  "# \n", "<script\n", "    \n", "> > > - "}) {
    const std::string text = repeat(piece, (2U << 20U) / std::char_traits<char>::length(piece));
    const auto begin = std::chrono::steady_clock::now();
    const ExtractedText result = markdown_to_text(text, {});
    CHECK_MESSAGE(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20), piece);
    CHECK(is_utf8(result.text));
  }
}

TEST_CASE("every front of a file can be read") {
  const std::string text =
      "---\ntitle: t\n---\n# H *e* `c`\n\n> q\n> - [x] i\n\n| a | b |\n|--|--|\n| `1` | 2 |\n\n![i](p) [l][r] <b>x</b> "
      "&eacute;"
      "\n\n```c\nx\n```\n\n1. o\n   two\n\n[r]: http://x\nSet\n===\n\\* é😀";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    CHECK(markdown_to_text(std::string_view(text).substr(0, length), {}).text.size() <= length + 1);
    CHECK(markdown_to_text(std::string_view(text).substr(length), {}).text.size() <= text.size() + 1);
  }
  CHECK(markdown_to_text(text, {}).text.find("two") != std::string::npos);
}
