#include "text.h"

#include <clocale>

#include <doctest/doctest.h>
#include <docupilot/base/value.h>

#include "arguments.h"
#include "json_line.h"
#include "walk.h"

using namespace docupilot_command;

TEST_CASE("Names cannot move the cursor, start a line or turn the direction of writing") {
  CHECK(escaped("plain name.txt") == "plain name.txt");
  CHECK(escaped("Ünïcode ☃ 日本") == "Ünïcode ☃ 日本");
  CHECK(escaped("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(escaped("\x1b[2J") == "\\x1b[2J");
  CHECK(escaped("\xc2\x9b") == "\\x9b");
  CHECK(escaped("a\xe2\x80\xae") == "a\\u202e");
  CHECK(escaped("\xff\xfe") == "\\xff\\xfe");
  CHECK(escaped("\xe2\x82") == "\\xe2\\x82");           // cut short
  CHECK(escaped("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // half a surrogate pair
  CHECK(escaped_lines("a\n\tb\x1b") == "a\n\tb\\x1b");
  CHECK(valid_utf8("a\xff z") == "a\xef\xbf\xbd z");
}

TEST_CASE("What is shortened takes no more columns than it may") {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  CHECK(display_width("日本") == 4);
  CHECK(display_width("abc") == 3);
  const std::string name = "reports/2026/日本語のとても長い名前/quarterly-figures.pdf";
  for (std::size_t columns = 1; columns < 70; ++columns) {
    CAPTURE(columns);
    CHECK(display_width(shortened(name, columns)) <= columns);
    CHECK(display_width(shortened_middle(name, columns)) <= columns);
  }
  CHECK(shortened_middle("abcdefghijklmnop.txt", 12) == "abcd...p.txt");
  CHECK(shortened("abcdef", 6) == "abcdef");
  CHECK(shortened("abcdefg", 6) == "abc...");
}

TEST_CASE("Lines are broken at spaces, and long words inside") {
  for (const std::string& line : wrapped("one two three fourfivesixseveneightnine ten", 10)) {
    CHECK(display_width(line) <= 10);
  }
  CHECK(wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("a\n\nb", 7) == std::vector<std::string>{"a", "", "b"});
  CHECK(wrapped("\x01one\x02 two", 7) == std::vector<std::string>{"\x01one\x02 two"});
  CHECK(wrapped("", 7).empty());
}

TEST_CASE("Numbers are told as people read them") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(1023) == "1023 B");
  CHECK(human_size(1024) == "1.0 KiB");
  CHECK(human_size(1024.0 * 1024 * 1023.99) == "1.0 GiB");
  CHECK(human_count(999) == "999");
  CHECK(human_count(1000) == "1,000");
  CHECK(human_count(1234567) == "1,234,567");
  CHECK(human_time(0) == "0:00");
  CHECK(human_time(3599.4) == "59:59");
  CHECK(human_time(3723) == "1:02:03");
  CHECK(counted(1, "document") == "1 document");
  CHECK(counted(2000, "document") == "2,000 documents");
  CHECK(shell_quoted("./library") == "./library");
  CHECK(shell_quoted("it's here") == "'it'\\''s here'");
  CHECK(shell_quoted("") == "''");
}

TEST_CASE("JSON lines keep their order and are valid for any bytes") {
  CHECK(JsonLine().text("b", "x\n\"").number("a", 1).boolean("c", false).str() == R"({"b":"x\n\"","a":1,"c":false})");
  CHECK(JsonLine("{\"a\":1}").text("b", "\xff").str() == "{\"a\":1,\"b\":\"\xef\xbf\xbd\"}");
  CHECK(JsonLine().str() == "{}");
  CHECK(docupilot::Value::from_json(JsonLine().text("k", std::string("a\0b\x1b", 4)).str()).has_value());
}

TEST_CASE("A glob without a slash is for file names, one with a slash for whole paths") {
  CHECK(glob_matches("*.txt", "a/b/c.txt"));
  CHECK_FALSE(glob_matches("*.txt", "a/b/c.md"));
  CHECK(glob_matches("a/*", "a/b/c.txt"));
  CHECK_FALSE(glob_matches("b/*", "a/b/c.txt"));
  CHECK(glob_matches("[abc]?", "x/c1"));
}

namespace {

ParsedCommandLine parse(std::vector<const char*> words) {
  words.insert(words.begin(), "docupilot");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

}  // namespace

TEST_CASE("Flags of all subcommands stand before or after the subcommand") {
  for (const auto& line : {parse({"--library", "x", "--json", "list"}), parse({"list", "--json", "--library=x"})}) {
    REQUIRE(line.arguments);
    CHECK(line.arguments->command == Command::list);
    CHECK(line.arguments->global.library == "x");
    CHECK(line.arguments->global.json);
  }
}

TEST_CASE("A repeatable flag takes one value and leaves what follows alone") {
  const ParsedCommandLine line = parse({"ingest", "--tag", "a", "list", "-", "--tag", "[b,c]", "[d,e]"});
  REQUIRE(line.arguments);
  CHECK(line.arguments->command == Command::ingest);
  CHECK(line.arguments->ingest.tags == std::vector<std::string>{"a", "[b,c]"});
  CHECK(line.arguments->ingest.sources == std::vector<std::string>{"list", "-", "[d,e]"});
}

TEST_CASE("Words that look like lists stay as they are") {
  for (const char* word : {"{}", "[]", "[a]", "[a,b]", "a,b", "''"}) {
    CAPTURE(word);
    const ParsedCommandLine line = parse({"ingest", word, "--name", word});
    REQUIRE(line.arguments);
    CHECK(line.arguments->ingest.sources == std::vector<std::string>{word});
    CHECK(line.arguments->ingest.name == word);
  }
}

TEST_CASE("Words of a search that begin with a dash stand after two dashes") {
  const ParsedCommandLine line = parse({"search", "--limit", "3", "--", "report", "-draft"});
  REQUIRE(line.arguments);
  CHECK(line.arguments->search.words == std::vector<std::string>{"report", "-draft"});
  CHECK(line.arguments->search.limit == 3);
  const ParsedCommandLine later = parse({"search", "report", "--", "-draft", "--"});
  REQUIRE(later.arguments);
  CHECK(later.arguments->search.words == std::vector<std::string>{"report", "-draft", "--"});
}

TEST_CASE("What cannot be taken is refused with exit code 2 and a hint") {
  const std::vector<const char*> lines[] = {
      {},
      {"nonsense"},
      {"ingest"},
      {"list", "--unknown"},
      {"list", "--limit", "0"},
      {"list", "--limit", "many"},
      {"search", "x", "--limit", "1001"},
      {"completion", "tcsh"},
      {"config", "everything"},
      {"list", "--progress", "loud"},
      {"show"},
      {"show", "a", "b"},
      {"list", "--timeout", "0"},
      {"ingest", "x", "--jobs", "257"},
      {"summarize", "x", "--words", "3", "--sentences", "3"},
  };
  for (const auto& words : lines) {
    const ParsedCommandLine line = parse(words);
    CAPTURE(words.size());
    CHECK_FALSE(line.arguments);
    CHECK(line.exit_code == 2);
    CHECK_FALSE(line.text.empty());
    CHECK(line.hint.find("--help") != std::string::npos);
  }
  CHECK(parse({"search", "x", "--limit", "1000"}).arguments);
  CHECK(parse({"ingest", "x", "--jobs", "256"}).arguments);
  CHECK(parse({"list", "--json", "--bad"}).json);
}

TEST_CASE("Every subcommand is in the completion of every shell") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_for(shell);
    for (const char* name : {"ingest", "list", "show", "search", "summarize", "get", "remove", "status", "resume",
                             "sweep", "diagnose", "config", "completion"}) {
      CAPTURE(name);
      CHECK(script.find(name) != std::string::npos);
    }
    CHECK(script.find("idempotency-key") != std::string::npos);
  }
}

TEST_CASE("A size is a number of bytes or of powers of 1,024, and everything else is none") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("67108864") == 67'108'864);
  CHECK(parse_size("12b") == 12);
  for (const char* text : {"64MiB", "64M", "64mb", "0.0625g", "65536KiB"}) {
    CAPTURE(text);
    CHECK(parse_size(text) == 67'108'864);
  }
  CHECK(parse_size("4TiB") == std::uint64_t{4} << 40U);
  for (const char* text :
       {"", "b", "MiB", "-1", "12q", "1kx", "1kibi", "nan", "inf", "1e300", "5 GiB", "9999999999g"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
}
