#include <docupilot/base/value.h>

#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>
#include <docupilot/base/result.h>

using namespace docupilot;

TEST_CASE("every kind of value knows its kind and content") {
  CHECK(Value().kind() == Value::Kind::null);
  CHECK(Value(nullptr).kind() == Value::Kind::null);
  CHECK(*Value(true).get_if<bool>());
  CHECK(*Value(7).get_if<std::int64_t>() == 7);
  CHECK(*Value(7U).get_if<std::int64_t>() == 7);
  CHECK(*Value(7.5).get_if<double>() == 7.5);
  CHECK(*Value("x").get_if<std::string>() == "x");
  CHECK(Value(Value::Bytes{}).kind() == Value::Kind::bytes);
  CHECK(Value(Timestamp{5}).get_if<Timestamp>()->microseconds == 5);
  CHECK(Value(Value::List{1}).kind() == Value::Kind::list);
  CHECK(Value(Value::Map{}).kind() == Value::Kind::map);
  CHECK(Value(7).get_if<double>() == nullptr);
  Value list = Value::List{};
  list.get_if<Value::List>()->push_back(1);
  CHECK(list == Value(Value::List{1}));
}

TEST_CASE("values of different kinds are different") {
  CHECK_FALSE(Value(1) == Value(1.0));
  CHECK_FALSE(Value(1) == Value(true));
  CHECK_FALSE(Value("") == Value());
  CHECK_FALSE(Value(std::nan("")) == Value(std::nan("")));
  CHECK(Value(Value::Map{{"a", Value::List{1, "x"}}}) == Value(Value::Map{{"a", Value::List{1, "x"}}}));
}

TEST_CASE("values are shown as the JSON that people expect") {
  const Value value = Value::Map{{"a", {}},
                                 {"b", true},
                                 {"c", INT64_MIN},
                                 {"d", 0.1},
                                 {"e", 3.0},
                                 {"f", "\"\\\n\x01\xc3\xa4"},
                                 {"g", Value::Bytes{std::byte{1}, std::byte{2}}},
                                 {"h", Timestamp{250'000}},
                                 {"i", Value::List{1, Value::List{}, Value::Map{}}},
                                 {"j", std::nan("")},
                                 {"k", std::numeric_limits<double>::infinity()}};
  CHECK(value.to_json() == R"({"a":null,"b":true,"c":-9223372036854775808,"d":0.1,"e":3.0,"f":"\"\\\n\u0001)"
                           "\xc3\xa4"
                           R"(","g":"AQI=","h":"1970-01-01T00:00:00.250Z","i":[1,[],{}],"j":null,"k":null})");
  CHECK(Value("a\xff").to_json() == "\"a\xef\xbf\xbd\"");
}

TEST_CASE("JSON becomes values, whole numbers that fit as integers") {
  CHECK(Value::from_json("null").value() == Value());
  CHECK(Value::from_json(" \t\r\n[ 1 , -2 ] ").value() == Value(Value::List{1, -2}));
  CHECK(Value::from_json("4294967296").value() == Value(std::int64_t{4294967296}));
  CHECK(Value::from_json("9223372036854775807").value() == Value(INT64_MAX));
  CHECK(Value::from_json("-9223372036854775808").value() == Value(INT64_MIN));
  CHECK(Value::from_json("9223372036854775808").value() == Value(0x1p63));
  CHECK(Value::from_json("18446744073709551616").value() == Value(0x1p64));
  CHECK(Value::from_json("1.0").value() == Value(1.0));
  CHECK(Value::from_json("1e2").value() == Value(100.0));
  CHECK(std::signbit(*Value::from_json("-0.0").value().get_if<double>()));
  CHECK(Value::from_json("0.1").value() == Value(0.1));
  CHECK(Value::from_json("2.2250738585072014e-308").value() == Value(std::numeric_limits<double>::min()));
  CHECK(Value::from_json("1.7976931348623157e308").value() == Value(std::numeric_limits<double>::max()));
  CHECK(Value::from_json(R"({"a":{"b":[true,false]}})").value() ==
        Value(Value::Map{{"a", Value::Map{{"b", Value::List{true, false}}}}}));
  CHECK(Value::from_json(R"("\u00e4\ud83d\udcc4\/\b\f")").value() == Value("\xc3\xa4\xf0\x9f\x93\x84/\b\f"));
  CHECK(Value::from_json(R"("a\u0000b")").value() == Value(std::string("a\0b", 3)));
}

TEST_CASE("JSON is nested 64 deep and not 65") {
  for (const auto& [open, close] : {std::pair{"[", "]"}, std::pair{"{\"a\":", "}"}}) {
    for (const int depth : {64, 65}) {
      std::string text;
      for (int i = 0; i < depth; ++i) text += open;
      text += "0";
      for (int i = 0; i < depth; ++i) text += close;
      CHECK(Value::from_json(text).has_value() == (depth == 64));
    }
  }
  CHECK_FALSE(Value::from_json(std::string(1'000'000, '[')).has_value());
}

TEST_CASE("text that is not one JSON value is an invalid argument that names the place") {
  const auto bad = Value::from_json("[1,]");
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().code() == ErrorCode::invalid_argument);
  CHECK(bad.error().message().find("at byte 3") != std::string::npos);
  CHECK(Value::from_json(R"({"a":1,"b":2,"a":3})").error().message().find("twice") != std::string::npos);
  CHECK_FALSE(Value::from_json(R"({"a":1,"\u0061":3})").has_value());
  CHECK(Value::from_json(R"([{"a":1},{"a":1}])").has_value());
  CHECK_FALSE(Value::from_json(std::string_view("1\0", 2)).has_value());
  CHECK_FALSE(Value::from_json(std::string_view("1 \0 2", 5)).has_value());
}

TEST_CASE("values survive JSON where JSON has their kind") {
  const Value value = Value::Map{{"a", Value::List{{}, true, 5, 0.1, 1e300, 5e-324, "x"}}};
  CHECK(Value::from_json(value.to_json()).value() == value);
}
