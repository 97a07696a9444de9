#include <doctest/doctest.h>

#include "extract_support.h"

using namespace docupilot;
using docupilot_test::docx_body;
using docupilot_test::docx_paragraph;
using docupilot_test::docx_relations;
using docupilot_test::extract;
using docupilot_test::make_docx;
using docupilot_test::make_zip;

namespace {

constexpr const char* docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

std::string text_of(const std::string& inside) {
  const auto result = extract(make_docx(docx_body(inside)));
  REQUIRE_MESSAGE(result, (result ? "" : result.error().to_string()));
  CHECK(result->content_type == docx);
  CHECK(result->charset == "");
  return result->text;
}

}  // namespace

TEST_CASE("paragraphs, tabs and line breaks of a DOCX are text") {
  CHECK(text_of(docx_paragraph("One &amp; two") + docx_paragraph("") + docx_paragraph("Three é 日本 😀")) ==
        "One & two\n\nThree é 日本 😀\n");
  CHECK(
      text_of("<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/>"
              "<w:t>c</w:t><w:noBreakHyphen/><w:t xml:space='preserve'> d </w:t></w:r><w:r><w:t>e</w:t></w:r></w:p>") ==
      "a\tb\nc- d e\n");
}

TEST_CASE("tables and lists of a DOCX read as lines") {
  const auto cell = [](const std::string& text) { return "<w:tc>" + docx_paragraph(text) + "</w:tc>"; };
  CHECK(text_of(docx_paragraph("before") + "<w:tbl><w:tr>" + cell("a") + cell("b") + "</w:tr><w:tr>" + cell("") +
                cell("d") + "</w:tr></w:tbl>" + docx_paragraph("after")) == "before\n\na\tb\n\td\n\nafter\n");
  const std::string item = "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr>";
  CHECK(text_of(item + "<w:r><w:t>one</w:t></w:r></w:p>" + item + "</w:p>" + docx_paragraph("two")) ==
        "- one\n\ntwo\n");
}

TEST_CASE("deleted text, field codes and second copies are left out") {
  CHECK(text_of("<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
                "<w:r><w:instrText>PAGE</w:instrText></w:r></w:p>") == "new\n");
  CHECK(text_of("<w:p><w:r><mc:AlternateContent><mc:Choice><w:t>shown</w:t></mc:Choice><mc:Fallback><w:t>hidden</w:t>"
                "</mc:Fallback></mc:AlternateContent></w:r></w:p>") == "shown\n");
}

TEST_CASE("prefixes of namespaces do not matter") {
  CHECK(extract(make_docx("<x:document xmlns:x='w'><x:body><x:p><x:r><x:t>a</x:t></x:r></x:p></x:body></x:document>"))
            ->text == "a\n");
  CHECK(extract(make_docx("<document xmlns='w'><body><p><r><t>a</t></r></p></body></document>"))->text == "a\n");
}

TEST_CASE("the title of a DOCX is that of its properties") {
  const std::string core =
      "<cp:coreProperties xmlns:cp='c' xmlns:dc='d'><dc:creator>x</dc:creator><dc:title> A\n title &#233;</dc:title>"
      "</cp:coreProperties>";
  CHECK(extract(make_docx(docx_body(docx_paragraph("text")), core))->title == "A title é");
  CHECK(extract(make_docx(docx_body(docx_paragraph("text"))))->title == "");
  const auto broken = extract(make_docx(docx_body(docx_paragraph("text")), "<cp:coreProperties><dc:title>x"));
  REQUIRE(broken);
  CHECK(broken->title == "");
  CHECK(broken->text == "text\n");
}

TEST_CASE("footnotes follow the text") {
  const std::string bytes = make_zip({{"word/document.xml", docx_body(docx_paragraph("text"))},
                                      {"word/footnotes.xml", docx_body(docx_paragraph("a footnote"))},
                                      {"word/endnotes.xml", docx_body(docx_paragraph("an endnote"))}});
  CHECK(extract(bytes)->text == "text\n\na footnote\n\nan endnote\n");
}

TEST_CASE("the main part may have another name") {
  std::string relations = docx_relations;
  relations.replace(relations.find("word/document.xml"), 17, "/parts/main.xml");
  const std::string bytes =
      make_zip({{"_rels/.rels", relations}, {"parts/main.xml", docx_body(docx_paragraph("text"))}});
  CHECK(extract(bytes, {.content_type = docx})->text == "text\n");
}

TEST_CASE("a DOCX in UTF-16 or without compression is read, too") {
  const std::string utf16 = docupilot_test::encode("UTF-16", "<document><p><t>naïve</t></p></document>");
  CHECK(extract(make_docx(utf16))->text == "naïve\n");
  CHECK(extract(make_docx(docx_body(docx_paragraph("text")), {}, false))->text == "text\n");
}

TEST_CASE("an empty document has no text") {
  CHECK(text_of("") == "");
  CHECK(text_of("<w:p/><w:tbl/><w:p><w:r/></w:p>") == "");
}
