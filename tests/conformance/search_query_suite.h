#pragma once

#include "conformance/search_suite.h"

// The language of queries, ranking and snippets.
namespace docupilot_test::search_suite {

/// Words of a small zoo, for queries with operators.
inline void put_animals(SearchIndex& index) {
  put(index, {entry_of("cat", "cat purrs house"), entry_of("dog", "dog barks house"), entry_of("both", "cat dog house"),
              entry_of("bird", "bird sings tree"), entry_of("fish", "fish swims", "Silent house")});
}

TEST_CASE_TEMPLATE_DEFINE("two words must both be there", Backend, search_all_words) {
  Backend backend;
  const auto index = backend.open();
  put_animals(*index);
  CHECK(found(*index, "cat dog") == Ids{"both"});
  CHECK(found_set(*index, "cat house") == Ids{"both", "cat"});
  CHECK(found(*index, "house   fish") == Ids{"fish"});
}

TEST_CASE_TEMPLATE_DEFINE("when no document has all words, those with most of them are found", Backend,
                          search_most_words) {
  Backend backend;
  const auto index = backend.open();
  put_animals(*index);
  CHECK(found_set(*index, SearchQuery{.text = "bird barks", .typo_tolerance = false}) == Ids{"bird", "dog"});
  const Ids best = found(*index, "which dog barks at the tree of the house");
  REQUIRE_FALSE(best.empty());
  CHECK(best[0] == "dog");
}

TEST_CASE_TEMPLATE_DEFINE("documents come best first, and equal ones by id", Backend, search_order) {
  Backend backend;
  const auto index = backend.open();
  const std::string filling = " filling of many other words that have no meaning at all for the question that is asked";
  put(*index, {entry_of("a", "copper" + filling + " wire" + filling), entry_of("b", "a copper wire" + filling),
               entry_of("c", "copper wire and more copper wire", "Copper wire"), entry_of("z2", "zebra crossing"),
               entry_of("z1", "zebra crossing"), entry_of("z3", "zebra crossing")});
  CHECK(found(*index, "copper wire") == Ids{"c", "b", "a"});
  CHECK(found(*index, "zebra") == Ids{"z1", "z2", "z3"});
  const SearchResult result = index->query({.text = "copper wire"}).value();
  CHECK(result.hits[0].score > result.hits[1].score);
  CHECK(result.hits[1].score > result.hits[2].score);
}

TEST_CASE_TEMPLATE_DEFINE("a title says more than a text", Backend, search_title_rank) {
  Backend backend;
  const auto index = backend.open();
  put(*index,
      {entry_of("1", "create index is mentioned here, an index that is created by create index", "Other things"),
       entry_of("2", "Makes a table faster to read.", "CREATE INDEX"), entry_of("3", "nothing", "Nothing")});
  CHECK(found(*index, "create index") == Ids{"2", "1"});
}

TEST_CASE_TEMPLATE_DEFINE("an empty query lists all documents, newest first", Backend, search_newest) {
  Backend backend;
  const auto index = backend.open();
  std::vector<IndexEntry> entries;
  for (const auto& [id, created] : {std::pair("old", 1), {"new", 30}, {"b", 20}, {"a", 20}, {"unset", 0}}) {
    entries.push_back(entry_of(id, "x"));
    entries.back().document.created = {created};
  }
  put(*index, entries);
  const Ids all = {"new", "a", "b", "old", "unset"};
  CHECK(found(*index, "") == all);
  CHECK(found(*index, " \t\n ") == all);
  const SearchResult page = index->query({.limit = 2, .offset = 1}).value();
  CHECK(ids_of(page) == Ids{"a", "b"});
  CHECK(page.estimated_total == 5);
  CHECK(ids_of(index->query({.filter = field("created") < Timestamp{20}, .limit = 1}).value()) == Ids{"old"});
  CHECK(index->query({.offset = 5}).value().hits.empty());
}

TEST_CASE_TEMPLATE_DEFINE("a phrase in quotes is found word by word in its order", Backend, search_phrases) {
  Backend backend;
  const auto index = backend.open();
  if (!index->capabilities().phrases) return;
  put(*index,
      {entry_of("1", "red apple green pear"), entry_of("2", "apple red pear green"), entry_of("3", "red green")});
  CHECK(found(*index, "\"red apple\"") == Ids{"1"});
  CHECK(found(*index, "\"apple red\"") == Ids{"2"});
  CHECK(found(*index, "\"pear apple\"").empty());
  CHECK(found(*index, "\"red apple\" green") == Ids{"1"});
  CHECK(found_set(*index, "\"green pear\" OR \"pear green\"") == Ids{"1", "2"});
  CHECK(found(*index, "\u201cRed  Apple\u201d") == Ids{"1"});
  CHECK(found(*index, "\"red apple") == Ids{"1"});
  CHECK(found_set(*index, "red -\"apple green\"") == Ids{"2", "3"});
}

TEST_CASE_TEMPLATE_DEFINE("a star behind a word stands for any end", Backend, search_prefixes) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("1", "postgresql database"), entry_of("2", "postgres server"), entry_of("3", "postal service"),
               entry_of("4", "happy end 1500"), entry_of("5", "ghost")});
  CHECK(found_set(*index, "postg*") == Ids{"1", "2"});
  CHECK(found_set(*index, "post*") == Ids{"1", "2", "3"});
  CHECK(found(*index, "Postg* serv*") == Ids{"2"});
  CHECK(found(*index, "happy*") == Ids{"4"});
  CHECK(found(*index, "15*") == Ids{"4"});
  CHECK(found_set(*index, SearchQuery{.text = "xyz*", .typo_tolerance = false}).empty());
}

TEST_CASE_TEMPLATE_DEFINE("AND, OR, NOT, brackets and minus combine words", Backend, search_operators) {
  Backend backend;
  const auto index = backend.open();
  put_animals(*index);
  CHECK(found_set(*index, "cat OR bird") == Ids{"bird", "both", "cat"});
  CHECK(found(*index, "cat AND dog") == Ids{"both"});
  CHECK(found_set(*index, "house NOT dog") == Ids{"cat", "fish"});
  CHECK(found_set(*index, "house -dog") == Ids{"cat", "fish"});
  CHECK(found(*index, "house AND (purrs OR swims) AND NOT cat") == Ids{"fish"});
  CHECK(found_set(*index, "(cat AND purrs) OR (dog AND barks)") == Ids{"cat", "dog"});
  CHECK(found_set(*index, "house -(cat OR fish)") == Ids{"dog"});
  CHECK(found_set(*index, "cat AND house OR tree") == Ids{"bird", "both", "cat"});
  CHECK(found_set(*index, "bird OR NOT house") == Ids{"bird"});
}

TEST_CASE_TEMPLATE_DEFINE("a query may consist of what is not wanted", Backend, search_only_not) {
  Backend backend;
  const auto index = backend.open();
  put_animals(*index);
  CHECK(found_set(*index, "-house") == Ids{"bird"});
  CHECK(found_set(*index, "NOT cat") == Ids{"bird", "dog", "fish"});
  CHECK(found_set(*index, "-cat -dog -bird") == Ids{"fish"});
}

TEST_CASE_TEMPLATE_DEFINE("title: looks at titles only", Backend, search_title) {
  Backend backend;
  const auto index = backend.open();
  put_animals(*index);
  CHECK(found(*index, "title:house") == Ids{"fish"});
  CHECK(found(*index, "title:silent swims") == Ids{"fish"});
  CHECK(found(*index, "title:cat").empty());
  CHECK(found_set(*index, "house -title:silent") == Ids{"both", "cat", "dog"});
  if (index->capabilities().phrases) CHECK(found(*index, "title:\"silent house\"") == Ids{"fish"});
}

TEST_CASE_TEMPLATE_DEFINE("what is no operator is a word", Backend, search_stray_operators) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("1", "title and not or"), entry_of("2", "lower(name) title: x")});
  CHECK(found(*index, "lower(name)") == Ids{"2"});
  CHECK(found_set(*index, "title:") == Ids{"1", "2"});
  for (const char* query : {"AND", "OR", "NOT", "AND title", "title AND", "title OR", "OR title", "((title", "title))",
                            "title )(", "\"title", "title\"", "title:\"", "-", "--title", "title *", "* title"}) {
    CAPTURE(query);
    CHECK(index->query({.text = query}).has_value());
  }
}

TEST_CASE_TEMPLATE_DEFINE("case and accents do not matter", Backend, search_folding) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("1", "\u00c5ngstr\u00f6m and caf\u00e9"),
               entry_of("2", "\u0414\u041e\u041a\u0423\u041c\u0415\u041d\u0422"), entry_of("3", "stra\u00dfe")});
  CHECK(found(*index, "angstrom") == Ids{"1"});
  CHECK(found(*index, "CAFE\u0301") == Ids{"1"});
  CHECK(found(*index, "\u0434\u043e\u043a\u0443\u043c\u0435\u043d\u0442") == Ids{"2"});
  CHECK(found(*index, "STRASSE") == Ids{"3"});
}

TEST_CASE_TEMPLATE_DEFINE("names with punctuation are found whole and by their parts", Backend, search_names) {
  Backend backend;
  const auto index = backend.open();
  put(*index, {entry_of("1", "see pg_stat_activity for more"), entry_of("2", "stat of another activity"),
               entry_of("3", "version 15.3 of it"), entry_of("4", "15 years and 3 days")});
  CHECK(found(*index, "pg_stat_activity") == Ids{"1"});
  CHECK(found_set(*index, "activity") == Ids{"1", "2"});
  CHECK(found(*index, "15.3") == Ids{"3"});
}

TEST_CASE_TEMPLATE_DEFINE("a word that is misspelt finds the nearest", Backend, search_typos) {
  Backend backend;
  const auto index = backend.open();
  if (!index->capabilities().typo_tolerance) return;
  put(*index, {entry_of("1", "the configuration of replication"), entry_of("2", "a database server"),
               entry_of("3", "nothing of that kind")});
  for (const auto& [wrong, right, id] : {std::tuple("configuraton", "configuration", "1"),
                                         {"replicaiton", "replication", "1"},
                                         {"databse", "database", "2"},
                                         {"sevrer", "server", "2"},
                                         {"xdatabase", "database", "2"},
                                         {"atabase", "database", "2"},
                                         {"serber", "server", "2"}}) {
    CAPTURE(wrong);
    const SearchResult result = index->query({.text = wrong}).value();
    CHECK(ids_of(result) == Ids{id});
    REQUIRE(result.corrections.size() == 1);
    CHECK(result.corrections[0].from == wrong);
    CHECK(result.corrections[0].to == right);
    CHECK(found_set(*index, SearchQuery{.text = wrong, .typo_tolerance = false}).empty());
  }
  CHECK(index->query({.text = "database server"}).value().corrections.empty());
  CHECK(found(*index, "databse sevrer") == Ids{"2"});
  CHECK(found(*index, "elephant").empty());
  drop(*index, {"2"});
  CHECK(index->query({.text = "databse"}).value().corrections.empty());
}

TEST_CASE_TEMPLATE_DEFINE("a snippet shows the best passage with its words marked", Backend, search_snippets) {
  Backend backend;
  const auto index = backend.open();
  std::string text;
  for (int i = 0; i < 300; ++i) text += "word" + std::to_string(i) + (i % 10 == 9 ? ".\n\n" : "  ");
  text += "here the golden\tkey lies hidden. ";
  for (int i = 0; i < 300; ++i) text += "tail" + std::to_string(i) + ' ';
  put(*index, {entry_of("1", text), entry_of("2", "golden key")});
  const auto snippet = [&](SearchQuery query) {
    query.text = query.text.empty() ? "golden key" : query.text;
    query.filter = field("id") == "1";
    return index->query(query).value().hits.at(0).snippet;
  };
  const std::string plain = snippet({});
  CHECK(plain.find("the **golden** **key** lies") != std::string::npos);
  CHECK(plain.starts_with("\u2026"));
  CHECK(plain.ends_with("\u2026"));
  CHECK(plain.find('\n') == std::string::npos);
  CHECK(plain.find("  ") == std::string::npos);
  const auto blanks = std::ranges::count(plain, ' ');
  CHECK(blanks >= 20);
  CHECK(blanks <= 40);
  CHECK(snippet({.highlight_begin = "<b>", .highlight_end = "</b>"}).find("<b>golden</b> <b>key</b>") !=
        std::string::npos);
  CHECK(snippet({.highlight_begin = "", .highlight_end = ""}).find("the golden key lies") != std::string::npos);
  CHECK(snippet({.snippet_words = 0}).empty());
  CHECK(std::ranges::count(snippet({.snippet_words = 8}), ' ') <= 10);
  CHECK(snippet({.text = "word0"}).starts_with("**word0** word1"));
  CHECK(snippet({.text = "tail299"}).ends_with("**tail299**"));
}

TEST_CASE_TEMPLATE_DEFINE("no text is an error or hurts", Backend, search_hostile) {
  Backend backend;
  const auto index = backend.open();
  put_animals(*index);
  std::mt19937 random(7);
  static constexpr std::string_view parts[] = {"\"",
                                               "(",
                                               ")",
                                               "*",
                                               "-",
                                               "+",
                                               ":",
                                               "^",
                                               "NEAR(",
                                               "NEAR/2",
                                               "{",
                                               "}",
                                               "'",
                                               ";",
                                               "--",
                                               "AND",
                                               "OR",
                                               "NOT",
                                               "cat",
                                               "dog",
                                               "title:",
                                               "body:",
                                               "docupilot_search_fts",
                                               " ",
                                               "  ",
                                               ",",
                                               "%",
                                               "_",
                                               "\\",
                                               "\xff",
                                               "\xc3",
                                               "\xed\xa0\x80",
                                               "\u00e9",
                                               "\u4e2d\u6587",
                                               "a",
                                               "0",
                                               "#",
                                               "C++",
                                               "\n",
                                               "\x01",
                                               "<b>",
                                               "\u201c",
                                               "$"};
  for (int i = 0; i < 10'000; ++i) {
    std::string text;
    for (std::size_t count = random() % 12; count > 0; --count) {
      text += parts[random() % std::size(parts)];
      if (random() % 3 == 0) text += ' ';
      if (random() % 40 == 0) text += '\0';
    }
    const auto result = index->query({.text = text, .snippet_words = 4});
    if (result) continue;
    CAPTURE(text);
    FAIL(result.error().to_string());
  }
  for (const std::string& text : {std::string(100'000, '('), std::string(100'000, '"'), std::string(100'000, 'a'),
                                  std::string(100'000, '-'), std::string(100'000, '\0')}) {
    CHECK(index->query({.text = text}).has_value());
  }
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += "w" + std::to_string(i) + " OR NOT (";
  CHECK(index->query({.text = many}).has_value());
  CHECK(found_set(*index, "cat OR dog") == Ids{"both", "cat", "dog"});
}

}  // namespace docupilot_test::search_suite
