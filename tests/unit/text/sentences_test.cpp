#include "text/sentences.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/utf8.h"

using docupilot::text::ParagraphKind;
using docupilot::text::Sentence;
using docupilot::text::SentenceReader;

namespace {

std::vector<Sentence> sentences_of(std::string_view text) {
  std::vector<Sentence> sentences;
  std::size_t end = 0;
  for (SentenceReader reader(text); reader.next();) {
    const Sentence& sentence = reader.sentence();
    REQUIRE(sentence.size > 0);
    REQUIRE(sentence.offset >= end);
    end = sentence.offset + sentence.size;
    REQUIRE(end <= text.size());
    CHECK(docupilot::is_utf8(text.substr(sentence.offset, sentence.size)));
    sentences.push_back(sentence);
  }
  return sentences;
}

// The sentences, each on a line of its own; an incomplete one has a ~ behind it.
std::string split(std::string_view text) {
  std::string lines;
  for (const Sentence& sentence : sentences_of(text)) {
    if (!lines.empty()) lines += '\n';
    lines += text.substr(sentence.offset, sentence.size);
    if (!sentence.complete) lines += '~';
  }
  return lines;
}

struct Case {
  const char* text;
  const char* sentences;
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CAPTURE(one.text);
    CHECK(split(one.text) == one.sentences);
  }
}

}  // namespace

TEST_CASE("a stop before a space ends a sentence") {
  check({
      {"", ""},
      {" \n\t ", ""},
      {"One.", "One."},
      {"One. Two.", "One.\nTwo."},
      {"  One!  Two?  ", "One!\nTwo?"},
      {"No stop at all", "No stop at all~"},
      {"One. And more", "One.\nAnd more~"},
      {"What?! Never!!! Yes.", "What?!\nNever!!!\nYes."},
      {"Is it so? yes it is.", "Is it so?\nyes it is."},
      {"One.\nTwo.", "One.\nTwo."},
      {"One.\r\nTwo.", "One.\nTwo."},
  });
}

TEST_CASE("a stop inside numbers, names and addresses ends nothing") {
  check({
      {"Pi is 3.14 or so. Next.", "Pi is 3.14 or so.\nNext."},
      {"It costs $1.50. Cheap.", "It costs $1.50.\nCheap."},
      {"Use version 2.0.1 now. Or v3.", "Use version 2.0.1 now.\nOr v3."},
      {"Open file.txt and a.out now. Done.", "Open file.txt and a.out now.\nDone."},
      {"See https://example.com/a.b?q=c.d! for more. End.", "See https://example.com/a.b?q=c.d! for more.\nEnd."},
      {"Visit www.example.org. It is free.", "Visit www.example.org.\nIt is free."},
      {"Mail to a.b@example.org. Wait.", "Mail to a.b@example.org.\nWait."},
      {"Write .NET code. Run it.", "Write .NET code.\nRun it."},
      {"Call pg_dump. pg_restore reads it.", "Call pg_dump.\npg_restore reads it."},
  });
}

TEST_CASE("abbreviations and initials do not end a sentence") {
  check({
      {"Mr. Smith met Dr. Jones. They talked.", "Mr. Smith met Dr. Jones.\nThey talked."},
      {"Use tools, e.g. Emacs, i.e. Editors. Fine.", "Use tools, e.g. Emacs, i.e. Editors.\nFine."},
      {"See Fig. 3 and No. 5. Then go.", "See Fig. 3 and No. 5.\nThen go."},
      {"He said no. Nobody spoke.", "He said no.\nNobody spoke."},
      {"J. R. R. Tolkien wrote it. C. S. Lewis too.", "J. R. R. Tolkien wrote it.\nC. S. Lewis too."},
      {"The U.S. Army came. It left.", "The U.S. Army came.\nIt left."},
      {"He lives in the U.S. The law is strict.", "He lives in the U.S.\nThe law is strict."},
      {"Apples, pears, etc. are fruit. Right.", "Apples, pears, etc. are fruit.\nRight."},
      {"Apples, pears, etc. Beans are not.", "Apples, pears, etc.\nBeans are not."},
      {"Acme Inc. Holdings rose. Good.", "Acme Inc. Holdings rose.\nGood."},
      {"He joined Acme Inc. The pay was good.", "He joined Acme Inc.\nThe pay was good."},
      {"Come at 5 p.m. Bring food.", "Come at 5 p.m.\nBring food."},
      {"On Jan. 5 it rained. St. Louis too.", "On Jan. 5 it rained.\nSt. Louis too."},
      {"So do I. We agree.", "So do I.\nWe agree."},
      {"Plan B. This works.", "Plan B.\nThis works."},
      {"Cats vs. Dogs. The end.", "Cats vs. Dogs.\nThe end."},
  });
}

TEST_CASE("quotes, brackets and footnote marks behind a stop belong to the sentence") {
  check({
      {"He said \"Go.\" She went.", "He said \"Go.\"\nShe went."},
      {"“Really?” he asked. “Yes.” He left.", "“Really?” he asked.\n“Yes.”\nHe left."},
      {"It works (mostly.) Nobody knows.", "It works (mostly.)\nNobody knows."},
      {"It is known.[1][23] It is old.", "It is known.[1][23]\nIt is old."},
      {"It is known.² Yes.", "It is known.²\nYes."},
      {"This is **bold.** Next one.", "This is **bold.**\nNext one."},
      {"Er kam. »Hallo.« Sie ging.", "Er kam.\n»Hallo.«\nSie ging."},
      {"Er sagte: „Komm.“ Sie kam.", "Er sagte: „Komm.“\nSie kam."},
      {"« Il vient. » Elle part.", "« Il vient. »\nElle part."},
      {"One. (Two is here.) Three.", "One.\n(Two is here.)\nThree."},
  });
}

TEST_CASE("an ellipsis ends a sentence only before a capital") {
  check({
      {"Wait... what is it? Hm.", "Wait... what is it?\nHm."},
      {"Wait... What is it?", "Wait...\nWhat is it?"},
      {"And so on… and on. End.", "And so on… and on.\nEnd."},
      {"And so on… The end.", "And so on…\nThe end."},
      {"Well . . . good. End.", "Well . . . good.\nEnd."},
  });
}

TEST_CASE("sentences in other languages") {
  check({
      {"Das ist z. B. Bier, d. h. Gerste. Prost!", "Das ist z. B. Bier, d. h. Gerste.\nProst!"},
      {"Am 3. Mai 2024 kam er. Am 12. ging er.", "Am 3. Mai 2024 kam er.\nAm 12. ging er."},
      {"Die Fa. bzw. Herr Dr. Müller zahlt. Gut.", "Die Fa. bzw. Herr Dr. Müller zahlt.\nGut."},
      {"M. Dupont est là. Il parle.", "M. Dupont est là.\nIl parle."},
      {"Ça va ? Oui ! Très bien.", "Ça va ?\nOui !\nTrès bien."},
      {"¿Qué es? ¡Nada! El Sr. López lo sabe.", "¿Qué es?\n¡Nada!\nEl Sr. López lo sabe."},
      {"Он жил в г. Москве, т. е. далеко. Потом уехал.", "Он жил в г. Москве, т. е. далеко.\nПотом уехал."},
      {"Дома, сады и т. д. Потом лес.", "Дома, сады и т. д.\nПотом лес."},
      {"А. С. Пушкин писал. Это важно.", "А. С. Пушкин писал.\nЭто важно."},
      {"Bkz. Şekil 2. İstanbul büyüktür. Ülke de.", "Bkz. Şekil 2.\nİstanbul büyüktür.\nÜlke de."},
      {"これは文です。次の文！「行く。」と言った。", "これは文です。\n次の文！\n「行く。」と言った。"},
      {"这是一句话。第二句？好！", "这是一句话。\n第二句？\n好！"},
      {"यह वाक्य है। दूसरा वाक्य।", "यह वाक्य है।\nदूसरा वाक्य।"},
      {"هل هذا صحيح؟ نعم. شكرا.", "هل هذا صحيح؟\nنعم.\nشكرا."},
      {"זה משפט. עוד משפט.", "זה משפט.\nעוד משפט."},
      {"Αυτό είναι. Και αυτό.", "Αυτό είναι.\nΚαι αυτό."},
      {"Եկավ։ Գնաց։", "Եկավ։\nԳնաց։"},
  });
}

TEST_CASE("wrapped lines go on, paragraphs do not") {
  check({
      {"This line is wrapped because the next word had no\nRoom in it at all, it is that simple with text.",
       "This line is wrapped because the next word had no\nRoom in it at all, it is that simple with text."},
      {"one\ntwo.", "one\ntwo."},
      {"Introduction\nThis document tells the whole story of it.",
       "Introduction~\nThis document tells the whole story of it."},
      {"First part\n\nsecond part.", "First part~\nsecond part."},
      {"First part\r\n\r\nsecond part.", "First part~\nsecond part."},
      {"First part\f"
       "Second part.",
       "First part~\nSecond part."},
      {"First part\u2029\u2029second part.", "First part~\nsecond part."},
      {"Hello,\nBob is here.", "Hello,\nBob is here."},
  });
}

TEST_CASE("headings, lists, rows and code are kept apart from the text") {
  check({
      {"# Big title?\nText is here.", "Big title?~\nText is here."},
      {"Big title\n=========\nText is here.", "Big title~\nText is here."},
      {"- First item\n- Second item.\n  It goes on.", "First item~\nSecond item.\nIt goes on."},
      {"1. Install it.\n2. Run it\n10) Stop.", "Install it.\nRun it~\nStop."},
      {"a) one\n(b) two\niv) three", "one~\ntwo~\nthree~"},
      {"• Αlpha.\n– Beta.", "Αlpha.\nBeta."},
      {"2.1. The buyer pays.\n\n2.2 The seller sends.", "The buyer pays.\nThe seller sends."},
      {"Over the years the number has grown to\n3.5 million users. It still grows every year.",
       "Over the years the number has grown to\n3.5 million users.\nIt still grows every year."},
      {"Name\tAge.\nBob\t3.", "Name\tAge.~\nBob\t3.~"},
      {"| a | b. |\n|---|---|\n| c | d. |", "| a | b. |~\n| c | d. |~"},
      {"Text.\n```\nint main. Run.\n```\nMore.", "Text.\nint main. Run.~\nMore."},
      {"> Quoted text.\nAnswer.", "> Quoted text.~\nAnswer."},
      {"One.\n-----\n***\nTwo.", "One.\nTwo."},
      {"Usage: tool [options]\n\nIt works.", "Usage: tool [options]~\nIt works."},
  });
}

TEST_CASE("a sentence knows what kind of paragraph holds it") {
  const auto sentences = sentences_of("# Title\n\nFirst here. Second here.\n\n* Item here. More of it.\n\na\tb\n");
  REQUIRE(sentences.size() == 6);
  CHECK(sentences[0].kind == ParagraphKind::heading);
  CHECK(sentences[1].kind == ParagraphKind::prose);
  CHECK(sentences[1].first);
  CHECK_FALSE(sentences[2].first);
  CHECK(sentences[3].kind == ParagraphKind::item);
  CHECK(sentences[3].first);
  CHECK(sentences[4].kind == ParagraphKind::item);
  CHECK_FALSE(sentences[4].first);
  CHECK(sentences[5].kind == ParagraphKind::data);
}

TEST_CASE("NUL bytes, broken UTF-8 and endless stops do no harm") {
  CHECK(split({"One.\0Two.", 9}) == std::string("One.\nTwo."));
  std::size_t count = 0;
  for (SentenceReader reader("One\xff. Two\xe2. \xc3"); reader.next();) ++count;
  CHECK(count == 3);
  CHECK(split("......!!!???") == "");
  CHECK(sentences_of(std::string(1 << 20, 'a')).size() == 1);
  CHECK(sentences_of("a" + std::string(1 << 20, '.')).size() == 1);
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "A. ((";
  CHECK(sentences_of(many).size() > 0);
}
