#pragma once

#include <cstdint>
#include <string_view>

namespace docupilot::inline v1::text {

/// What a full stop after a word says.
enum class Abbreviation : std::uint8_t {
  none,           ///< The word is not known as an abbreviation.
  goes_on,        ///< "Mr.", "e.g.", "bzw.": the sentence goes on.
  before_number,  ///< "No.", "Fig.", "Jan.": the sentence goes on when a number follows.
  may_end,        ///< "Inc.", "Jr.": may be the last word; what follows decides.
  ends_list,      ///< "etc.", "usw.": the sentence ends unless it goes on in lower case.
};

/// Looks a word up, given without its last full stop, in the form that `fold_case` gives and without
/// spaces ("z.b"). Knows the usual
/// abbreviations of the languages of western and central Europe, of Russian and of Turkish.
[[nodiscard]] Abbreviation abbreviation(std::string_view word) noexcept;

}  // namespace docupilot::inline v1::text
