#include <doctest/doctest.h>

#include <chrono>

#include "extract_support.h"

using namespace docupilot;
using docupilot_test::docx_body;
using docupilot_test::docx_paragraph;
using docupilot_test::docx_relations;
using docupilot_test::extract;
using docupilot_test::extract_as;
using docupilot_test::make_docx;
using docupilot_test::make_zip;
using docupilot_test::repeat;

namespace {

constexpr const char* docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

ErrorCode code_of(const std::string& bytes, const ExtractLimits& limits = {}) {
  const auto result = extract_as(docx, bytes, limits);
  REQUIRE_FALSE(result);
  CHECK_FALSE(result.error().hint().empty());
  return result.error().code();
}

}  // namespace

TEST_CASE("a document cut off anywhere gives a clear error") {
  const std::string whole = make_docx(docx_body(docx_paragraph("Some text that is not very long")));
  REQUIRE(extract_as(docx, whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto result = extract_as(docx, whole.substr(0, length));
    REQUIRE_FALSE(result);
    CHECK((result.error().code() == ErrorCode::corrupted));
    CHECK_FALSE(result.error().hint().empty());
  }
}

TEST_CASE("a document with one byte changed gives text or a clear error") {
  const std::string whole = make_docx(docx_body(docx_paragraph("Some text that is not very long")));
  std::size_t refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^ change);
      const auto result = extract_as(docx, damaged);
      if (result) continue;
      ++refused;
      CHECK_FALSE(result.error().message().empty());
      CHECK((result.error().code() == ErrorCode::corrupted || result.error().code() == ErrorCode::too_large ||
             result.error().code() == ErrorCode::unsupported));
    }
  }
  CHECK(refused > whole.size() / 4);
}

TEST_CASE("a part may unpack to the limit's times its size and no more") {
  const std::string bomb = docx_body(docx_paragraph(std::string(4U << 20U, 'x')));
  const std::string bytes = make_docx(bomb);
  CHECK(code_of(bytes) == ErrorCode::too_large);
  CHECK(extract_as(docx, bytes, {.compression_ratio = 2000}));
  // Without compression it is 1: a limit of 1 passes, a limit of 0 does not.
  const std::string stored = make_docx(docx_body(docx_paragraph("x")), {}, false);
  CHECK(extract_as(docx, stored, {.compression_ratio = 1}));
  CHECK(code_of(stored, {.compression_ratio = 0}) == ErrorCode::too_large);
}

TEST_CASE("a part may unpack to the limit of markup and no more") {
  const std::string xml = docx_body(docx_paragraph("some text"));
  const std::string bytes = make_docx(xml);
  const std::uint64_t size = std::max(xml.size(), docx_relations.size());
  CHECK(extract_as(docx, bytes, {.markup = size}));
  CHECK(code_of(bytes, {.markup = size - 1}) == ErrorCode::too_large);
}

TEST_CASE("a file of exactly the limit is read, and one byte more is too large") {
  const std::string bytes = make_docx(docx_body(docx_paragraph("some text")));
  CHECK(extract_as(docx, bytes, {.archive = bytes.size()}));
  CHECK(code_of(bytes, {.archive = bytes.size() - 1}) == ErrorCode::too_large);
}

TEST_CASE("sizes in the headers are not believed") {
  std::string bytes = make_docx(docx_body(docx_paragraph(std::string(1U << 20U, 'x'))));
  const std::size_t name = bytes.rfind("word/document.xml");
  REQUIRE(name != std::string::npos);
  for (const std::string& size : {std::string("\x10\0\0\0", 4), std::string("\xff\xff\xff\x7f", 4)}) {
    std::string lying = bytes;
    lying.replace(name - 46 + 24, 4, size);  // in the central directory: the unpacked size
    CHECK((code_of(lying) == ErrorCode::too_large || code_of(lying) == ErrorCode::corrupted));
    lying = bytes;
    lying.replace(name - 46 + 20, 4, size);  // the packed size
    CHECK((code_of(lying) == ErrorCode::too_large || code_of(lying) == ErrorCode::corrupted));
  }
}

TEST_CASE("a document type declaration is refused, with entities or without") {
  const std::string entities =
      "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
      "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
  for (const std::string& prologue :
       {entities, std::string("<!DOCTYPE d>"), std::string("<?xml version='1.0'?><!DOCTYPE d>")}) {
    CHECK(code_of(make_docx(prologue + "<d><p><t>&c;&x;</t></p></d>")) == ErrorCode::corrupted);
  }
  CHECK(code_of(make_docx(docupilot_test::encode("UTF-16", entities + "<d><p><t>a</t></p></d>"))) ==
        ErrorCode::corrupted);
  // Entities that nobody declared stay as they are.
  CHECK(extract_as(docx, make_docx("<d><p><t>&c;</t></p></d>"))->text == "&c;\n");
}

TEST_CASE("elements may be nested up to the limit and no deeper") {
  const auto nested = [](std::size_t depth) {
    return make_docx(repeat("<a>", depth) + "<t>deep</t>" + repeat("</a>", depth));
  };
  CHECK(extract_as(docx, nested(511))->text == "deep\n");
  CHECK(code_of(nested(512)) == ErrorCode::too_large);
  CHECK(extract_as(docx, nested(4), {.depth = 5}));
  CHECK(code_of(nested(5), {.depth = 5}) == ErrorCode::too_large);
  CHECK(code_of(make_docx(repeat("<a>", 100'000) + repeat("</a>", 100'000)), {.compression_ratio = 2000}) ==
        ErrorCode::too_large);
}

TEST_CASE("an encrypted document says so") {
  const std::string bytes = make_zip({{"word/document.xml", docx_body(docx_paragraph("secret"))}}, true, "password");
  const auto result = extract_as(docx, bytes);
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == ErrorCode::corrupted);
  CHECK(result.error().message().find("encrypted") != std::string::npos);
  CHECK(result.error().hint().find("password") != std::string::npos);
}

TEST_CASE("archives that are no documents are refused") {
  CHECK(code_of(make_zip({{"a.txt", "hello"}})) == ErrorCode::corrupted);
  CHECK(code_of(make_docx("this is no XML <")) == ErrorCode::corrupted);
  CHECK(code_of(make_docx("")) == ErrorCode::corrupted);
  CHECK(code_of(std::string("PK\3\4") + std::string(100, 'x')) == ErrorCode::corrupted);
  CHECK(code_of(std::string("PK\5\6") + std::string(18, '\0')) == ErrorCode::corrupted);
}

TEST_CASE("an absurd number of tags or files costs no time and little memory") {
  const auto begin = std::chrono::steady_clock::now();
  const std::string many_tags = make_docx(repeat("<a/>", 4'000'001), {}, true);
  CHECK(code_of(many_tags, {.compression_ratio = 5000}) == ErrorCode::too_large);
  std::string count = make_zip({{"word/document.xml", docx_body("")}});
  count.replace(count.size() - 14, 4, "\xff\xff\xff\xff");  // entries on this disk and in all
  CHECK(code_of(count) == ErrorCode::corrupted);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
}

TEST_CASE("the text of a DOCX is cut at its limit") {
  const std::string bytes = make_docx(docx_body(docx_paragraph("one") + docx_paragraph("two")));
  CHECK_FALSE(extract_as(docx, bytes, {.text = 8})->truncated);
  const auto cut = extract_as(docx, bytes, {.text = 7});
  REQUIRE(cut);
  CHECK(cut->truncated);
  CHECK(cut->text == "one\n\ntw");
}
