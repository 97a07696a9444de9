#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <docupilot/base/cancel.h>

#include "summary/candidates.h"

namespace docupilot::inline v1::extractive {

/// Logarithm to the base 2 in units of 1/256, by straight lines between the powers of two. Integers give the same
/// result on every machine; the logarithm of the C library does not.
[[nodiscard]] std::uint32_t log2_fixed(std::uint64_t value) noexcept;

/// The sentences to rank as sets of terms: stems of words that say what a text is about.
struct TermIndex {
  std::vector<Candidate> sentences;  ///< In the order of the text.
  std::vector<std::uint32_t>
      begins;  ///< Sentence i has the terms from begins[i] to begins[i + 1]; one more than sentences.
  std::vector<std::uint32_t> terms;    ///< Distinct within a sentence, ascending.
  std::vector<std::uint32_t> weights;  ///< Of each term: the rarer in the text, the heavier; 0 when it links nothing.
  std::vector<std::uint32_t>
      list_begins;  ///< Term t stands in the sentences from list_begins[t] to list_begins[t + 1].
  std::vector<std::uint32_t> lists;
  std::vector<std::uint32_t> title;  ///< Terms of the title, ascending.

  [[nodiscard]] std::span<const std::uint32_t> terms_of(std::size_t sentence) const noexcept {
    return std::span(terms).subspan(begins[sentence], begins[sentence + 1] - begins[sentence]);
  }
  [[nodiscard]] std::span<const std::uint32_t> sentences_with(std::uint32_t term) const noexcept {
    return std::span(lists).subspan(list_begins[term], list_begins[term + 1] - list_begins[term]);
  }
};

/// Drops repeated sentences, keeps the `most` sentences with the most frequent terms, and indexes their terms. Finds
/// out the language when `language` is empty; words of a language that is not known are their own stems.
[[nodiscard]] Result<TermIndex> index_terms(Reading& reading, std::string_view title, std::string_view language,
                                            std::size_t most, const Context& context);

}  // namespace docupilot::inline v1::extractive
