#include "search/query_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "search/edit_distance.h"
#include "search/match_expression.h"
#include "search/word_list.h"

using namespace docupilot;
using namespace docupilot::search;

namespace {

// An index of 1,000 documents that has some words, and some phrases.
class FewWords final : public Dictionary {
 public:
  FewWords(std::map<std::string, std::uint64_t> words, std::set<std::string> phrases = {})
      : words_(std::move(words)), phrases_(std::move(phrases)) {
    for (const auto& [word, count] : words_) {
      analyzer_.read(word, [&, n = count](const Token& token) { stems_[std::string(token.stem)] += n; });
    }
  }

  [[nodiscard]] std::uint64_t documents() const override { return 1'000; }
  [[nodiscard]] Result<WordCount> count(std::string_view word, std::string_view stem) override {
    const auto at = [](const auto& map, std::string_view key) {
      const auto found = map.find(std::string(key));
      return found == map.end() ? 0 : found->second;
    };
    return WordCount{at(words_, word), at(stems_, stem)};
  }
  [[nodiscard]] Result<std::vector<NearWord>> nearest(std::string_view word, std::size_t most) override {
    std::vector<NearWord> near;
    for (const auto& [other, count] : words_) {
      const std::size_t distance = edit_distance(word, other, most);
      if (distance > 0 && distance <= most) near.push_back({other, distance, count});
    }
    sort_by_likelihood(near, word);
    if (!near.empty()) std::erase_if(near, [d = near[0].distance](const NearWord& w) { return w.distance > d; });
    return near;
  }
  [[nodiscard]] Result<PrefixCount> count_prefix(std::string_view prefix) override {
    PrefixCount out;
    for (const auto& [word, count] : words_) out.documents += word.starts_with(prefix) ? count : 0;
    if (prefix == "happy") out.stems = {"happi"};
    return out;
  }
  [[nodiscard]] Result<bool> has_phrase(const std::vector<std::string>& stems) override {
    return phrases_.contains(quoted(stems));
  }

 private:
  std::map<std::string, std::uint64_t> words_;
  std::map<std::string, std::uint64_t> stems_;
  std::set<std::string> phrases_;
  Analyzer analyzer_;
};

QueryPlan plan(std::string_view text, Dictionary& dictionary, bool typo_tolerance = true) {
  Analyzer analyzer;
  return plan_query(parse_query(text), typo_tolerance, analyzer, dictionary).value();
}

std::string narrow(const QueryPlan& query) { return match_expression(query, 1'000, Breadth::narrow).text; }
std::string wide(const QueryPlan& query) { return match_expression(query, 1'000, Breadth::wide).text; }

}  // namespace

TEST_CASE("plain words are wished for, and stop words only help") {
  FewWords words({{"kill", 20}, {"running", 50}, {"query", 300}, {"how", 400}, {"to", 900}});
  const QueryPlan query = plan("how to kill running query", words);
  CHECK(query.musts.empty());
  CHECK(query.wished.size() == 5);
  CHECK(query.required() == 2);
  CHECK(query.concepts[query.wished[2]].is_content);
  CHECK_FALSE(query.concepts[query.wished[0]].is_content);
  CHECK(query.concepts[query.wished[2]].weight > query.concepts[query.wished[4]].weight);
  CHECK(narrow(query).starts_with("\"kill\" OR \"run\" OR (\"kill\" OR \"run\") AND (\"queri\""));
  CHECK(wide(query).starts_with("\"kill\" OR \"run\" OR \"queri\""));
}

TEST_CASE("all of two words are required, and most of more") {
  FewWords words({});
  for (const auto& [text, required] : {std::pair("a1", 1),
                                       {"a1 b1", 2},
                                       {"a1 b1 c1", 2},
                                       {"a1 b1 c1 d1", 3},
                                       {"a1 b1 c1 d1 e1", 3},
                                       {"a1 b1 c1 d1 e1 f1", 4},
                                       {"a1 a1", 1},
                                       {"the a1", 1}}) {
    CAPTURE(text);
    CHECK(plan(text, words).required() == static_cast<std::size_t>(required));
  }
}

TEST_CASE("a query of stop words alone asks for them") {
  FewWords words({{"to", 900}, {"be", 800}, {"or", 700}, {"not", 600}});
  const QueryPlan query = plan("to be or not to be", words);
  CHECK(query.wished.size() == 4);
  CHECK(query.required() == 3);
  CHECK(query.sequence.size() == 6);
}

TEST_CASE("an unknown word becomes the nearest ones") {
  FewWords words({{"receive", 10}, {"append", 10}, {"amend", 5}, {"spend", 50}, {"upend", 1}});
  const QueryPlan query = plan("recieve", words);
  REQUIRE(query.corrections.size() == 1);
  CHECK(query.corrections[0].from == "recieve");
  CHECK(query.corrections[0].to == "receive");
  CHECK(narrow(query) == "\"receiv\"");
  const QueryPlan several = plan("apend", words);
  CHECK(several.corrections.size() == 3);
  CHECK(several.corrections[0].to == "append");
  CHECK(several.concepts[0].phrases[0].weight == 1);
  CHECK(several.concepts[0].phrases[1].weight < 1);
  CHECK(plan("recieve", words, false).corrections.empty());
}

TEST_CASE("short words, numbers and stop words are not corrected") {
  FewWords words({{"abd", 9}, {"124", 9}, {"hew", 9}, {"chaat", 9}, {"transactoins", 9}});
  CHECK(plan("ac", words).corrections.empty());
  CHECK(plan("abc", words).corrections.size() == 1);
  CHECK(plan("123", words).corrections.empty());
  CHECK(plan("how", words).corrections.empty());
  CHECK(plan("chart", words).corrections.size() == 1);
  CHECK(plan("churt", words).corrections.empty());              // two edits in five letters
  CHECK(plan("transactionsx", words).corrections.size() == 1);  // two in twelve
}

TEST_CASE("a spelling that is new but has a known stem is corrected only to another stem") {
  FewWords words({{"embedded", 50}, {"embedding", 7}, {"init", 30}, {"initialize", 20}});
  CHECK(plan("embeded", words).corrections.empty());
  CHECK(narrow(plan("embeded", words)) == "\"embed\"");
  const QueryPlan query = plan("initalize", words);
  REQUIRE(query.corrections.size() == 1);
  CHECK(query.corrections[0].to == "initialize");
  CHECK(query.concepts[0].phrases.size() == 2);
}

TEST_CASE("a name is looked for as a whole, and by its parts when there is no such name") {
  FewWords words({{"pg", 90}, {"stat", 80}, {"activity", 40}, {"wal", 10}, {"receive", 10}, {"receivewal", 4}},
                 {"\"pg stat activ\"", "\"pg receivew\"", "\"pg receivewal\""});
  CHECK(narrow(plan("pg_stat_activity", words)) == "\"pg stat activ\"");
  const QueryPlan parts = plan("stat_activity", words);
  CHECK(parts.wished.size() == 2);
  const QueryPlan typo = plan("pg_recievewal", words);
  REQUIRE(typo.corrections.size() == 1);
  CHECK(typo.corrections[0].to == "receivewal");
  CHECK(typo.wished.size() == 1);
  CHECK(plan("stat, activity", words).wished.size() == 2);
}

TEST_CASE("operators make conditions, and what excludes comes last") {
  FewWords words({{"cat", 10}, {"dog", 20}, {"bird", 30}});
  CHECK(narrow(plan("cat AND dog", words)) == "\"cat\" AND \"dog\"");
  CHECK(narrow(plan("cat -dog", words)) == "(\"cat\") NOT (\"dog\")");
  CHECK(narrow(plan("-dog", words)) == "\"#\" NOT (\"dog\")");
  CHECK(narrow(plan("cat OR NOT dog", words)) == "\"cat\" OR \"#\" NOT (\"dog\")");
  CHECK(narrow(plan("\"cat dog\" bird", words)) == "(\"bird\") AND (\"cat dog\")");
  CHECK(narrow(plan("title:cat", words)) == "title : \"cat\"");
  CHECK(narrow(plan("(cat OR dog) AND bird", words)) == "(\"cat\" OR \"dog\") AND \"bird\"");
}

TEST_CASE("a prefix finds stems that begin so, and words whose stem does not") {
  FewWords words({{"happy", 10}, {"happiness", 3}});
  CHECK(narrow(plan("happ*", words)) == "\"happ\" *");
  CHECK(narrow(plan("happy*", words)) == "(\"happy\" * OR \"happi\")");
}

TEST_CASE("the roles of an expression are those of its phrases, in their order") {
  FewWords words({{"cat", 10}, {"dog", 20}, {"the", 300}});
  const QueryPlan query = plan("cat the -dog", words);
  const MatchExpression expression = match_expression(query, 1'000, Breadth::narrow);
  CHECK(static_cast<std::size_t>(std::ranges::count(expression.text, '"')) == 2 * expression.roles.size());
  CHECK(expression.roles.back().subject == PhraseRole::none);
  CHECK(expression.roles.front().subject == 0);
}
