#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace docupilot::inline v1::text {

/// A word where it stands.
struct Word {
  std::string_view spelling;  ///< A view into the text that is read.
  std::size_t offset = 0;     ///< In bytes of it.
};

/// Reads the words of a text one after the other:
///
///     for (WordReader words(text); words.next();) use(words.word());
///
/// A word is a longest run of letters, marks and digits (Unicode general categories L, M and N). An apostrophe, a soft
/// hyphen, a Catalan middle dot, a geresh or a zero-width joiner between two of them belongs to the word, so "don't" is
/// one word. Everything else separates, and so do bytes that are not valid UTF-8. Scripts written without spaces give
/// one long word. The text must outlive the reader.
class WordReader {
 public:
  explicit WordReader(std::string_view text) noexcept : text_(text) {}

  /// Moves on to the next word; false when there is none.
  [[nodiscard]] bool next() noexcept;
  /// The word that `next` has moved to.
  [[nodiscard]] const Word& word() const noexcept { return word_; }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
  Word word_;
};

/// The text in the form in which two spellings of a word compare equal, whatever their case: Unicode case folding and
/// compatibility composition (NFKC); typographic apostrophes become ', invisible characters are left out. Accents stay,
/// so stemmers can use them. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string fold_case(std::string_view text);

/// The same without accents: "Ångström" gives "angstrom", "İstanbul" and "ıstanbul" give "istanbul". Points of Hebrew
/// and Arabic go too; vowel signs of Indic scripts and of Thai stay, for they are letters to those who read them.
[[nodiscard]] std::string fold(std::string_view text);

}  // namespace docupilot::inline v1::text
