#include "extract/charset.h"

#include <doctest/doctest.h>

#include "extract/text_decoder.h"
#include "extract_support.h"

using namespace docupilot;
using namespace std::string_literals;
using docupilot_test::encode;
using docupilot_test::extract;
using docupilot_test::extract_as;

namespace {

struct Sample {
  const char* iconv_name;
  const char* name;
  const char* text;
};

constexpr Sample samples[] = {
    {"CP1252", "windows-1252", "Die Straße führt über schöne Brücken nach München. “Zitat” – 20 €"},
    {"CP1252", "windows-1252", "Café"},
    {"CP1252", "windows-1252", "El niño comió la piña mañana por la mañana en España"},
    {"CP1252", "windows-1252", "São Paulo é a maior cidade do Brasil, não é?"},
    {"CP1252", "windows-1252", "It’s 25 °C – that’s £5"},
    {"ISO-8859-1", "windows-1252", "smörgåsbord på svenska är gott"},
    {"KOI8-R", "KOI8-R", "Привет, мир. Это простой текст на русском языке."},
    {"CP1251", "windows-1251", "Привет, мир. Это простой текст на русском языке."},
    {"CP866", "IBM866", "Привет, мир. Это простой текст на русском языке для проверки."},
    {"CP932", "Shift_JIS", "これは日本語のテキストです。漢字とひらがなを含みます。"},
    {"EUC-JP", "EUC-JP", "これは日本語のテキストです。漢字とひらがなを含みます。"},
    {"ISO-2022-JP", "ISO-2022-JP", "これは日本語のテキストです。"},
    {"GB18030", "GB18030", "这是一个中文文本，用于测试字符集检测。"},
    {"BIG5", "Big5", "這是一個中文文本，用於測試字符集檢測。"},
    {"CP949", "EUC-KR", "이것은 한국어 텍스트입니다. 문자 집합을 시험합니다."},
    {"ISO-8859-2", "ISO-8859-2", "Zażółć gęślą jaźń. To jest przykładowy tekst po polsku."},
    {"CP1250", "windows-1250", "Příliš žluťoučký kůň úpěl ďábelské ódy."},
    {"CP1255", "windows-1255", "זהו טקסט פשוט בעברית"},
    {"CP1256", "windows-1256", "هذا نص بسيط باللغة العربية"},
    {"CP874", "windows-874", "นี่คือข้อความภาษาไทย"},
    {"UTF-8", "UTF-8", "naïve Ελλάδα 日本語 😀"},
    {"UTF-8", "UTF-8", "plain ASCII"},
    {"UTF-16LE", "UTF-16LE", "UTF-16 without a mark, naïve Ελλάδα"},
    {"UTF-16BE", "UTF-16BE", "UTF-16 without a mark, 日本 語テキスト"},
};

}  // namespace

TEST_CASE("the charset of a text is found out") {
  for (const Sample& sample : samples) {
    const std::string text = std::string(sample.text) + "\n";
    CAPTURE(sample.text);
    for (const char* type : {"", "text/plain", "text/markdown"}) {
      const auto result = extract_as(type, encode(sample.iconv_name, text));
      REQUIRE_MESSAGE(result, (result ? "" : result.error().to_string()));
      CHECK(result->text == text);
      CHECK(result->charset == sample.name);
    }
  }
}

TEST_CASE("the charset is found late in a long text, too") {
  const std::string ascii = docupilot_test::repeat("All of this is ASCII, line after line.\n", 5000);
  for (const Sample& sample : samples) {
    if (std::string(sample.iconv_name).starts_with("UTF-16")) continue;
    const std::string text = ascii + sample.text + "\n";
    const auto result = extract(encode(sample.iconv_name, text));
    REQUIRE_MESSAGE(result, sample.text);
    const bool same = result->text == text;
    CHECK_MESSAGE(same, sample.text);
    CHECK(result->charset == sample.name);
  }
}

TEST_CASE("a byte order mark wins and is no text") {
  const std::string text = "naïve\n";
  for (const auto& [mark, charset] : std::vector<std::pair<std::string, const char*>>{{"\xef\xbb\xbf"s, "UTF-8"},
                                                                                      {"\xff\xfe"s, "UTF-16LE"},
                                                                                      {"\xfe\xff"s, "UTF-16BE"},
                                                                                      {"\xff\xfe\0\0"s, "UTF-32LE"},
                                                                                      {"\0\0\xfe\xff"s, "UTF-32BE"}}) {
    const auto result = extract_as("text/plain; charset=koi8-r", mark + encode(charset, text));
    REQUIRE(result);
    CHECK(result->text == text);
    CHECK(result->charset == charset);
    CHECK(extract(mark + encode(charset, text))->text == text);
  }
}

TEST_CASE("a charset parameter is believed") {
  const std::string bytes = encode("KOI8-R", "мир");
  CHECK(extract_as("text/plain; charset=koi8-r", bytes)->text == "мир\n");
  CHECK(extract_as("text/plain; charset=\"KOI8-R\"", bytes)->text == "мир\n");
  CHECK(extract_as("text/plain;charset=iso-8859-5", encode("ISO-8859-5", "мир"))->text == "мир\n");
  CHECK(extract_as("text/plain;charset=utf-16le", encode("UTF-16LE", "мир"))->text == "мир\n");
  CHECK(extract_as("text/plain;charset=latin1",
                   "\x93"
                   "a\x94")
            ->charset == "windows-1252");
  CHECK(extract_as("text/csv; header=present; CharSet=windows-1251", encode("CP1251", "мир"))->text == "мир\n");
}

TEST_CASE("an unknown charset is the caller's mistake, and no name reaches the system") {
  for (const char* charset : {"klingon", "../../tmp/evil", "UTF-7", "iso-2022-cn-ext"}) {
    const auto result = extract_as("text/plain; charset=" + std::string(charset), "text");
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::invalid_argument);
    CHECK_FALSE(result.error().hint().empty());
  }
}

TEST_CASE("a wrong charset parameter gives way to windows-1252 only where that makes sense") {
  const auto western = extract_as("text/plain; charset=utf-8", encode("CP1252", "Eine schöne Straße"));
  REQUIRE(western);
  CHECK(western->text == "Eine schöne Straße\n");
  CHECK(western->charset == "windows-1252");
  const auto russian = extract_as("text/plain; charset=utf-8", encode("KOI8-R", "простой текст"));
  REQUIRE_FALSE(russian);
  CHECK(russian.error().code() == ErrorCode::corrupted);
  CHECK(russian.error().hint().find("charset") != std::string::npos);
}

TEST_CASE("damaged UTF-8 is an error and never turns into other letters") {
  const std::string good = docupilot_test::repeat("déjà vu, naïve façade. ", 10);
  for (const std::string& bad : {good + "\xff" + good, good + "\xc3", good + "\xed\xa0\x80", good + "\xc0\xaf",
                                 good + "\xf4\x90\x80\x80", docupilot_test::repeat(good, 1000) + "\xe9" + good}) {
    for (const char* type : {"text/plain", "text/html", "text/markdown"}) {
      const auto result = extract_as(type, bad);
      REQUIRE_FALSE(result);
      CHECK(result.error().code() == ErrorCode::corrupted);
      CHECK_FALSE(result.error().hint().empty());
    }
  }
}

TEST_CASE("bytes that are text in no charset are refused") {
  for (const std::string& bytes : {"\xff\xfd\x81\x9d\x8f"s, "abc \x81 \x8d\x8f\x90\x9d def"s}) {
    const auto result = extract_as("text/plain", bytes);
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::corrupted);
  }
}

TEST_CASE("NUL bytes mean that it is no text, wherever they are") {
  for (const std::string& bytes : {"ab\0cd"s, std::string(10'000, 'a') + '\0', std::string(300'000, 'a') + "\0b"s,
                                   docupilot_test::repeat("é", 100'000) + "\0"s}) {
    for (const char* type : {"text/plain", "text/html", "text/markdown", "text/plain; charset=windows-1252"}) {
      const auto result = extract_as(type, bytes);
      REQUIRE_FALSE(result);
      CHECK(result.error().code() == ErrorCode::corrupted);
    }
  }
  const auto unknown = extract("ab\0cd"s);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == ErrorCode::unsupported);
}

TEST_CASE("a text with a stray NUL or byte order mark in it is not taken for UTF-16") {
  const std::string nul = "One word with a nul \0 in a long english sentence here nulsecond\nAnother english line.\n"s;
  const std::string marks = docupilot_test::repeat("good text \xff\xfe\x80 caf\xc3\xa9 word \xc3( end\n", 5);
  for (const std::string& bytes : {nul, nul + "\n", "before\0nulword after\0\n"s, marks}) {
    CAPTURE(bytes);
    CHECK(detect_content_type("a.txt", as_bytes(bytes)) == "text/plain");
    const auto result = extract_as("text/plain", bytes);
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::corrupted);
    CHECK_FALSE(result.error().hint().empty());
  }
}

TEST_CASE("UTF-16 with lone surrogates or an odd byte is damaged") {
  for (const std::string& bytes : {"\xff\xfe"
                                   "a\0\x00\xd8"
                                   "b\0"s,
                                   "\xff\xfe"
                                   "a\0b"s}) {
    const auto result = extract(bytes);
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::corrupted);
  }
}

TEST_CASE("characters that come in pieces are put together") {
  for (const Sample& sample : samples) {
    const std::string bytes = encode(sample.iconv_name, docupilot_test::repeat(std::string(sample.text) + "\n", 3000));
    TextDecoder decoder("", false);
    std::string pieces;
    bool good = true;
    for (std::size_t i = 0; good && i < bytes.size(); i += 7) {
      good = decoder.feed(std::string_view(bytes).substr(i, 7), pieces).has_value();
    }
    REQUIRE(good);
    REQUIRE(decoder.finish(pieces));
    const bool same = pieces == docupilot_test::repeat(std::string(sample.text) + "\n", 3000);
    CHECK_MESSAGE(same, sample.text);
  }
}

TEST_CASE("markup names its charset") {
  CHECK(embedded_charset("<html><meta charset=koi8-r>") == "koi8-r");
  CHECK(embedded_charset("<META http-equiv='Content-Type' content='text/html; charset=Shift_JIS'>") == "Shift_JIS");
  CHECK(embedded_charset("<?xml version=\"1.0\" encoding=\"iso-8859-2\"?>") == "iso-8859-2");
  CHECK(embedded_charset("<meta name=a><meta charset = \"x\" />") == "x");
  CHECK(embedded_charset("<p>charset=koi8-r</p>") == "");
  CHECK(embedded_charset(std::string(4096, ' ') + "<meta charset=koi8-r>") == "");
  const std::string page = "<meta charset=koi8-r><p>мир";
  CHECK(extract_as("text/html", encode("KOI8-R", page))->text == "мир\n");
  CHECK(extract_as("text/html", page)->text == "мир\n");  // says KOI8-R, but is UTF-8
  CHECK(extract_as("text/html", "<meta charset=utf-16><p>naïve")->text == "naïve\n");
  CHECK(extract_as("text/html; charset=windows-1251", encode("CP1251", page))->text == "мир\n");
}

TEST_CASE("labels are those of the Encoding Standard") {
  CHECK(find_charset(" Latin1 ")->name == "windows-1252");
  CHECK(find_charset("gb2312")->name == "GB18030");
  CHECK(find_charset("UTF8")->name == "UTF-8");
  CHECK_FALSE(find_charset(""));
  CHECK_FALSE(find_charset("utf-8 utf8"));
  CHECK_FALSE(find_charset(std::string(100, 'x')));
  for (const char* label : {"koi8-u", "ibm855", "x-mac-cyrillic", "iso-8859-16", "windows-1258", "euc-kr", "big5"}) {
    const auto charset = find_charset(label);
    REQUIRE(charset);
    const iconv_t converter = iconv_open("UTF-8", charset->iconv_name);
    CHECK_MESSAGE(converter != reinterpret_cast<iconv_t>(-1), label);
    iconv_close(converter);
  }
}
