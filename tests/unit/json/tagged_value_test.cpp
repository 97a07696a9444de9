#include "json/tagged_value.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "conformance/random_documents.h"

using namespace docupilot;

namespace {

std::string round_trip(const Value& value) {
  const std::string text = json::to_tagged(value);
  const auto back = json::from_tagged(text);
  INFO(text);
  REQUIRE_MESSAGE(back.has_value(), back.error().to_string());
  CHECK(json::to_tagged(*back) == text);
  if (text.find("nan") == std::string::npos) CHECK(*back == value);
  return text;
}

}  // namespace

TEST_CASE("every kind of value has its own tagged form") {
  CHECK(round_trip({}) == "null");
  CHECK(round_trip(true) == "true");
  CHECK(round_trip(1) == "1");
  CHECK(round_trip(INT64_MIN) == "-9223372036854775808");
  CHECK(round_trip(1.0) == "1.0");
  CHECK(round_trip(0.1) == "0.1");
  CHECK(round_trip("text \" \\ \n") == R"("text \" \\ \n")");
  CHECK(round_trip(std::string("a\0b", 3)) == "\"a\\u0000b\"");
  CHECK(round_trip(Value::Bytes{std::byte{0xff}, std::byte{0}}) == R"({"$bytes":"/wA="})");
  CHECK(round_trip(Timestamp{-1}) == R"({"$time":-1})");
  CHECK(round_trip(Value::List{1, 1.0, Value::List{}}) == "[1,1.0,[]]");
  CHECK(round_trip(Value::Map{{"a", 1}, {"b", Value::Map{}}}) == R"({"a":1,"b":{}})");
}

TEST_CASE("doubles that JSON would change are tagged") {
  CHECK(round_trip(-0.0) == R"({"$double":"-0"})");
  CHECK(std::signbit(*json::from_tagged(R"({"$double":"-0"})")->get_if<double>()));
  CHECK(round_trip(std::nan("")) == R"({"$double":"nan"})");
  CHECK(round_trip(std::numeric_limits<double>::infinity()) == R"({"$double":"inf"})");
  CHECK(round_trip(-std::numeric_limits<double>::infinity()) == R"({"$double":"-inf"})");
  CHECK(round_trip(1e21) == R"({"$double":"1e+21"})");
  CHECK(round_trip(std::nextafter(1e21, 0)).find('e') == std::string::npos);
  CHECK(round_trip(1e-5) == "0.00001");
  CHECK(round_trip(std::nextafter(1e-5, 0)).starts_with(R"({"$double":"9.99)"));
  CHECK(round_trip(5e-324) == R"({"$double":"5e-324"})");
  CHECK(round_trip(std::numeric_limits<double>::max()) == R"({"$double":"1.7976931348623157e+308"})");
}

TEST_CASE("every double comes back to the bit") {
  docupilot_test::RandomDocuments random(1);
  for (int i = 0; i < 20'000; ++i) {
    // Half of them anywhere, half of a size that is written without exponent.
    const auto any = std::bit_cast<double>(random.bits());
    const double v =
        i % 2 == 0 ? any : std::ldexp(static_cast<double>(random.bits()), static_cast<int>(random.below(80)) - 75);
    if (std::isnan(v)) continue;
    const auto back = json::from_tagged(json::to_tagged(v));
    REQUIRE(back.has_value());
    REQUIRE(std::bit_cast<std::uint64_t>(*back->get_if<double>()) == std::bit_cast<std::uint64_t>(v));
  }
}

TEST_CASE("maps whose keys look like tags are kept apart from tags") {
  CHECK(round_trip(Value::Map{{"$time", 5}}) == R"({"$map":{"$time":5}})");
  CHECK(round_trip(Value::Map{{"$map", Value::Map{{"$x", 1}}}}) == R"({"$map":{"$map":{"$map":{"$x":1}}}})");
  CHECK(round_trip(Value::Map{{" ", 1}, {"$", 2}, {"a", 3}}) == R"({"$map":{" ":1,"$":2,"a":3}})");
  CHECK(round_trip(Value::Map{{"a$", 1}}) == R"({"a$":1})");
}

TEST_CASE("random values survive") {
  docupilot_test::RandomDocuments random(2);
  for (int i = 0; i < 5'000; ++i) round_trip(random.value(4));
}

TEST_CASE("text that no value writes is refused as corrupted") {
  for (const char* text :
       {"", "{", "nul", R"({"$time":"5"})", R"({"$time":1.0})", R"({"$time":5,"a":1})", R"({"$bytes":5})",
        R"({"$bytes":"/w"})", R"({"$double":1.0})", R"({"$double":""})", R"({"$double":"1x"})",
        R"({"$double":"1e999"})", R"({"$map":[]})", R"({"$other":1})", R"([{"$":1}])", R"({"a":{"$time":null}})"}) {
    const auto back = json::from_tagged(text);
    CAPTURE(text);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().code() == ErrorCode::corrupted);
  }
}

TEST_CASE("values nested 64 deep are read, escaped maps too, and deeper ones refused") {
  const auto nest = [](int depth, const std::string& key) {
    Value value;
    for (int i = 0; i < depth; ++i) value = Value::Map{{key, std::move(value)}};
    return json::to_tagged(value);
  };
  CHECK(json::from_tagged(nest(64, "a")).has_value());
  CHECK(json::from_tagged(nest(64, "$a")).has_value());
  CHECK_FALSE(json::from_tagged(nest(66, "$a")).has_value());
}
