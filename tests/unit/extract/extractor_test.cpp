#include <doctest/doctest.h>
#include <docupilot/extract/extractor.h>

#include <thread>

#include "extract_support.h"

using namespace docupilot;
using namespace std::string_literals;
using docupilot_test::extract;
using docupilot_test::make_docx;
using docupilot_test::make_pdf;
using docupilot_test::make_zip;

namespace {

const std::string docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const std::string png = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s;

ErrorCode code_of(const std::string& bytes, const ExtractInput& input, const ExtractOptions& options = {}) {
  const auto result = extract(bytes, input, options);
  REQUIRE_FALSE(result);
  CHECK(result.error().operation() == "extract");
  CHECK(result.error().target() == input.name);
  CHECK_FALSE(result.error().hint().empty());
  return result.error().code();
}

}  // namespace

TEST_CASE("an extractor says which media types have text") {
  const auto extractor = make_extractor();
  for (const std::string& type : {"text/plain"s, "text/html"s, "text/markdown"s, "application/xhtml+xml"s, "text/csv"s,
                                  "application/json"s, "application/pdf"s, docx}) {
    CHECK_MESSAGE(extractor->handles(type), type);
  }
  for (const char* type : {"image/png", "application/zip", "application/octet-stream", "video/mp4", "", "text/rtf",
                           "application/msword", "image/svg+xml"}) {
    CHECK_FALSE_MESSAGE(extractor->handles(type), type);
  }
  CHECK_FALSE(make_extractor({.pdftotext = ""})->handles("application/pdf"));
}

TEST_CASE("what the bytes prove counts, whatever they are said to be") {
  CHECK(code_of(png, {.name = "a.txt", .content_type = "text/plain"}) == ErrorCode::unsupported);
  CHECK(code_of(png, {.name = "a.pdf", .content_type = "application/pdf"}) == ErrorCode::unsupported);
  CHECK(code_of(make_zip({{"a", "b"}}), {.name = "a.html", .content_type = "text/html"}) == ErrorCode::unsupported);
  const auto result = extract(make_docx(docupilot_test::docx_body("")), {.content_type = "text/plain"});
  REQUIRE(result);
  CHECK(result->content_type == docx);
}

TEST_CASE("a type that says nothing is found out, one that says something is kept") {
  const std::string page = "<!DOCTYPE html><h1>Title</h1>";
  for (const char* type : {"", "application/octet-stream", "binary/octet-stream", "Application/Octet-Stream; x=y"}) {
    const auto result = extract(page, {.content_type = type});
    REQUIRE(result);
    CHECK(result->content_type == "text/html");
    CHECK(result->text == "Title\n");
  }
  CHECK(extract(page, {.content_type = "Text/Plain"})->text == page + "\n");
  CHECK(extract("# Title", {.name = "a.txt", .content_type = "text/x-markdown"})->content_type == "text/markdown");
  CHECK(extract("# Title", {.name = "README.MD"})->title == "Title");
  CHECK(extract("<p>a", {.content_type = "application/xhtml+xml"})->text == "a\n");
}

TEST_CASE("media types without text are unsupported") {
  CHECK(code_of(png, {.name = "a.png"}) == ErrorCode::unsupported);
  CHECK(code_of("\x01\x02\x00\x03"s, {.name = "noname"}) == ErrorCode::unsupported);
  CHECK(code_of("plain", {.name = "a", .content_type = "image/x-unknown"}) == ErrorCode::unsupported);
  CHECK(code_of("{\\rtf1 hello}", {.name = "a.rtf"}) == ErrorCode::unsupported);
}

TEST_CASE("files that are not what they claim to be are corrupted") {
  CHECK(code_of("hello", {.name = "a.pdf", .content_type = "application/pdf"}) == ErrorCode::corrupted);
  CHECK(code_of("hello", {.name = "a.docx", .content_type = docx}) == ErrorCode::corrupted);
  CHECK(code_of("", {.name = "a.pdf"}) == ErrorCode::corrupted);
  CHECK(code_of("", {.name = "a.docx"}) == ErrorCode::corrupted);
  CHECK(code_of("", {.name = "a.docx", .content_type = docx}) == ErrorCode::corrupted);
  CHECK(code_of("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"s, {.name = "a.docx"}) == ErrorCode::corrupted);
  CHECK(code_of("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"s, {.name = "a.docx", .content_type = docx}) ==
        ErrorCode::corrupted);
}

TEST_CASE("a call that should end does so before it reads") {
  docupilot_test::EndlessReader body("text ", UINT64_MAX);
  std::stop_source stop;
  stop.request_stop();
  auto stopped = make_extractor()->extract(body, {}, {.stop = stop.get_token()});
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code() == ErrorCode::cancelled);
  auto late = make_extractor()->extract(body, {}, {.deadline = Deadline::after(Duration())});
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == ErrorCode::timeout);
  CHECK(body.given == 0);
}

TEST_CASE("the stop token ends the reading of text that never ends") {
  for (const char* type : {"text/plain", "text/html", "text/markdown"}) {
    std::stop_source stop;
    class StoppingReader final : public Reader {
     public:
      explicit StoppingReader(std::stop_source& stop) : stop_(stop) {}
      Result<std::size_t> read(MutableByteView into, const Context& context) override {
        if (++calls_ == 20) stop_.request_stop();
        if (calls_ > 200) return Error(ErrorCode::internal, "nobody looked at the stop token");
        if (auto going = context.check("read"); !going && calls_ % 2 == 0) return std::move(going).error();
        std::fill(into.begin(), into.end(), std::byte{' '});
        return into.size();
      }
      [[nodiscard]] std::optional<std::uint64_t> size() const override { return {}; }

     private:
      std::stop_source& stop_;
      int calls_ = 0;
    };
    StoppingReader body(stop);
    const ExtractOptions options{.limits = {.markup = UINT64_MAX >> 1U}};
    const auto result = make_extractor(options)->extract(body, {.content_type = type}, {.stop = stop.get_token()});
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::cancelled);
  }
}

TEST_CASE("one extractor serves many threads") {
  const auto extractor = make_extractor();
  const std::string page = "<title>T</title>" + docupilot_test::repeat("<p>Some text &amp; more</p>", 200);
  const std::string paper = make_docx(docupilot_test::docx_body(docupilot_test::docx_paragraph("Some text")));
  const std::string pdf = make_pdf("Some text");
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (const std::string* bytes : {&page, &paper, &pdf, &page}) {
          MemoryReader body(as_bytes(*bytes));
          const auto result = extractor->extract(body, {});
          if (result && result->text.starts_with("Some text")) ++good;
        }
      });
    }
  }
  CHECK(good == 16);
}
