#pragma once

#include <docupilot/summary/summarizer.h>

namespace docupilot::inline v1 {

/// Chooses the most central sentences of the text: PageRank over sentences that share words (Mihalcea and Tarau,
/// TextRank, EMNLP 2004), with redundancy taken out (Carbonell and Goldstein, MMR, SIGIR 1998), in the order of the
/// source. Needs no server and no model, works in any language that separates words by spaces, and gives the same
/// summary for the same text on every machine.
struct ExtractiveOptions {
  std::size_t maximum_bytes = 1u << 20;   ///< Of text taken into account; what follows is not read. Default 1 MiB.
  std::size_t maximum_sentences = 1'000;  ///< Ranked against each other. Default 1,000, at most 5,000.
};

[[nodiscard]] DOCUPILOT_EXPORT std::unique_ptr<Summarizer> make_extractive_summarizer(ExtractiveOptions options = {});

}  // namespace docupilot::inline v1
