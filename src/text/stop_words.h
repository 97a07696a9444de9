#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace docupilot::inline v1::text {

/// The languages whose most frequent words are known, by ISO 639-1 code.
inline constexpr std::array<std::string_view, 10> stop_word_languages = {"en", "de", "fr", "es", "it",
                                                                         "pt", "nl", "sv", "ru", "tr"};

/// The languages in which this word is too frequent to tell what a text is about: bit i stands for
/// stop_word_languages[i]. The word must be in the form that `fold_case` gives.
[[nodiscard]] std::uint16_t stop_word_in(std::string_view word) noexcept;

}  // namespace docupilot::inline v1::text
