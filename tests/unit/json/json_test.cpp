#include <string>

#include <doctest/doctest.h>

#include "base/utf8.h"
#include "json/base64.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

using namespace docupilot;

namespace {

using Case = std::pair<const char*, std::string>;

// Named like those of JSONTestSuite (Seriot, "Parsing JSON is a minefield"): y_ must be taken, n_ must be refused.
const std::vector<Case> accepted = {
    {"y_array_empty", "[]"},
    {"y_array_with_spaces", "[ 1 , 2 ]"},
    {"y_array_heterogeneous", "[null, 1, \"1\", {}]"},
    {"y_array_with_newlines", "[1\n,\r\n1]\t"},
    {"y_number_zero", "0"},
    {"y_number_minus_zero", "-0"},
    {"y_number_real_exponent", "123e45"},
    {"y_number_exponent_signs", "[1e+2, 1E-2, 0e0, 0.0e+0]"},
    {"y_number_long_fraction", "0." + std::string(400, '1')},
    {"y_number_close_to_zero", "-0." + std::string(77, '0') + "1"},
    {"y_number_simple_real", "123.456789"},
    {"y_object_empty", "{}"},
    {"y_object_empty_key", "{\"\":0}"},
    {"y_object_escaped_key", "{\"a\\u0000b\":1}"},
    {"y_object_long_strings", "{\"x\":\"" + std::string(10'000, 'x') + "\"}"},
    {"y_object_same_key_at_other_levels", "{\"a\":{\"a\":{\"a\":1}}}"},
    {"y_string_escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""},
    {"y_string_surrogate_pair", "\"\\uD834\\udd1e\""},
    {"y_string_null_escape", "\"\\u0000\""},
    {"y_string_delete_character", "\"\x7f\""},
    {"y_string_unicode_noncharacter", "\"\xef\xbf\xbf \xf4\x8f\xbf\xbf\""},
    {"y_string_line_separators", "\"\xe2\x80\xa8\xe2\x80\xa9\""},
    {"y_string_utf8", "\"\xe2\x82\xac\xf0\x9d\x84\x9e\""},
    {"y_structure_lonely_values", "true"},
    {"y_structure_whitespace_around", " \t\r\n null \t\r\n"},
};

const std::vector<Case> refused = {
    {"n_empty", ""},
    {"n_only_whitespace", " \n"},
    {"n_array_unclosed", "[1"},
    {"n_array_trailing_comma", "[1,]"},
    {"n_array_double_comma", "[1,,2]"},
    {"n_array_comma_first", "[,1]"},
    {"n_array_missing_comma", "[1 2]"},
    {"n_array_colon", "[1:2]"},
    {"n_array_extra_close", "[1]]"},
    {"n_array_spaces_vertical_tab", "[\"a\"\x0b]"},
    {"n_array_unclosed_deep", std::string(100'000, '[')},
    {"n_incomplete_true", "tru"},
    {"n_incomplete_null", "[nul]"},
    {"n_capitalized_true", "[True]"},
    {"n_number_leading_zero", "012"},
    {"n_number_minus_leading_zero", "-012"},
    {"n_number_plus", "+1"},
    {"n_number_minus_alone", "-"},
    {"n_number_point_first", ".5"},
    {"n_number_point_last", "1."},
    {"n_number_point_then_exponent", "1.e1"},
    {"n_number_exponent_empty", "1e"},
    {"n_number_exponent_plus_only", "1e+"},
    {"n_number_hex", "0x42"},
    {"n_number_nan", "NaN"},
    {"n_number_infinity", "Infinity"},
    {"n_number_minus_infinity", "-Infinity"},
    {"n_number_inf", "[inf]"},
    {"n_number_two_points", "1.2.3"},
    {"n_number_trailing_letter", "1a"},
    {"n_number_with_space", "1 000"},
    {"n_number_fullwidth_digit", "\xef\xbc\x91"},
    {"n_number_too_large", "1e400"},
    {"n_number_just_too_large", "1.7976931348623159e308"},
    {"n_number_too_large_fraction", "0.9e309"},
    {"n_number_too_many_digits", std::string(400, '9')},
    {"n_number_minus_too_large", "[-1e999999999999]"},
    {"n_object_unclosed", "{\"a\":1"},
    {"n_object_trailing_comma", "{\"a\":1,}"},
    {"n_object_missing_value", "{\"a\":}"},
    {"n_object_missing_colon", "{\"a\" 1}"},
    {"n_object_missing_key", "{:1}"},
    {"n_object_number_key", "{1:1}"},
    {"n_object_single_quotes", "{'a':1}"},
    {"n_object_bare_key", "{a:1}"},
    {"n_object_duplicate_key", "{\"a\":1,\"a\":1}"},
    {"n_object_duplicate_key_escaped", "{\"a\":1,\"\\u0061\":2}"},
    {"n_object_comment", "{\"a\":1/**/}"},
    {"n_object_line_comment", "{\"a\":1}//"},
    {"n_object_hash_comment", "{\"a\":1}#"},
    {"n_string_unclosed", "\"abc"},
    {"n_string_escape_at_end", "\"\\"},
    {"n_string_unknown_escape", "\"\\a\""},
    {"n_string_hex_escape", "\"\\x00\""},
    {"n_string_short_unicode", "\"\\u00A\""},
    {"n_string_bad_unicode", "\"\\u00Gz\""},
    {"n_string_lone_high_surrogate", "\"\\uD800\""},
    {"n_string_high_surrogate_then_text", "\"\\uD800abc\""},
    {"n_string_high_then_no_low", "\"\\uD800\\u0061\""},
    {"n_string_lone_low_surrogate", "\"\\uDC00\""},
    {"n_string_surrogates_reversed", "\"\\uDd1e\\uD834\""},
    {"n_string_newline", "\"a\nb\""},
    {"n_string_tab", "\"\t\""},
    {"n_string_control", "\"\x01\""},
    {"n_string_raw_nul", std::string("\"a\0b\"", 5)},
    {"n_string_single_quotes", "'a'"},
    {"n_string_invalid_utf8", "\"\xff\""},
    {"n_string_overlong", "\"\xc0\xaf\""},
    {"n_string_utf8_surrogate", "\"\xed\xa0\x80\""},
    {"n_string_beyond_unicode", "\"\xf4\xbf\xbf\xbf\""},
    {"n_string_truncated_utf8", "\"\xe0\xff"},
    {"n_structure_two_values", "1 2"},
    {"n_structure_value_then_comma", "1,"},
    {"n_structure_close_first", "]"},
    {"n_structure_mixed_brackets", "[}"},
    {"n_structure_byte_order_mark", "\xef\xbb\xbf{}"},
    {"n_structure_utf16", std::string("\xff\xfe[\0]\0", 6)},
    {"n_structure_nul_behind", std::string("{}\0", 3)},
    {"n_structure_nul_inside", std::string("[1,\0 2]", 7)},
    {"n_structure_nul_only", std::string("\0", 1)},
    {"n_structure_no_break_space", "[\xc2\xa0]"},
    {"n_structure_form_feed", "[\x0c]"},
    {"n_structure_angle_bracket", "<null>"},
};

}  // namespace

TEST_CASE("JSON that must be taken is taken, and comes out as the same value") {
  for (const auto& [name, text] : accepted) {
    CAPTURE(std::string(name));
    const auto value = json::parse(text);
    REQUIRE_MESSAGE(value.has_value(), value.error().to_string());
    json::Writer out;
    out.value(*value);
    const std::string written = std::move(out).text();
    CHECK(is_utf8(written));
    CHECK(json::parse(written).value() == *value);
  }
}

TEST_CASE("JSON that must be refused is refused") {
  for (const auto& [name, text] : refused) {
    CAPTURE(std::string(name));
    const auto value = json::parse(text);
    REQUIRE_FALSE(value.has_value());
    CHECK(value.error().code() == ErrorCode::corrupted);
    CHECK(value.error().message().find("at byte ") != std::string::npos);
  }
}

TEST_CASE("where the standard leaves a choice, numbers that underflow are zero and large integers doubles") {
  CHECK(json::parse("1e-400").value() == Value(0.0));
  CHECK(json::parse("-1E-400").value() == Value(0.0));
  CHECK(json::parse("0." + std::string(400, '0') + "1").value() == Value(0.0));
  CHECK(json::parse("0e88").value() == Value(0.0));
  CHECK(json::parse("4.9e-324").value() == Value(5e-324));
  CHECK(json::parse("1.7976931348623158e308").value() == Value(1.7976931348623157e308));
  CHECK(json::parse("123456789012345678901234567890").value() == Value(123456789012345678901234567890.0));
  CHECK(json::parse("-9223372036854775809").value() == Value(-9223372036854775809.0));
  CHECK(json::parse("1.0000000000000000000000000000001").value() == Value(1.0));
}

TEST_CASE("depth is what the caller allows") {
  CHECK(json::parse("1", 0).has_value());
  CHECK_FALSE(json::parse("[]", 0).has_value());
  CHECK(json::parse("[[1]]", 2).has_value());
  CHECK_FALSE(json::parse("[[[1]]]", 2).has_value());
}

TEST_CASE("a prefix of JSON is never JSON of the same length") {
  const std::string text = R"({"a":[1.5e3,"\u00e4",{"b":null}],"c":true})";
  REQUIRE(json::parse(text).has_value());
  for (std::size_t i = 0; i < text.size(); ++i) CHECK_FALSE(json::parse(text.substr(0, i)).has_value());
}

TEST_CASE("a writer writes what it is told") {
  json::Writer out;
  out.begin_object();
  out.member("a", 1);
  out.member("b", "x");
  out.member("c", UINT64_MAX);
  out.member("d", 0.5);
  out.member("e\xff", std::string("y\xff"));
  out.key("f");
  out.begin_array();
  out.value(true);
  out.value(Value());
  out.end_array();
  out.end_object();
  json::Writer moved = std::move(out);
  CHECK(std::move(moved).text() ==
        "{\"a\":1,\"b\":\"x\",\"c\":18446744073709551615,\"d\":0.5,\"e\xef\xbf\xbd\":\"y\xef\xbf\xbd\",\"f\":[true,"
        "null]}");
}

TEST_CASE("base64 is that of RFC 4648") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    CHECK(to_base64(as_bytes(plain)) == encoded);
    const auto back = from_base64(encoded);
    REQUIRE(back.has_value());
    CHECK(as_text(*back) == plain);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(as_text(from_base64(to_base64(as_bytes(all))).value()) == all);
}

TEST_CASE("base64 that nobody writes is refused") {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "=", "====", "Zg==Zg==", "Z===", "Zm9v\n", "Zm 9", "Zm9_",
                          "Zm9-", "Zg=g", "\xff\xff\xff\xff"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(from_base64(bad).has_value());
  }
  CHECK_FALSE(from_base64(std::string_view("Zm9\0", 4)).has_value());
}
