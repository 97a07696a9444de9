#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <docupilot/summary/summarizer.h>

namespace docupilot_test {

inline constexpr std::string_view summarizer_text =
    "The lighthouse of Pharos stood on a small island before the harbour of Alexandria. It was built in the third "
    "century before our era, and for a long time it was among the tallest buildings of the world. A fire burned at "
    "the top of the lighthouse, and mirrors carried its light far out to sea. Ships found the harbour of Alexandria "
    "by this light even in stormy nights. Several earthquakes damaged the lighthouse in the Middle Ages. Its last "
    "stones were used to build a fortress on the same island. Divers found parts of the lighthouse on the ground of "
    "the harbour in 1994.\n";

/// Whether there is no control character and no white space other than single spaces.
inline bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return text.find("  ") == std::string_view::npos && !text.starts_with(' ') && !text.ends_with(' ');
}

/// What a sentence of the source looks like in a summary.
inline std::string collapsed(std::string_view sentence) {
  std::string out;
  bool gap = false;
  for (const char c : sentence) {
    const bool space = static_cast<unsigned char>(c) <= 0x20;
    if (!space && gap) out += ' ';
    if (!space) out += c;
    gap = space;
  }
  return out;
}

/// What any summarizer promises. A builder type has `static std::unique_ptr<docupilot::Summarizer> make()`.
TEST_CASE_TEMPLATE_DEFINE("a summarizer keeps its promises", Builder, summarizer_suite) {
  using docupilot::Context;
  using docupilot::Deadline;
  using docupilot::ErrorCode;
  const std::unique_ptr<docupilot::Summarizer> summarizer = Builder::make();
  REQUIRE(summarizer);

  SUBCASE("it has a name") {
    CHECK_FALSE(summarizer->name().empty());
    CHECK(summarizer->name() == summarizer->name());
  }

  SUBCASE("it tells what a text says, and how it came to that") {
    const auto summary = summarizer->summarize({.text = summarizer_text, .title = "Pharos"});
    REQUIRE_MESSAGE(summary.has_value(), summary.error().to_string());
    CHECK_FALSE(summary->text.empty());
    CHECK(summary->text.size() < summarizer_text.size());
    CHECK_FALSE(summary->model.empty());
    CHECK(summary->bytes_read == summarizer_text.size());
    CHECK_FALSE(summary->degraded);
    REQUIRE_FALSE(summary->attempts.empty());
    CHECK(summary->attempts.back().outcome == "ok");
    CHECK_FALSE(summary->attempts.back().provider.empty());
  }

  SUBCASE("sentences of the source stand in it, in order, within the length") {
    for (const std::size_t most : {1U, 2U, 4U}) {
      const auto summary = summarizer->summarize({.text = summarizer_text, .length = {.sentences = most, .words = 1}});
      REQUIRE(summary);
      if (summary->sentences.empty()) continue;  // written freely
      CHECK(is_plain(summary->text));
      CHECK(summary->sentences.size() <= most);
      std::size_t end = 0;
      std::string joined;
      for (const auto& sentence : summary->sentences) {
        CHECK(sentence.offset >= end);
        CHECK(sentence.score > 0);
        end = sentence.offset + sentence.size;
        REQUIRE(end <= summarizer_text.size());
        if (!joined.empty()) joined += ' ';
        joined += collapsed(summarizer_text.substr(sentence.offset, sentence.size));
      }
      CHECK(summary->text == joined);
    }
  }

  SUBCASE("the pieces make the summary") {
    std::string pieces;
    const auto summary =
        summarizer->summarize({.text = summarizer_text, .on_piece = [&](std::string_view piece) { pieces += piece; }});
    REQUIRE(summary);
    CHECK(pieces == summary->text);
  }

  SUBCASE("a text without a word is refused with a hint") {
    for (const std::string_view text : {"", " \n\t ", "... --- !!!"}) {
      const auto summary = summarizer->summarize({.text = text});
      REQUIRE_FALSE(summary);
      CHECK(summary.error().code() == ErrorCode::invalid_argument);
      CHECK(summary.error().operation() == "summarize");
      CHECK_FALSE(summary.error().hint().empty());
    }
  }

  SUBCASE("a text that is not UTF-8 is refused with a hint") {
    for (const std::string_view text : {"Caf\xe9 is French.", "\xc3", "\xed\xa0\x80.", "A text.\xff"}) {
      const auto summary = summarizer->summarize({.text = text});
      REQUIRE_FALSE(summary);
      CHECK(summary.error().code() == ErrorCode::invalid_argument);
      CHECK_FALSE(summary.error().hint().empty());
    }
  }

  SUBCASE("it stops when it is told to and when its time is up") {
    std::stop_source stop;
    stop.request_stop();
    const auto cancelled = summarizer->summarize({.text = summarizer_text}, Context{.stop = stop.get_token()});
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().code() == ErrorCode::cancelled);

    const Context late{.deadline = Deadline::after(docupilot::Duration(0))};
    const auto timeout = summarizer->summarize({.text = summarizer_text}, late);
    REQUIRE_FALSE(timeout);
    CHECK(timeout.error().code() == ErrorCode::timeout);
  }

  SUBCASE("several threads may call it at once") {
    std::vector<std::string> texts(4);
    std::vector<std::thread> threads;
    for (std::string& text : texts) {
      threads.emplace_back([&] {
        const auto summary = summarizer->summarize({.text = summarizer_text});
        if (summary) text = summary->text;
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::string& text : texts) CHECK_FALSE(text.empty());
  }
}

}  // namespace docupilot_test
