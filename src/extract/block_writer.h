#pragma once

#include <string>
#include <string_view>

#include "extract/text_builder.h"

namespace docupilot::inline v1 {

/// Writes what flows in blocks, lists and tables, as HTML and DOCX have them, into a TextBuilder. Marks of list items
/// and gaps between cells are written with the text that follows, so that empty ones leave nothing behind.
class BlockWriter {
 public:
  explicit BlockWriter(TextBuilder& out) noexcept : out_(out) {}

  /// Running text: blanks and line ends in it are one blank.
  void flow(std::string_view utf8);
  /// Text whose blanks and line ends count.
  void verbatim(std::string_view utf8);
  void break_line();
  void break_paragraph();
  /// What follows is an item of a list: "- " and its text on a line.
  void begin_item();
  void end_item();
  /// What follows is a cell: after a tab when it is not the first of its row. Breaks at its edges do not count.
  void begin_cell(bool first_in_row);
  void end_row();
  [[nodiscard]] bool full() const noexcept { return out_.full(); }

 private:
  void before_text();

  TextBuilder& out_;
  std::string prefix_;         // owed before the next text
  bool blank_ = false;         // a blank is owed before the next text of this line
  bool in_new_cell_ = false;   // no text yet in this cell
  bool row_has_text_ = false;  // some cell of this row had text
};

}  // namespace docupilot::inline v1
