#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace docupilot::inline v1::text {

enum class ParagraphKind : std::uint8_t {
  prose,
  item,     ///< Of a list, or a numbered clause; the bullet or number is left out.
  heading,  ///< Marked as one, by # or an underline.
  data,     ///< A row of a table, a line of code, a quoted line.
};

/// Lines that belong together, without the white space around them.
struct Paragraph {
  std::size_t offset = 0;  ///< In bytes of the text.
  std::size_t size = 0;
  ParagraphKind kind = ParagraphKind::prose;
};

/// Reads the paragraphs of plain text or Markdown one after the other. An empty line, a bullet, a table row or a fence
/// ends a paragraph, and so does a line that stops well before its neighbours do, such as a heading above its text;
/// other line breaks count as spaces, for text may be wrapped. Lines without a letter or digit are left out.
/// The text, valid UTF-8, must outlive the reader.
class ParagraphReader {
 public:
  explicit ParagraphReader(std::string_view text) noexcept : text_(text) {}

  /// Moves on to the next paragraph; false when there is none.
  [[nodiscard]] bool next() noexcept;
  /// The paragraph that `next` has moved to.
  [[nodiscard]] const Paragraph& paragraph() const noexcept { return paragraph_; }

 private:
  std::string_view text_;
  std::size_t position_ = 0;  // begin of the first line not looked at
  Paragraph paragraph_;
  bool in_fence_ = false;
  bool in_list_ = false;
  bool after_blank_ = true;
};

}  // namespace docupilot::inline v1::text
