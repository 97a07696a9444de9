#include <docupilot/summary/extractive_summarizer.h>

#include <algorithm>
#include <chrono>

#include "base/try.h"
#include "base/utf8.h"
#include "summary/candidates.h"
#include "summary/ranking.h"
#include "summary/terms.h"
#include "text/characters.h"

namespace docupilot::inline v1 {

namespace {

using namespace extractive;

Error refused(std::string_view message, std::string_view hint) {
  return Error(ErrorCode::invalid_argument, std::string(message))
      .operation("summarize")
      .backend("extractive")
      .hint(hint);
}

// At most so many bytes from the front, and no part of a character.
std::string_view front_of(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  std::size_t size = most;
  while (size > 0 && most - size < 3 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  return text.substr(0, size);
}

// With one space for each run of white space and control characters.
void append_collapsed(std::string& out, std::string_view sentence) {
  bool gap = false;
  for (std::size_t i = 0; i < sentence.size();) {
    const text::Character character = text::character_at(sentence, i);
    if (!text::is_space(character.code)) {
      if (gap) out += ' ';
      out += sentence.substr(i, character.size);
    }
    gap = text::is_space(character.code);
    i += character.size;
  }
}

class ExtractiveSummarizer final : public Summarizer {
 public:
  explicit ExtractiveSummarizer(ExtractiveOptions options) noexcept
      : options_(options),
        seed_(reinterpret_cast<std::uintptr_t>(this) ^
              static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) << 16U) {}

  [[nodiscard]] std::string name() const override { return "extractive"; }

  [[nodiscard]] Result<Summary> summarize(const SummaryRequest& request, const Context& context) override {
    static constexpr std::size_t most_ranked = 5'000;
    static constexpr std::size_t most_of_title = 1'024;
    DOCUPILOT_CHECK(context.check("summarize"));
    const std::string_view text = front_of(request.text, options_.maximum_bytes);
    if (!is_utf8(text)) return refused("the text is not UTF-8", "convert it to UTF-8 first");
    DOCUPILOT_TRY(Reading reading, read_candidates(text, seed_, context));
    if (reading.candidates.empty()) return refused("the text holds no word", "summarize only documents that hold text");
    const std::size_t ranked = std::clamp<std::size_t>(options_.maximum_sentences, 1, most_ranked);
    const std::string_view title = front_of(request.title, most_of_title);
    DOCUPILOT_TRY(const TermIndex index, index_terms(reading, title, request.language, ranked, context));
    DOCUPILOT_TRY(const std::vector<std::uint64_t> scores, rank(index, context));
    DOCUPILOT_TRY(const std::vector<std::uint32_t> chosen,
                  choose(reading, index, scores, room_for(request.length), context));

    Summary summary;
    summary.model = "extractive:1";
    summary.bytes_read = text.size();
    for (const std::uint32_t i : chosen) {
      const Candidate& sentence = index.sentences[i];
      const std::size_t begin = summary.text.size();
      if (begin > 0) summary.text += ' ';
      append_collapsed(summary.text, text.substr(sentence.offset, sentence.size));
      const double score = static_cast<double>(scores[i]) / static_cast<double>(score_unit);
      summary.sentences.push_back({sentence.offset, sentence.size, score});
      if (request.on_piece) request.on_piece(std::string_view(summary.text).substr(begin));
    }
    summary.attempts.push_back({name(), "ok"});
    return summary;
  }

 private:
  static Room room_for(const SummaryLength& length) noexcept {
    static constexpr std::size_t usual = 3;
    if (length.sentences > 0) return {length.sentences, 0};
    if (length.words > 0) return {0, length.words};
    return {usual, 0};
  }

  ExtractiveOptions options_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Summarizer> make_extractive_summarizer(ExtractiveOptions options) {
  return std::make_unique<ExtractiveSummarizer>(options);
}

}  // namespace docupilot::inline v1
