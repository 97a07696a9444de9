#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <docupilot/base/cancel.h>

#include "summary/vocabulary.h"

namespace docupilot::inline v1::extractive {

/// A sentence that may go into a summary.
struct Candidate {
  std::size_t offset = 0;  ///< In bytes of the text.
  std::size_t size = 0;
  std::uint32_t first_word = 0;  ///< Its words are so many of Reading::words from here on.
  std::uint32_t word_count = 0;
  std::uint32_t length = 0;   ///< In words, by the larger of the usual ways to count.
  std::uint32_t quality = 0;  ///< How well it reads when it stands alone, 0 to 1000.
};

/// What a text holds.
struct Reading {
  std::uint64_t seed = 0;  ///< Of the vocabulary.
  Vocabulary vocabulary{seed};
  std::vector<std::uint32_t> frequency;  ///< Of each word of the vocabulary, in the whole text.
  std::vector<std::uint32_t> words;      ///< Of the candidates, as numbers of the vocabulary.
  std::vector<Candidate> candidates;     ///< In the order of the text.
};

/// Reads valid UTF-8. Candidates are complete sentences of 4 to 60 words that are no code, table, notice or shout; if
/// there are none, other complete sentences; if there are none either, lines. What has no end is cut after 60 words,
/// and a sentence that does not end after 200.
[[nodiscard]] Result<Reading> read_candidates(std::string_view text, std::uint64_t seed, const Context& context);

}  // namespace docupilot::inline v1::extractive
