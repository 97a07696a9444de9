#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/cancel.h>
#include <docupilot/base/export.h>

namespace docupilot::inline v1 {

/// How long a summary should be; the first that is not zero counts. All zero: 3 sentences.
struct SummaryLength {
  std::size_t sentences = 0;  ///< At most so many.
  std::size_t words = 0;      ///< At most so many, whole sentences only, but at least one sentence.
};

struct SummaryRequest {
  std::string_view text;           ///< UTF-8. Untrusted: a model is told that it is data, never instructions.
  std::string_view title = {};     ///< Helps; untrusted as well.
  std::string_view language = {};  ///< BCP 47, of the text; empty: find out.
  SummaryLength length = {};
  /// Gets the summary piece by piece while it is made, on the calling thread; may be empty.
  std::function<void(std::string_view piece)> on_piece = {};
};

/// A sentence of the summary that stands in the source.
struct SummarySentence {
  std::size_t offset = 0;  ///< In bytes of the source text.
  std::size_t size = 0;    ///< Likewise.
  double score = 0;        ///< Weight in the ranking; higher is more central.
};

/// One try of one provider.
struct SummaryAttempt {
  std::string provider;  ///< Scheme and model.
  std::string outcome;   ///< "ok", or the error as Error::to_string() gives it.
};

struct Summary {
  std::string text;                        ///< UTF-8, plain text, no markup.
  std::vector<SummarySentence> sentences;  ///< In the order of the source; empty for models that write freely.
  std::string model;                       ///< For example "extractive:1".
  std::uint64_t input_tokens = 0;          ///< As billed; 0 for local ones.
  std::uint64_t output_tokens = 0;
  std::size_t bytes_read = 0;            ///< How much of the text was taken into account.
  bool degraded = false;                 ///< A fallback made it.
  std::vector<SummaryAttempt> attempts;  ///< In order, the last one made the summary.
};

/// Says what a text says. Calls may come from any thread at any time.
class DOCUPILOT_EXPORT Summarizer {
 public:
  virtual ~Summarizer();
  /// Scheme, and model where there are several.
  [[nodiscard]] virtual std::string name() const = 0;
  /// Errors: invalid_argument for text that is not UTF-8 or holds no sentence; timeout; cancelled; for remote ones
  /// also unauthenticated, rate_limited, unavailable.
  [[nodiscard]] virtual Result<Summary> summarize(const SummaryRequest& request, const Context& context = {}) = 0;
};

}  // namespace docupilot::inline v1
