#include <doctest/doctest.h>
#include <pthread.h>

#include <chrono>
#include <functional>

#include "extract/formats.h"
#include "extract_support.h"

using namespace docupilot;
using docupilot_test::extract_as;
using docupilot_test::repeat;

namespace {

std::string tag(std::string_view name, bool is_end = false) {
  std::string text = is_end ? "</" : "<";
  text += name;
  text += '>';
  return text;
}

std::string many_attributes() {
  std::string text = "<div";
  for (int i = 0; i < 200'000; ++i) text.append(" a").append(std::to_string(i)).append("=1");
  return text.append(">x");
}

/// Runs `work` on a thread whose stack has 512 KiB.
void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 512U << 10U);
  pthread_t thread{};
  REQUIRE(pthread_create(
              &thread, &attributes,
              [](void* given) -> void* {
                (*static_cast<std::function<void()>*>(given))();
                return nullptr;
              },
              &work) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

double seconds_for(const std::string& html, ErrorCode* code = nullptr) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = extract_as("text/html", html, {.markup = 64U << 20U});
  if (code != nullptr) *code = result ? ErrorCode::internal : result.error().code();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("nesting is allowed up to the limit and no deeper") {
  for (const char* name : {"div", "blockquote", "section"}) {
    const std::string open = tag(name);
    const std::string close = tag(name, true);
    for (const unsigned depth : {1U, 100U, 512U, 513U, 600U}) {
      const auto result = extract_as("text/html", repeat(open, depth) + "deep" + repeat(close, depth));
      REQUIRE(result.has_value() == (depth <= 512));
      if (result) CHECK(result->text == "deep\n");
      else CHECK(result.error().code() == ErrorCode::too_large);
    }
  }
  CHECK(extract_as("text/html", repeat("<div>", 5) + "x", {.depth = 5}));
  CHECK_FALSE(extract_as("text/html", repeat("<div>", 6) + "x", {.depth = 5}));
}

TEST_CASE("a hundred levels of any element can be read") {
  for (const char* name :
       {"div", "b", "span", "ul><li", "table><tr><td", "font", "custom-x", "p", "svg", "h1", "form"}) {
    const auto result = extract_as("text/html", repeat(tag(name), 100) + "deep");
    REQUIRE_MESSAGE(result, name);
    CHECK_MESSAGE(result->text.find("deep") != std::string::npos, name);
  }
}

TEST_CASE("a hundred thousand levels overflow no stack") {
  on_small_stack([] {
    for (const char* name : {"div", "b", "span", "ul><li", "table><tr><td", "font", "custom-x", "p", "svg", "h1", "a",
                             "template", "select", "button", "object", "dd", "math", "noscript", "frameset"}) {
      const std::string html = repeat(tag(name), 100'000) + "deep";
      for (const std::string& page : {html, html + repeat(tag(name, true), 100'000)}) {
        const auto result = extract_as("text/html", page);
        if (!result) CHECK_MESSAGE(result.error().code() == ErrorCode::too_large, name);
      }
    }
  });
}

TEST_CASE("elements that the parser ends itself do not count as nested") {
  for (const char* piece : {"<p>a", "<li>a", "<br>", "<dt>a<dd>b", "<option>a", "<img>", "<h1>a<h2>b", "<input>",
                            "<p>a</b></i></span>", "<td>a", "<ul><li>a</ul>", "<b><p>a</b></p>", "<a><div>a</div>"}) {
    CHECK_MESSAGE(extract_as("text/html", repeat(piece, 5000)), piece);
  }
  CHECK(extract_as("text/html", "<table>" + repeat("<tr><td>a<td>b", 5000)));
  CHECK(extract_as("text/html", "<table>" + repeat("<tbody><tr><th>a<thead>", 5000)));
}

TEST_CASE("markup made to be slow takes linear time") {
  ErrorCode code{};
  for (const std::string& html : {many_attributes(),
                                  repeat("<p><b id=1><i>", 100'000),
                                  repeat("<p><font a=1></p>x", 100'000),
                                  repeat("<a><table>", 100'000),
                                  repeat("<svg>", 200'000),
                                  repeat("<svg></svg", 200'000),
                                  repeat("<template><svg>", 200'000),
                                  repeat("<!--", 300'000),
                                  repeat("<script><!--</script>", 100'000) + "-->",
                                  repeat("<script><!--<script>", 100'000),
                                  repeat("</x>", 300'000),
                                  repeat("<", 1'000'000),
                                  repeat("<a ", 300'000),
                                  repeat("<title>", 200'000),
                                  repeat("<div><table><td></div>", 60'000),
                                  repeat("<b><b><b><b><p></b></b></b></b></p>", 30'000),
                                  repeat("&", 1'000'000),
                                  repeat("<td><div>", 100'000),
                                  repeat("<style>", 300'000),
                                  repeat("<style></", 300'000),
                                  repeat("</p>", 100'000),
                                  repeat("<br>", 250'000)}) {
    CHECK_MESSAGE(seconds_for(html, &code) < 20, html.substr(0, 40));
  }
}

TEST_CASE("a page of exactly the limit is read, and one byte more is too large") {
  const std::string page = "<p>" + std::string(997, 'x');
  CHECK(extract_as("text/html", page, {.markup = 1000})->text.size() == 998);
  const auto larger = extract_as("text/html", page + "y", {.markup = 1000});
  REQUIRE_FALSE(larger);
  CHECK(larger.error().code() == ErrorCode::too_large);
  CHECK(larger.error().hint().find("ExtractLimits::markup") != std::string::npos);
}

TEST_CASE("pages of nothing but tags may be large, but not without bounds") {
  CHECK(extract_as("text/html", repeat("<p>a", 500'000)));
  const auto larger = extract_as("text/html", repeat("<p>", 5'000'000));
  REQUIRE_FALSE(larger);
  CHECK(larger.error().code() == ErrorCode::too_large);
  CHECK_FALSE(larger.error().hint().empty());
}

TEST_CASE("the text of a page is cut at its limit") {
  const std::string page = "<p>one</p><p>two</p>";  // "one\n\ntwo\n"
  CHECK_FALSE(extract_as("text/html", page, {.text = 9})->truncated);
  CHECK_FALSE(extract_as("text/html", page, {.text = 8})->truncated);
  const auto cut = extract_as("text/html", page, {.text = 7});
  CHECK(cut->truncated);
  CHECK(cut->text == "one\n\ntw");
}

TEST_CASE("every front of a page can be read") {
  const std::string page =
      "<!DOCTYPE html><html><head><title>T&amp;t</title><script>a('</p>')</script><!-- c --></head><body><div class="
      "\"navheader x\" id='y'>n</div><ul><li>a<ol><li>b</ol></ul><table><tr><td>c&eacute;<td>d</table><pre>\n e</pre>"
      "<svg viewBox=0><g/></svg><p>f &lt; g</p></body></html>";
  for (std::size_t length = 0; length <= page.size(); ++length) {
    CHECK(html_to_text(std::string_view(page).substr(0, length), {}, {}));
    CHECK(html_to_text(std::string_view(page).substr(length), {}, {}));
  }
}

TEST_CASE("a stop while a page is parsed ends the call") {
  class StopAtEnd final : public Reader {
   public:
    StopAtEnd(std::string_view text, std::stop_source& stop) : text_(as_bytes(text)), stop_(stop) {}
    Result<std::size_t> read(MutableByteView into, const Context&) override {
      auto count = text_.read(into, {});
      if (count && *count == 0) stop_.request_stop();
      return count;
    }
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return text_.size(); }

   private:
    MemoryReader text_;
    std::stop_source& stop_;
  };
  std::stop_source stop;
  const std::string page = repeat("<p>text</p>", 100'000);
  StopAtEnd body(page, stop);
  const auto result = make_extractor()->extract(body, {.content_type = "text/html"}, {.stop = stop.get_token()});
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == ErrorCode::cancelled);
}
