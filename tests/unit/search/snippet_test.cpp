#include "search/snippet.h"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "base/utf8.h"

using namespace docupilot;
using namespace docupilot::search;

namespace {

QueryPlan plan_of(const std::vector<std::vector<std::string>>& phrases, bool is_prefix = false) {
  QueryPlan plan;
  for (const auto& stems : phrases) {
    plan.wished.push_back(plan.concepts.size());
    plan.concepts.push_back({.phrases = {{stems, is_prefix}}});
  }
  return plan;
}

std::string snippet(std::string_view text, const QueryPlan& plan, int first, int last, SnippetStyle style = {},
                    bool is_begin = true, bool is_end = true) {
  Analyzer analyzer;
  return make_snippet(text, first, last, is_begin, is_end, Highlighter(plan), style, analyzer);
}

}  // namespace

TEST_CASE("matching words are marked whole, whatever their form") {
  const QueryPlan plan = plan_of({{"connect"}, {"role"}});
  CHECK(snippet("Limit the Connections per role.", plan, 2, 4) == "Limit the **Connections** per **role**.");
  CHECK(snippet("(connected) role's", plan, 0, 1) == "(**connected**) **role's**");
}

TEST_CASE("phrases are marked only where they stand together, prefixes wherever they begin a word") {
  const QueryPlan phrase = plan_of({{"pg", "stat"}});
  CHECK(snippet("pg_stat and stat of pg", phrase, 0, 1) == "**pg**_**stat** and stat of pg");
  CHECK(snippet("postgres is posted", plan_of({{"post"}}, true), 0, 0) == "**postgres** is **posted**");
}

TEST_CASE("the passage is cut at words, with a sign of what was left out") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "w" + std::to_string(i) + (i == 50 ? ", " : " ");
  const QueryPlan plan = plan_of({{"w50"}});
  const std::string middle = snippet(text, plan, 50, 50, {.words = 7});
  CHECK(middle == "\u2026w48 w49 **w50**, w51 w52 w53 w54\u2026");
  CHECK(snippet(text, plan, -1, -1, {.words = 3}) == "w0 w1 w2\u2026");
  CHECK(snippet(text, plan, 0, 0, {.words = 2}, false, false) == "\u2026w0 w1\u2026");
  CHECK(snippet(text, plan, 99, 99, {.words = 2}) == "\u2026w98 w99");
  CHECK(snippet(text, plan, 0, 0, {.words = 1000}).find("\u2026") == std::string::npos);
  CHECK(snippet(text, plan, 10, 40, {.words = 5}).starts_with("\u2026w10 "));
}

TEST_CASE("white space and control characters become single blanks") {
  const QueryPlan plan = plan_of({{"b"}});
  CHECK(snippet("a \t\n\r b\x01\x02"
                "c\u0085d\x7f",
                plan, 0, 2) == "a **b** c d");
  CHECK(snippet("\n\n", plan, -1, -1).empty());
  CHECK(snippet("...", plan, -1, -1).empty());
}

TEST_CASE("nothing is added to the text but the marks that were given") {
  const QueryPlan plan = plan_of({{"b"}});
  CHECK(snippet("<i>b</i> ** b & \"", plan, 1, 1, {.begin = "[", .end = "]"}) == "<i>[b]</i> ** [b]");
  CHECK(snippet("a b", plan, 0, 1, {.words = 0}).empty());
}

TEST_CASE("words beyond measure are cut between characters, and so is text without words") {
  const QueryPlan plan = plan_of({{"x"}});
  std::string huge;
  for (int i = 0; i < 5'000; ++i) huge += "\u0436";
  const std::string cut = snippet(huge + " x", plan, 0, 0);
  CHECK(cut.size() < 200);
  CHECK(is_utf8(cut));
  const std::string gap = "a" + std::string(1 << 20, '.') + "x";
  CHECK(snippet(gap, plan, 1, 1).size() < 2'000);
}

TEST_CASE("whatever the text, the snippet is UTF-8 and not long") {
  std::mt19937 random(4);
  Analyzer analyzer;
  const QueryPlan plan = plan_of({{"ab"}, {"\u4e2d", "\u6587"}, {"c", "d"}});
  const Highlighter highlighter(plan);
  for (int i = 0; i < 3'000; ++i) {
    std::string text;
    for (std::size_t size = random() % 120; size > 0; --size) {
      static constexpr std::string_view parts[] = {"ab",         " ",  "\u4e2d", "\u6587", "c", "d",
                                                   "\u00e9",     "\n", "--",     "\u2026", "'", "\u0301",
                                                   "\U0001f600", ".",  "C++",    "x_y"};
      text += parts[random() % std::size(parts)];
    }
    int tokens = 0;
    analyzer.read(text, [&](const Token&) { ++tokens; });
    const int first = tokens == 0 ? -1 : static_cast<int>(random() % static_cast<unsigned>(tokens));
    const int last = tokens == 0 ? -1 : std::min(tokens - 1, first + static_cast<int>(random() % 10));
    const SnippetStyle style{.words = 1 + random() % 20, .begin = "[", .end = "]"};
    const std::string out = make_snippet(text, first, last, random() % 2, random() % 2, highlighter, style, analyzer);
    CAPTURE(text);
    CHECK(is_utf8(out));
    CHECK(std::ranges::count(out, '[') == std::ranges::count(out, ']'));
    CHECK(out.size() < 1'000);
  }
}
