// Any text has a summary that keeps to the rules, or is refused.
#include <cstdint>
#include <string_view>

#include <docupilot/summary/extractive_summarizer.h>

#include "base/utf8.h"
#include "fuzz/insist.h"
#include "text/sentences.h"
#include "text/words.h"

using docupilot_test::insist;

namespace {

void read_words(std::string_view text) {
  std::size_t end = 0;
  for (docupilot::text::WordReader words(text); words.next();) {
    const auto& word = words.word();
    insist(!word.spelling.empty() && word.offset >= end);
    end = word.offset + word.spelling.size();
    insist(end <= text.size() && docupilot::is_utf8(word.spelling));
  }
  insist(docupilot::is_utf8(docupilot::text::fold(text)));
  insist(docupilot::is_utf8(docupilot::text::fold_case(text)));
}

void read_sentences(std::string_view text) {
  std::size_t end = 0;
  for (docupilot::text::SentenceReader sentences(text); sentences.next();) {
    const auto& sentence = sentences.sentence();
    insist(sentence.size > 0 && sentence.offset >= end);
    end = sentence.offset + sentence.size;
    insist(end <= text.size());
  }
}

void summarize(std::string_view text, std::uint8_t choice) {
  const auto summarizer = docupilot::make_extractive_summarizer({.maximum_sentences = choice >= 128 ? 8U : 1000U});
  const std::size_t length = choice % 16;
  const docupilot::SummaryRequest request{
      .text = text,
      .title = text.substr(0, text.size() / 4),
      .language = choice % 3 == 0 ? "en" : "",
      .length = {.sentences = choice % 2 == 0 ? length : 0, .words = choice % 2 == 1 ? length * 4 : 0}};
  const auto summary = summarizer->summarize(request);
  if (!summary) return;
  insist(docupilot::is_utf8(text) && docupilot::is_utf8(summary->text) && !summary->sentences.empty());
  std::size_t end = 0;
  for (const auto& sentence : summary->sentences) {
    insist(sentence.size > 0 && sentence.offset >= end);
    end = sentence.offset + sentence.size;
    insist(end <= text.size() && docupilot::is_utf8(text.substr(sentence.offset, sentence.size)));
  }
  if (request.length.sentences > 0) insist(summary->sentences.size() <= request.length.sentences);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  read_words(text);
  read_sentences(text);
  summarize(text, data[0]);
  return 0;
}
