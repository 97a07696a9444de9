#pragma once

#include <cstdint>
#include <string_view>

namespace docupilot::inline v1::extractive {

/// What a word says about the sentence that holds it; bits.
enum Hint : std::uint8_t {
  leans = 1,       ///< on the sentence before, when it opens one: "however"
  points = 2,      ///< to something beside the text: "below"
  sees = 4,        ///< "see"
  place = 8,       ///< "section"; with "see" a mere reference
  notice = 16,     ///< "copyright"
  addresses = 32,  ///< the one who reads a page, not a text: "click"
  refers = 64,     ///< to something named before: "it"
  turns = 128,     ///< behind a short word, to the sentence before: "in fact"
};

/// The hints of a word in the form that `text::fold_case` gives; 0 for most words.
[[nodiscard]] unsigned hints_of(std::string_view word) noexcept;

}  // namespace docupilot::inline v1::extractive
