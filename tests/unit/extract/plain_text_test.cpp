#include <doctest/doctest.h>
#include <sys/resource.h>

#include "base/utf8.h"
#include "extract_support.h"

using namespace docupilot;
using docupilot_test::EndlessReader;
using docupilot_test::extract;
using docupilot_test::repeat;

TEST_CASE("plain text is tidied and otherwise left alone") {
  const auto result = extract("First line  \r\nsecond line\r\n\r\n\r\n\r\n\tindented\r\n", {.name = "a.txt"});
  REQUIRE(result);
  CHECK(result->text == "First line\nsecond line\n\n\tindented\n");
  CHECK(result->title == "");
  CHECK(result->content_type == "text/plain");
  CHECK(result->charset == "UTF-8");
  CHECK_FALSE(result->truncated);
}

TEST_CASE("other kinds of text are read as they are") {
  const auto csv = extract("a,b\n1,2\n", {.name = "table.csv"});
  REQUIRE(csv);
  CHECK(csv->text == "a,b\n1,2\n");
  CHECK(csv->content_type == "text/csv");
  CHECK(extract("<p>not parsed</p>", {.content_type = "text/plain"})->text == "<p>not parsed</p>\n");
}

TEST_CASE("an empty file has an empty text") {
  for (const char* name : {"", "a.txt", "a.md", "a.html"}) {
    for (const char* bytes : {"", "\xef\xbb\xbf"}) {
      const auto result = extract(bytes, {.name = name});
      REQUIRE(result);
      CHECK(result->text == "");
      CHECK_FALSE(result->truncated);
    }
  }
}

TEST_CASE("of a gigabyte of text only as much is read as is kept") {
  EndlessReader body("All work and no play makes Jack a dull boy.\n", 1U << 30U);
  const auto result = make_extractor({.limits = {.text = 1U << 20U}})->extract(body, {.name = "a.txt"});
  REQUIRE(result);
  CHECK(result->truncated);
  CHECK(result->text.size() <= 1U << 20U);
  CHECK(result->text.size() > (1U << 20U) - 64);
  CHECK(body.given < (1U << 20U) + (256U << 10U));
}

TEST_CASE("blanks without end take time but no memory") {
  EndlessReader body(" \n\t\r\n   ", 24U << 20U);
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const auto result = make_extractor()->extract(body, {.name = "a.txt"});
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  REQUIRE(result);
  CHECK(result->text == "");
  CHECK_FALSE(result->truncated);
  CHECK(after.ru_maxrss - before.ru_maxrss < 8 << 10);  // KiB
}

TEST_CASE("a text of exactly the limit is whole") {
  const std::string text = repeat("0123456789abcde\n", 4096);
  for (const std::size_t limit : {text.size() + 1, text.size(), text.size() - 2}) {
    const auto result = extract(text, {}, {.limits = {.text = limit}});
    REQUIRE(result);
    CHECK(result->truncated == (limit < text.size()));
    CHECK(result->text == text.substr(0, limit));
  }
}

TEST_CASE("a cut text ends between two characters") {
  const std::string text = repeat("日本語テキスト", 100);
  for (std::uint64_t limit = 100; limit < 110; ++limit) {
    const auto result = extract(text, {}, {.limits = {.text = limit}});
    REQUIRE(result);
    CHECK(result->truncated);
    CHECK(is_utf8(result->text));
    CHECK(result->text.size() > limit - 3);
    CHECK(result->text.size() <= limit);
  }
}

TEST_CASE("damage behind the kept text is not looked for") {
  const std::string text = repeat("déjà vu ", 100'000) + "\xff";
  CHECK(extract(text, {}, {.limits = {.text = 1000}}));
  CHECK_FALSE(extract(text));
}

TEST_CASE("an error of the reader comes through") {
  class FailingReader final : public Reader {
   public:
    Result<std::size_t> read(MutableByteView into, const Context&) override {
      if (++calls_ > 3) return Error(ErrorCode::unavailable, "the store went away");
      std::fill(into.begin(), into.end(), std::byte{'a'});
      return into.size();
    }
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return {}; }

   private:
    int calls_ = 0;
  };
  for (const char* type : {"text/plain", "text/html", "text/markdown"}) {
    FailingReader body;
    const auto result = make_extractor()->extract(body, {.name = "a", .content_type = type});
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == ErrorCode::unavailable);
    CHECK(result.error().operation() == "extract");
    CHECK(result.error().target() == "a");
  }
}

TEST_CASE("a reader that gives byte by byte changes nothing") {
  class SlowReader final : public Reader {
   public:
    explicit SlowReader(std::string_view text) : text_(text) {}
    Result<std::size_t> read(MutableByteView into, const Context&) override {
      if (text_.empty()) return std::size_t{0};
      into[0] = static_cast<std::byte>(text_.front());
      text_.remove_prefix(1);
      return std::size_t{1};
    }
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return {}; }

   private:
    std::string_view text_;
  };
  const std::string text = repeat("naïve\r\nfaçade 日本\r\n\r\n", 1000);
  SlowReader body(text);
  const auto slow = make_extractor()->extract(body, {});
  const auto quick = extract(text);
  REQUIRE(slow);
  REQUIRE(quick);
  const bool same = slow->text == quick->text;
  CHECK(same);
}
