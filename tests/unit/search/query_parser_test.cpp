#include "search/query_parser.h"

#include <random>

#include <doctest/doctest.h>

using namespace docupilot;
using search::QueryNode;

namespace {

// The tree as text: [a b] words side by side, {a b} joined by AND, <a b> by OR, !a, "a b", a*, title:a.
std::string show(const QueryNode& node) {
  const auto children = [&](std::string open, const char* close) {
    for (const QueryNode& child : node.children) open += (open.size() > 1 ? " " : "") + show(child);
    return open + close;
  };
  const std::string title = node.in_title ? "title:" : "";
  switch (node.kind) {
    case QueryNode::Kind::word: return title + node.text;
    case QueryNode::Kind::prefix: return title + node.text;
    case QueryNode::Kind::phrase: return title + '"' + node.text + '"';
    case QueryNode::Kind::all_of: return node.is_spelled ? children("{", "}") : children("[", "]");
    case QueryNode::Kind::any_of: return children("<", ">");
    case QueryNode::Kind::negate: return "!" + show(node.children.at(0));
  }
  return {};
}

std::string parsed(std::string_view text) { return show(search::parse_query(text)); }

std::size_t depth_of(const QueryNode& node) {
  std::size_t deepest = 0;
  for (const QueryNode& child : node.children) deepest = std::max(deepest, depth_of(child));
  return deepest + 1;
}

std::size_t leaves_of(const QueryNode& node) {
  if (node.children.empty() && !node.text.empty()) return 1;
  std::size_t leaves = 0;
  for (const QueryNode& child : node.children) leaves += leaves_of(child);
  return leaves;
}

}  // namespace

TEST_CASE("words stay side by side as they were typed") {
  CHECK(parsed("how to kill a query?") == "[how to kill a query?]");
  CHECK(parsed("  a\tb\n") == "[a b]");
  CHECK(parsed("").size() == 2);
  CHECK(parsed("!? ... ++") == "<>");
}

TEST_CASE("operators bind as one expects: NOT, AND, OR") {
  CHECK(parsed("a AND b") == "{a b}");
  CHECK(parsed("a OR b") == "<[a] [b]>");
  CHECK(parsed("a b OR c") == "<[a b] [c]>");
  CHECK(parsed("a OR b AND NOT c") == "<[a] {b !c}>");
  CHECK(parsed("(a OR b) AND c") == "{<[a] [b]> c}");
  CHECK(parsed("a -b NOT c") == "[a !b !c]");
  CHECK(parsed("a -(b c)") == "[a ![b c]]");
  CHECK(parsed("NOT NOT a") == "[a]");
  CHECK(parsed("a and b or not c") == "[a and b or not c]");
}

TEST_CASE("quotes make phrases, closed or not, straight or curly") {
  CHECK(parsed("\"a b\" c") == "[\"a b\" c]");
  CHECK(parsed("a\"b c\"d") == "[a \"b c\" d]");
  CHECK(parsed("\"a b") == "[\"a b\"]");
  CHECK(parsed("\u201ca b\u201d") == "[\"a b\"]");
  CHECK(parsed("\"\" \" \" a") == "[a]");
  CHECK(parsed("-\"a b\"") == "[!\"a b\"]");
}

TEST_CASE("title: and stars are read where they mean something") {
  CHECK(parsed("title:a b") == "[title:a b]");
  CHECK(parsed("title:\"a b\"") == "[title:\"a b\"]");
  CHECK(parsed("title:(a b)") == "[[title:a title:b]]");
  CHECK(parsed("-title:a") == "[!title:a]");
  CHECK(parsed("title: a") == "[title: a]");
  CHECK(parsed("subtitle:a TITLE:b") == "[subtitle:a TITLE:b]");
  CHECK(search::parse_query("ab*").children.at(0).kind == QueryNode::Kind::prefix);
  CHECK(search::parse_query("a*b").children.at(0).kind == QueryNode::Kind::word);
  CHECK(parsed("*") == "<>");
}

TEST_CASE("what is no operator is a word or nothing") {
  CHECK(parsed("AND a") == "[and a]");
  CHECK(parsed("a AND") == "[a and]");
  CHECK(parsed("a OR") == "[a or]");
  CHECK(parsed("OR a") == "[or a]");
  CHECK(parsed("NOT") == "[not]");
  CHECK(parsed("(a OR)") == "[[a or]]");
  CHECK(parsed("a AND OR b") == "<{a} [b]>");
  CHECK(parsed("-") == "<>");
  CHECK(parsed("--help -h") == "[--help !h]");
  CHECK(parsed("well-known a - b") == "[well-known a b]");
}

TEST_CASE("brackets that do not match, are empty, or stand behind a word are passed over") {
  CHECK(parsed("lower(name)") == "[lower name]");
  CHECK(parsed("count(*) (a") == "[count [a]]");
  CHECK(parsed("a) b") == "[a b]");
  CHECK(parsed("((a") == "[[[a]]]");
  CHECK(parsed("() a ( )") == "[a]");
  CHECK(parsed("(f(x) OR g(y)) AND z") == "{<[f x] [g y]> z}");
}

TEST_CASE("a query counts up to 1,024 bytes, cut between characters") {
  const std::string head(1021, 'a');
  CHECK(search::parse_query(head + " bc").children.at(1).text == "bc");
  CHECK(search::parse_query(head + " bcd").children.at(1).text == "bc");
  CHECK(search::parse_query(head + "\u00e9\u00e9").children.at(0).text == head + "\u00e9");
}

TEST_CASE("a query counts up to 64 words") {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "w ";
  CHECK(leaves_of(search::parse_query(text)) == 64);
  CHECK(leaves_of(search::parse_query(text + "w")) == 64);
}

TEST_CASE("brackets nest 16 deep, and are passed over beyond") {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "a OR (";
    return text + "b" + std::string(static_cast<std::size_t>(depth), ')');
  };
  const std::size_t at_limit = depth_of(search::parse_query(nested(17)));  // its last bracket is none
  CHECK(depth_of(search::parse_query(nested(16))) < at_limit);
  CHECK(depth_of(search::parse_query(nested(15))) < depth_of(search::parse_query(nested(16))));
  CHECK(depth_of(search::parse_query(nested(18))) == at_limit);
  CHECK(depth_of(search::parse_query(nested(100))) == at_limit);
}

TEST_CASE("every text is a query") {
  static constexpr std::string_view parts = "()\"- *:aANDORTtile\t\xff\xc3\xa9";
  std::mt19937 random(3);
  for (int i = 0; i < 10'000; ++i) {
    std::string text;
    for (std::size_t size = random() % 60; size > 0; --size) text += parts[random() % parts.size()];
    const QueryNode root = search::parse_query(text);
    CAPTURE(text);
    CHECK((root.kind == QueryNode::Kind::all_of || root.kind == QueryNode::Kind::any_of));
    CHECK(leaves_of(root) <= 64);
  }
}
