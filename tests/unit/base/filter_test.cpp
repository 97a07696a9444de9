#include <docupilot/base/filter.h>

#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "base/filter_order.h"
#include "base/filter_value.h"

using namespace docupilot;

namespace {

Document sample() {
  Document d;
  d.id = "d";
  d.title = "Title";
  d.size = 10;
  d.created = {1'000'000};
  d.tags = {"a", "b"};
  d.attributes = {
      {"n", 5}, {"null", {}}, {"map", Value::Map{{"in", "x"}}}, {"list", Value::List{1, "x", Value::List{}}}};
  return d;
}

Filter nested(int depth) {
  Filter filter = field("size") == 1;
  for (int i = 1; i < depth; ++i) filter = !filter;
  return filter;
}

}  // namespace

TEST_CASE("filters are built like conditions are read") {
  const Filter filter = (field("size") > 5 && field("tags").contains("a")) || !(field("title") == "x");
  CHECK(filter.kind == Filter::Kind::any_of);
  CHECK(filter.children[0].children[0].kind == Filter::Kind::greater);
  CHECK(filter.children[0].children[0].field == "size");
  CHECK(filter.children[0].children[0].values == std::vector<Value>{5});
  CHECK(filter.children[1].kind == Filter::Kind::negate);
  CHECK(filter.check().has_value());
  CHECK(filter.matches(sample()));
  CHECK(filter == parse_filter("size > 5 and tags has a or not title = x").value());
  CHECK_FALSE(filter == Filter());
  CHECK(field("a").exists().values.empty());
  CHECK(field("a").one_of({1, "b"}).values.size() == 2);
  CHECK((field("a") <= 1).kind == Filter::Kind::less_equal);
  CHECK((field("a") >= 1).kind == Filter::Kind::greater_equal);
  CHECK((field("a") < 1).kind == Filter::Kind::less);
  CHECK((field("a") != 1).kind == Filter::Kind::not_equal);
}

TEST_CASE("the fields of a document are seen by name") {
  const Document d = sample();
  CHECK(field_value(d, "id") == Value("d"));
  CHECK(field_value(d, "size") == Value(10));
  CHECK(field_value(d, "created") == Value(Timestamp{1'000'000}));
  CHECK(field_value(d, "updated") == Value());
  CHECK(field_value(d, "name") == Value());
  CHECK(field_value(d, "summary") == Value());
  CHECK(field_value(d, "tags") == Value(Value::List{"a", "b"}));
  CHECK(field_value(Document(), "tags") == Value());
  CHECK(field_value(d, "attributes.n") == Value(5));
  CHECK(field_value(d, "attributes.map.in") == Value("x"));
  for (const char* name :
       {"attributes", "attributes.", "attributes.map.", "attributes.n.x", "attributes.list.0", "", "x"}) {
    CHECK(field_value(d, name) == Value());
  }
  Document huge;
  huge.size = UINT64_MAX;
  CHECK(field_value(huge, "size") == Value(0x1p64));
}

TEST_CASE("a missing field makes every comparison false, and its negation true") {
  const Document d = sample();
  using Kind = Filter::Kind;
  for (const char* name : {"attributes.missing", "attributes.null", "attributes.n.x", "name", "updated"}) {
    for (int i = static_cast<int>(Kind::equal); i <= static_cast<int>(Kind::starts_with); ++i) {
      Filter comparison{.kind = static_cast<Kind>(i), .field = name};
      if (comparison.kind != Kind::exists) comparison.values.push_back("");
      CHECK_FALSE(comparison.matches(d));
      CHECK((!comparison).matches(d));
    }
  }
}

TEST_CASE("values of different kinds are only different") {
  const Document d = sample();
  for (const Value& other : {Value("5"), Value(true), Value(Timestamp{5}), Value(Value::Bytes{})}) {
    CHECK((field("attributes.n") != other).matches(d));
    CHECK_FALSE((field("attributes.n") == other).matches(d));
    CHECK_FALSE((field("attributes.n") < other).matches(d));
    CHECK_FALSE((field("attributes.n") >= other).matches(d));
  }
  CHECK((field("attributes.list") != 1).matches(d));
  CHECK((field("attributes.map") != 1).matches(d));
}

TEST_CASE("integers and doubles compare by their exact value") {
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto order = [](const Value& a, const Value& b) { return compare_values(a, b); };
  CHECK(order(1, 1.0) == 0);
  CHECK(order(exact + 1, 0x1p53) > 0);
  CHECK(order(0x1p53, exact + 1) < 0);
  CHECK(order(exact + 1, 0x1p53 + 2) < 0);
  CHECK(order(INT64_MAX, 0x1p63) < 0);
  CHECK(order(0x1p63, INT64_MAX) > 0);
  CHECK(order(INT64_MIN, -0x1p63) == 0);
  CHECK(order(INT64_MIN, -infinity) > 0);
  CHECK(order(0, -0.0) == 0);
  CHECK(order(0, 5e-324) < 0);
  CHECK(order(0, -5e-324) > 0);
  CHECK(order(-1, -1.5) > 0);
  CHECK(order(1, std::nan("")) == std::partial_ordering::unordered);
  CHECK(order(std::nan(""), std::nan("")) == std::partial_ordering::unordered);
  CHECK(order(true, true) == 0);
  CHECK(order(true, false) == std::partial_ordering::unordered);
}

TEST_CASE("sort keys order as the values do") {
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Value numbers[] = {INT64_MIN,
                           INT64_MIN + 1,
                           -exact - 1,
                           -1.5,
                           -1,
                           0,
                           1,
                           1.0,
                           0x1p52 + 0.5,
                           exact - 1,
                           exact,
                           exact + 1,
                           exact + 2,
                           0x1p53 + 2,
                           exact + 3,
                           INT64_MAX - 512,
                           INT64_MAX - 511,
                           INT64_MAX - 1,
                           INT64_MAX,
                           0x1p63,
                           -0x1p63,
                           -0x1p63 - 2048,
                           infinity,
                           -infinity,
                           5e-324,
                           -0.0};
  for (const Value& a : numbers) {
    for (const Value& b : numbers) {
      const auto keys = sort_key(a).compare(sort_key(b));
      REQUIRE((keys <=> 0) == compare_values(a, b));
    }
    CHECK(sort_key(Value()) < sort_key(std::nan("")));
    CHECK(sort_key(std::nan("")) < sort_key(a));
    CHECK(sort_key(a) < sort_key(""));
  }
  CHECK(sort_key("") < sort_key("a"));
  CHECK(sort_key("a") < sort_key("\xc3\xa4"));
  CHECK(sort_key("\xf4\x8f\xbf\xbf") < sort_key(Timestamp{INT64_MIN}));
  CHECK(sort_key(Timestamp{-1}) < sort_key(Timestamp{0}));
  CHECK(sort_key(true) == sort_key(Value()));
  CHECK(sort_key(Value::List{1}) == sort_key(Value()));
}

TEST_CASE("filters that are not well formed are told apart from those that are") {
  const auto good = [](const Filter& filter) { return filter.check().has_value(); };
  CHECK(good({}));
  CHECK(good(Filter::all_of({})));
  CHECK(good(field("tags").one_of({})));
  CHECK(good(field("attributes.a b.c\"d") == 1));
  CHECK(good(field("size") == Value::Bytes{}));
  CHECK(good(field("title") < std::numeric_limits<double>::infinity()));
  const Filter bad[] = {
      field("") == 1,
      field("Size") == 1,
      field("attributes") == 1,
      field("attributes.") == 1,
      field("attributes..a") == 1,
      field("attributes.a.") == 1,
      field("attributes.$a") == 1,
      field("attributes.a\n") == 1,
      field("attributes.\xff") == 1,
      field("size") == Value(),
      field("size") == Value::List{},
      field("size") == Value::Map{},
      field("size") == std::nan(""),
      field("size") < true,
      field("size") >= Value::Bytes{},
      field("title") == "\xff",
      field("title") == std::string(1, '\0'),
      field("title").one_of({1, Value()}),
      {.kind = Filter::Kind::starts_with, .field = "title", .values = {1}},
      {.kind = Filter::Kind::equal, .field = "size"},
      {.kind = Filter::Kind::equal, .field = "size", .values = {1, 2}},
      {.kind = Filter::Kind::exists, .field = "size", .values = {1}},
      {.kind = Filter::Kind::equal, .field = "size", .values = {1}, .children = {Filter()}},
      {.kind = Filter::Kind::negate},
      {.kind = Filter::Kind::negate, .children = {Filter(), Filter()}},
      {.kind = Filter::Kind::all_of, .field = "size"},
      {.kind = Filter::Kind::all_of, .values = {1}},
      {.kind = Filter::Kind::everything, .field = "size"},
      {.kind = static_cast<Filter::Kind>(99), .field = "size"},
      {.kind = static_cast<Filter::Kind>(-1), .field = "size"},
  };
  for (const Filter& filter : bad) {
    CAPTURE(filter.field);
    CAPTURE(static_cast<int>(filter.kind));
    const auto checked = filter.check();
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code() == ErrorCode::invalid_argument);
    (void)filter.matches(sample());  // whatever it says, it returns
  }
}

TEST_CASE("filters are nested at most 32 deep and have at most 1,000 parts") {
  CHECK(nested(32).check().has_value());
  CHECK_FALSE(nested(33).check().has_value());
  CHECK(Filter::any_of(std::vector<Filter>(999, field("size") == 1)).check().has_value());
  CHECK_FALSE(Filter::any_of(std::vector<Filter>(1'000, field("size") == 1)).check().has_value());
  CHECK(field("attributes." + std::string(128, 'a')).exists().check().has_value());
  CHECK_FALSE(field("attributes." + std::string(129, 'a')).exists().check().has_value());
  CHECK(field("size").one_of(std::vector<Value>(100'000, 1)).check().has_value());
}
