#pragma once

#include <cstddef>
#include <string_view>

#include "text/paragraphs.h"

namespace docupilot::inline v1::text {

/// A sentence where it stands, without the white space around it.
struct Sentence {
  std::size_t offset = 0;  ///< In bytes of the text.
  std::size_t size = 0;
  ParagraphKind kind = ParagraphKind::prose;  ///< Of the paragraph that holds it.
  bool complete = false;  ///< A full stop, question mark or the like ends it; not so for headings, rows and code.
  bool first = false;     ///< Of its paragraph.
};

/// Reads the sentences of plain text or Markdown one after the other:
///
///     for (SentenceReader sentences(text); sentences.next();) use(sentences.sentence());
///
/// A stop ends a sentence where a reader would say so: not in "3.14", "e.g.", "J. R. R. Tolkien", "No. 5", "file.txt"
/// or "https://example.com/?q=a.b". Quotes, brackets and footnote marks behind a stop belong to the sentence. Knows the
/// stops of European scripts, Chinese, Japanese, Devanagari, Arabic, Armenian, Ethiopic and others. Takes linear time.
/// The text, valid UTF-8, must outlive the reader.
class SentenceReader {
 public:
  explicit SentenceReader(std::string_view text) noexcept : text_(text), paragraphs_(text) {}

  /// Moves on to the next sentence; false when there is none.
  [[nodiscard]] bool next();
  /// The sentence that `next` has moved to.
  [[nodiscard]] const Sentence& sentence() const noexcept { return sentence_; }

 private:
  std::string_view text_;
  ParagraphReader paragraphs_;
  std::size_t position_ = 0;  // in the current paragraph
  std::size_t end_ = 0;
  Sentence sentence_;
};

}  // namespace docupilot::inline v1::text
