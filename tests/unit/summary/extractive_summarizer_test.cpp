#include <docupilot/summary/extractive_summarizer.h>

#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/utf8.h"

using docupilot::Context;
using docupilot::ErrorCode;
using docupilot::ExtractiveOptions;
using docupilot::make_extractive_summarizer;
using docupilot::Result;
using docupilot::Summary;
using docupilot::SummaryLength;
using docupilot::SummaryRequest;

namespace {

const std::string bees =
    "Honey bees live in colonies of many thousand workers and one queen. The workers collect nectar and pollen from "
    "flowers near the colony. Nectar becomes honey, which feeds the colony in winter. Without honey the colony would "
    "not live through the winter. Beekeepers take part of the honey and give the bees sugar in return. The weather "
    "was fine on Tuesday. A mite from Asia has killed many colonies of honey bees since 1977. Beekeepers treat their "
    "colonies against the mite late in summer, when there is no honey left to take.\n";

Result<Summary> summarize(std::string_view text, SummaryLength length = {}, std::string_view title = {}) {
  return make_extractive_summarizer()->summarize({.text = text, .title = title, .length = length});
}

// The summary, after a look at whether it keeps to the rules that hold for every text.
Summary checked(std::string_view text, SummaryLength length = {}) {
  const auto made = summarize(text, length);
  REQUIRE_MESSAGE(made.has_value(), made.error().to_string());
  const Summary& summary = *made;
  REQUIRE_FALSE(summary.sentences.empty());
  std::size_t end = 0;
  for (const auto& sentence : summary.sentences) {
    REQUIRE(sentence.offset >= end);
    REQUIRE(sentence.size > 0);
    end = sentence.offset + sentence.size;
    REQUIRE(end <= text.size());
    CHECK(docupilot::is_utf8(text.substr(sentence.offset, sentence.size)));
  }
  CHECK(docupilot::is_utf8(summary.text));
  CHECK(summary.text.find('\n') == std::string::npos);
  return summary;
}

std::size_t word_count(const std::string& text) {
  std::istringstream in(text);
  std::string word;
  std::size_t count = 0;
  while (in >> word) ++count;
  return count;
}

}  // namespace

TEST_CASE("a summary has three sentences unless it is told otherwise") {
  const Summary summary = checked(bees);
  CHECK(summary.sentences.size() == 3);
  CHECK(summary.model == "extractive:1");
  CHECK(summary.bytes_read == bees.size());
  CHECK(summary.input_tokens == 0);
  CHECK(summary.output_tokens == 0);
  CHECK(summary.text.find("Tuesday") == std::string::npos);
  CHECK(summary.text.find("Honey bees live in colonies") == 0);
}

TEST_CASE("the same text has the same summary, whoever makes it") {
  const Summary first = checked(bees, {.sentences = 4});
  for (int i = 0; i < 20; ++i) {
    const Summary again = checked(bees, {.sentences = 4});
    CHECK(again.text == first.text);
    for (std::size_t k = 0; k < first.sentences.size(); ++k)
      CHECK(again.sentences[k].score == first.sentences[k].score);
  }
  // Fixed for good, on every machine: a change of the ranking is a new model.
  CHECK(first.text ==
        "Honey bees live in colonies of many thousand workers and one queen. Nectar becomes honey, which feeds the "
        "colony in winter. Without honey the colony would not live through the winter. Beekeepers treat their colonies "
        "against the mite late in summer, when there is no honey left to take.");
}

TEST_CASE("a summary has no more sentences than asked for") {
  for (std::size_t most = 1; most <= 12; ++most) CHECK(checked(bees, {.sentences = most}).sentences.size() <= most);
  CHECK(checked(bees, {.sentences = 1}).sentences.size() == 1);
  CHECK(checked(bees, {.sentences = 100}).sentences.size() == 8);
}

TEST_CASE("a summary has no more words than asked for, but one sentence") {
  for (const std::size_t most : {12U, 13U, 20U, 30U, 50U, 80U}) {
    const Summary summary = checked(bees, {.words = most});
    CAPTURE(most);
    CHECK(word_count(summary.text) <= most);
  }
  const Summary shortest = checked(bees, {.words = 1});
  CHECK(shortest.text == "The weather was fine on Tuesday.");
  CHECK(checked(bees, {.words = 6}).text == "The weather was fine on Tuesday.");
  CHECK(checked(bees, {.words = 1'000}).sentences.size() == 8);
  CHECK(checked(bees, {.sentences = 2, .words = 1}).sentences.size() == 2);
}

TEST_CASE("a sentence that a text repeats stands in the summary once") {
  std::string text;
  for (int i = 0; i < 5; ++i) text += bees + "\n";
  CHECK(checked(text, {.sentences = 100}).sentences.size() == 8);
  CHECK(checked("The cat sleeps all day. THE CAT sleeps, all day! the cat sleeps all day...").sentences.size() == 1);
  // Eight of ten words are the same.
  CHECK(checked("The old mill at the river grinds corn for bread. The old mill at the river grinds corn for cakes.")
            .sentences.size() == 1);
  // Half of the words are the same.
  CHECK(checked("The old mill grinds corn for bread. The old mill stood empty since spring.").sentences.size() == 2);
}

TEST_CASE("the title draws sentences near to it") {
  const std::string text =
      "Rivers carry water from mountains to oceans. Bridges let people cross rivers on foot. Boats carry goods along "
      "rivers and across oceans. Old bridges of stone need much care from people.";
  const auto plain = summarize(text, {.sentences = 4});
  const auto titled = summarize(text, {.sentences = 4}, "Of BOATS and stones");
  REQUIRE(plain);
  REQUIRE(titled);
  REQUIRE(plain->sentences.size() == 4);
  REQUIRE(titled->sentences.size() == 4);
  CHECK(titled->sentences[0].score == plain->sentences[0].score);
  CHECK(titled->sentences[1].score == plain->sentences[1].score);
  CHECK(titled->sentences[2].score > plain->sentences[2].score);
  CHECK(titled->sentences[3].score > plain->sentences[3].score);
  CHECK(summarize(text, {}, "\xff no UTF-8 " + std::string(1 << 20, 'x')));
}

TEST_CASE("headings, lists, code and notices stay out of a summary") {
  const Summary summary = checked(
      "Reference Manual\n\nCopyright © 2024 Example Ltd. All rights reserved.\n\n# Reading files\n\n"
      "The reader opens a file and returns its lines one after the other. See also the section on writing files.\n\n"
      "```\nint main() { return read(file); }\n```\n\n"
      "Home | Up | Next\n\n- reader\n- writer\n\nTHE READER COMES WITHOUT ANY WARRANTY AT ALL.\n\n"
      "A file that the reader cannot open gives an error with its name. if (x == y) { return a[i] + b[j]; } is "
      "code.\n\n"
      "Name\tSize\nfile\t12 bytes of it.\n",
      {.sentences = 10});
  CHECK(summary.text.find("The reader opens a file") == 0);
  for (const char* bad : {"©", "Manual", "int main", "Next", "WARRANTY", "==", "bytes", "# "}) {
    CAPTURE(bad);
    CHECK(summary.text.find(bad) == std::string::npos);
  }
}

TEST_CASE("a text without a good sentence still has a summary") {
  CHECK(checked("Yes.").text == "Yes.");
  CHECK(checked("Hello world").text == "Hello world");
  CHECK(checked("Shopping list\n\n- apples\n- pears\n- flour\n", {.sentences = 2}).sentences.size() == 2);
  CHECK(checked("a\tb\nc\td\n").sentences.size() >= 1);
  CHECK(checked("一").text == "一");
}

TEST_CASE("what never stops is cut after sixty words or a thousand bytes") {
  std::string words;
  for (int i = 0; i < 50'000; ++i) words += "word" + std::to_string(i) + ' ';
  const Summary summary = checked(words);
  CHECK(summary.sentences.size() == 1);
  CHECK(word_count(summary.text) == 60);
  CHECK(summary.text.ends_with("word59"));
  CHECK(checked(std::string(1 << 20, 'x')).text.size() == 1'000);
  std::string letters = "a";
  while (letters.size() < 100'000) letters += "ß";
  CHECK(checked(letters).text.size() == 999);
}

TEST_CASE("text beyond the limit is not read") {
  const std::string text = bees + "Zebras live in Africa and eat the grass of the wide plains all day.";
  const auto summary_with = [&](std::size_t most) {
    return make_extractive_summarizer({.maximum_bytes = most})->summarize({.text = text, .length = {.sentences = 100}});
  };
  const auto cut = summary_with(bees.size());
  REQUIRE(cut);
  CHECK(cut->bytes_read == bees.size());
  CHECK(cut->text.find("Zebras") == std::string::npos);
  const auto whole = summary_with(text.size());
  REQUIRE(whole);
  CHECK(whole->bytes_read == text.size());
  CHECK(whole->text.find("Zebras") != std::string::npos);

  const auto inside = make_extractive_summarizer({.maximum_bytes = 8})->summarize({.text = "Bären äßen gern."});
  REQUIRE(inside);
  CHECK(inside->bytes_read == 7);
  const auto beyond = make_extractive_summarizer({.maximum_bytes = 8})->summarize({.text = "One two.\xff\xfe"});
  CHECK(beyond);

  std::string large = bees;
  while (large.size() <= (1u << 20)) large += bees;
  CHECK(checked(large).bytes_read == 1u << 20);
}

TEST_CASE("no more sentences are ranked than the options say") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "Topic number" + std::to_string(i) + " has its own story of some length. ";
  const auto ranked = [&](std::size_t most) {
    const auto summary = make_extractive_summarizer({.maximum_sentences = most})
                             ->summarize({.text = text, .length = {.words = 100'000}});
    REQUIRE(summary);
    return summary->sentences.size();
  };
  CHECK(ranked(0) == 1);
  CHECK(ranked(1) == 1);
  CHECK(ranked(7) <= 7);
}

TEST_CASE("a text in any language with spaces has a summary") {
  struct Case {
    const char* language;
    const char* text;
    const char* central;
  };
  const std::vector<Case> cases = {
      {"de",
       "Die Stadt baut eine neue Brücke über den Fluss. Die Brücke verbindet die Altstadt mit dem Bahnhof. Am "
       "Montag regnete es lange. Der Bau der Brücke dauert drei Jahre, sagt die Stadt.",
       "Brücke"},
      {"fr",
       "La ville construit un nouveau pont sur la rivière. Le pont relie la vieille ville à la gare. Il pleuvait "
       "lundi matin très fort. La construction du pont dure trois ans, dit la ville.",
       "pont"},
      {"es",
       "La ciudad construye un puente nuevo sobre el río. El puente une el casco antiguo con la estación. El "
       "lunes llovió mucho tiempo. La obra del puente dura tres años, dice la ciudad.",
       "puente"},
      {"ru",
       "Город строит новый мост через реку. Мост соединит старый город с вокзалом. В понедельник долго шёл "
       "сильный дождь. Строительство моста займёт три года, говорит город.",
       "мост"},
      {"tr",
       "Şehir nehrin üzerine yeni bir köprü yapıyor. Köprü eski şehri istasyona bağlayacak. Pazartesi günü uzun "
       "süre yağmur yağdı. Köprünün yapımı üç yıl sürecek, diyor şehir.",
       "köprü"},
      {"it",
       "La città costruisce un nuovo ponte sul fiume. Il ponte collega la città vecchia con la stazione. Lunedì "
       "ha piovuto molto forte. La costruzione del ponte dura tre anni, dice la città.",
       "ponte"},
      {"pl",
       "Miasto buduje nowy most przez rzekę. Most połączy stare miasto z dworcem. W poniedziałek długo padał "
       "deszcz. Budowa mostu potrwa trzy lata, mówi miasto.",
       "most"},
      {"hi",
       "शहर नदी पर नया पुल बना रहा है। पुल पुराने शहर को स्टेशन से जोड़ेगा। सोमवार को देर तक बारिश हुई। पुल का काम तीन साल "
       "चलेगा, शहर कहता है।",
       "पुल"},
      {"zh", "城市正在河上修建一座新桥。新桥把老城区和火车站连接起来。星期一下了很久的雨。", "桥"},
  };
  const auto summarizer = make_extractive_summarizer();
  for (const Case& one : cases) {
    CAPTURE(one.language);
    const Summary guessed = checked(one.text, {.sentences = 2});
    CHECK(guessed.sentences.size() == 2);
    CHECK(guessed.text.find(one.central) != std::string::npos);
    const auto named = summarizer->summarize({.text = one.text, .language = one.language, .length = {.sentences = 2}});
    REQUIRE(named);
    CHECK(named->text.find(one.central) != std::string::npos);
  }
  CHECK(summarizer->summarize({.text = bees, .language = "xx-Nowhere"}));
}

TEST_CASE("white space and control characters collapse in the text of a summary only") {
  static constexpr char source[] = "The  quick\n brown\0fox jumps\x1b over the\u00a0dog.";
  const std::string_view text(source, sizeof source - 1);
  const Summary summary = checked(text);
  CHECK(summary.text == "The quick brown fox jumps over the dog.");
  CHECK(text.substr(summary.sentences[0].offset, summary.sentences[0].size) == text);
}

TEST_CASE("work on a long text stops when its time is up") {
  std::string text;
  for (int i = 0; text.size() < (1u << 20); ++i)
    text += "Sentence " + std::to_string(i) + " tells a story of its own. ";
  std::size_t pieces = 0;
  const SummaryRequest request{.text = text, .on_piece = [&](std::string_view) { ++pieces; }};
  const Context context{.deadline = docupilot::Deadline::after(docupilot::Duration(200'000))};
  const auto summary = make_extractive_summarizer()->summarize(request, context);
  REQUIRE_FALSE(summary);
  CHECK(summary.error().code() == ErrorCode::timeout);
  CHECK(pieces == 0);
}
