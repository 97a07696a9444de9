#include <string>

#include <doctest/doctest.h>
#include <docupilot/base/filter.h>

using namespace docupilot;

namespace {

Filter parsed(std::string_view text) {
  INFO(std::string(text));
  const auto filter = parse_filter(text);
  REQUIRE_MESSAGE(filter.has_value(), filter.error().to_string());
  return *filter;
}

}  // namespace

TEST_CASE("every comparison has a sign and some a word") {
  CHECK(parsed("size = 1") == (field("size") == 1));
  CHECK(parsed("size == 1") == (field("size") == 1));
  CHECK(parsed("size != 1") == (field("size") != 1));
  CHECK(parsed("size<1") == (field("size") < 1));
  CHECK(parsed("size<=1") == (field("size") <= 1));
  CHECK(parsed("size>1") == (field("size") > 1));
  CHECK(parsed("size>=1") == (field("size") >= 1));
  CHECK(parsed("name ^= a/b") == field("name").starts_with("a/b"));
  CHECK(parsed("name starts_with a/b") == field("name").starts_with("a/b"));
  CHECK(parsed("tags has draft") == field("tags").contains("draft"));
  CHECK(parsed("tags contains draft") == field("tags").contains("draft"));
  CHECK(parsed("size in (1,2 , 3)") == field("size").one_of({1, 2, 3}));
  CHECK(parsed("exists summary") == field("summary").exists());
  CHECK(parsed("attributes.a = null") == !field("attributes.a").exists());
  CHECK(parsed("attributes.a != null") == field("attributes.a").exists());
  CHECK(parsed(" \t\r\n") == Filter());
}

TEST_CASE("and binds more than or, not more than and; words may be in capitals") {
  const Filter a = field("size") == 1, b = field("size") == 2, c = field("size") == 3;
  CHECK(parsed("size=1 or size=2 and size=3") == Filter::any_of({a, Filter::all_of({b, c})}));
  CHECK(parsed("(size=1 or size=2) AND size=3") == Filter::all_of({Filter::any_of({a, b}), c}));
  CHECK(parsed("not size=1 and size=2") == Filter::all_of({!a, b}));
  CHECK(parsed("NOT (size=1 And size=2)") == !Filter::all_of({a, b}));
  CHECK(parsed("size=1 or size=2 or size=3") == Filter::any_of({a, b, c}));
  CHECK(parsed("((size=1))") == a);
  CHECK(parsed("not EXISTS tags") == !field("tags").exists());
}

TEST_CASE("a word is what its field takes") {
  CHECK(parsed("id = 2026") == (field("id") == "2026"));
  CHECK(parsed("title = true") == (field("title") == "true"));
  CHECK(parsed("tags has 1.5") == field("tags").contains("1.5"));
  CHECK(parsed("created > 2026-01-31T09:30:00.25Z") == (field("created") > Timestamp{1'769'851'800'250'000}));
  CHECK(parsed("created > '2026-01-31T09:30:00.25+00:00'") == (field("created") > Timestamp{1'769'851'800'250'000}));
  CHECK(parsed("updated <= 2026-01-31") == (field("updated") <= Timestamp{1'769'817'600'000'000}));
  CHECK(parsed("size > 1.5") == (field("size") > 1.5));
  CHECK(parsed("size > -1e3") == (field("size") > -1000.0));
  CHECK(parsed("attributes.a = 5") == (field("attributes.a") == 5));
  CHECK(parsed("attributes.a = 5.0") == (field("attributes.a") == 5.0));
  CHECK(parsed("attributes.a = 9223372036854775807") == (field("attributes.a") == INT64_MAX));
  CHECK(parsed("attributes.a = 9223372036854775808") == (field("attributes.a") == 0x1p63));
  CHECK(parsed("attributes.a = '5'") == (field("attributes.a") == "5"));
  CHECK(parsed("attributes.a = true") == (field("attributes.a") == true));
  CHECK(parsed("attributes.a = 'true'") == (field("attributes.a") == "true"));
  CHECK(parsed("attributes.a = True") == (field("attributes.a") == "True"));
  CHECK(parsed("attributes.a = nan") == (field("attributes.a") == "nan"));
  CHECK(parsed("attributes.a = inf") == (field("attributes.a") == "inf"));
  CHECK(parsed("attributes.a = 5x") == (field("attributes.a") == "5x"));
  CHECK(parsed("attributes.a = -") == (field("attributes.a") == "-"));
  CHECK(parsed("attributes.a = 0x10") == (field("attributes.a") == "0x10"));
  CHECK(parsed("attributes.a = 2026-01-31T09:30:00Z").values[0].kind() == Value::Kind::time);
  CHECK(parsed("attributes.a = 2026-01-31").values[0] == Value("2026-01-31"));
  CHECK(parsed("attributes.a = and") == (field("attributes.a") == "and"));
}

TEST_CASE("quotes keep spaces and signs, and know six escapes") {
  CHECK(parsed(R"(title = "a (b) = 'c'")").values[0] == Value("a (b) = 'c'"));
  CHECK(parsed(R"(title = 'it\'s \"\\\n\r\t')").values[0] == Value("it's \"\\\n\r\t"));
  CHECK(parsed("title = \"\xc3\xa4\"").values[0] == Value("\xc3\xa4"));
  CHECK(parsed("title = ''").values[0] == Value(""));
  CHECK(parsed(R"(attributes."date of birth".'y"x' = 1)").field == "attributes.date of birth.y\"x");
  CHECK(parsed(R"(attributes.a."b c".d=1)").field == "attributes.a.b c.d");
  CHECK(parsed("attributes.\xc3\xa4=1").field == "attributes.\xc3\xa4");
}

TEST_CASE("an error names the place and what to write there") {
  const std::pair<std::string, std::size_t> table[] = {
      {"size", 4},
      {"size >", 6},
      {"size > 1 size < 2", 9},
      {"size ! 1", 5},
      {"size ^ 1", 5},
      {"> 1", 0},
      {"unknown = 1", 0},
      {"size = 1 and sizes = 1", 13},
      {"(size = 1", 0},
      {"size = 1)", 8},
      {"size = 1 and", 12},
      {"not", 3},
      {"exists", 6},
      {"exists 'size'", 7},
      {"size = abc", 7},
      {"size = '5'", 7},
      {"size > null", 7},
      {"size in 1", 8},
      {"size in ()", 9},
      {"size in (1", 10},
      {"size in (1 2)", 11},
      {"size in (null)", 9},
      {"attributes.a in (null)", 17},
      {"created > yesterday", 10},
      {"created > 2026-13-01", 10},
      {"title = 'abc", 8},
      {"title = \"a\\x\"", 10},
      {"title = 'a\\", 10},
      {"attributes.a = 1e999", 15},
      {"attributes. = 1", 0},
      {"attributes.\"a.b\" = 1", 0},
      {"attributes. \"a\" = 1", 0},
      {"size = 1 && size = 2", 9},
      {"\xff", 0},
      {"title = '\xff'", 0},
      {"tags < ,", 7},
  };
  for (const auto& [text, place] : table) {
    CAPTURE(text);
    const auto filter = parse_filter(text);
    REQUIRE_FALSE(filter.has_value());
    CHECK(filter.error().code() == ErrorCode::invalid_argument);
    CHECK(filter.error().operation() == "parse filter");
    CHECK_FALSE(filter.error().hint().empty());
    CHECK_MESSAGE(filter.error().message().ends_with("(at byte " + std::to_string(place) + ")"),
                  filter.error().to_string());
  }
  CHECK_FALSE(parse_filter(std::string_view("title = 'a\0b'", 13)).has_value());
}

TEST_CASE("nesting and length have limits") {
  const auto wrapped = [](int depth, const std::string& open, const std::string& close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += "size=1";
    for (int i = 0; i < depth; ++i) text += close;
    return parse_filter(text).has_value();
  };
  CHECK(wrapped(32, "(", ")"));
  CHECK_FALSE(wrapped(33, "(", ")"));
  CHECK(wrapped(31, "not ", ""));
  CHECK_FALSE(wrapped(32, "not ", ""));
  CHECK_FALSE(wrapped(1'000'000, "(", ")"));
  CHECK_FALSE(wrapped(1'000'000, "not ", ""));
  std::string many = "size=1";
  for (int i = 1; i < 999; ++i) many += " or size=1";
  CHECK(parse_filter(many).has_value());
  CHECK_FALSE(parse_filter(many + " or size=1").has_value());
}
