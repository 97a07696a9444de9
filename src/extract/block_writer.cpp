#include "extract/block_writer.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::string_view item_mark = "- ";

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }

/// Length of the blank at the front: ASCII white space, or a no-break space, which is a matter of layout.
std::size_t blank_size(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (is_space(text[0])) return 1;
  return text.starts_with("\u00a0") ? 2 : 0;
}

/// Length of the words at the front, with single blanks between them: most text is one run.
std::size_t text_run(std::string_view text) noexcept {
  std::size_t end = 1;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '\xc2' && blank_size(text.substr(end)) > 0) break;
    if (!is_space(c)) continue;
    if (c != ' ' || end + 1 == text.size() || blank_size(text.substr(end + 1)) > 0) break;
  }
  return end;
}

}  // namespace

void BlockWriter::before_text() {
  if (!prefix_.empty()) {
    out_.append(prefix_);
    prefix_.clear();
  } else if (blank_ && !out_.at_line_start()) {
    out_.append(" ");
  }
  blank_ = in_new_cell_ = false;
  row_has_text_ = true;
}

void BlockWriter::flow(std::string_view text) {
  while (!text.empty() && !out_.full()) {
    if (const std::size_t blank = blank_size(text); blank > 0) {
      blank_ = true;
      text.remove_prefix(blank);
      continue;
    }
    const std::size_t end = text_run(text);
    before_text();
    out_.append(text.substr(0, end));
    text.remove_prefix(end);
  }
}

void BlockWriter::verbatim(std::string_view text) {
  if (text.empty()) return;
  before_text();
  out_.append(text);
}

void BlockWriter::break_line() {
  blank_ = false;
  if (!in_new_cell_) out_.break_line();
}

void BlockWriter::break_paragraph() {
  blank_ = false;
  if (!in_new_cell_ && prefix_.empty()) out_.break_paragraph();
}

void BlockWriter::begin_item() {
  break_line();
  prefix_ += item_mark;
}

void BlockWriter::end_item() {
  if (prefix_.ends_with(item_mark)) prefix_.resize(prefix_.size() - item_mark.size());
  break_line();
}

void BlockWriter::begin_cell(bool first_in_row) {
  blank_ = false;
  in_new_cell_ = true;
  if (first_in_row) {
    row_has_text_ = false;
    return;
  }
  if (row_has_text_) out_.join();
  prefix_ += '\t';
}

void BlockWriter::end_row() {
  prefix_.clear();
  if (row_has_text_) out_.join();
  in_new_cell_ = row_has_text_ = false;
  break_line();
}

}  // namespace docupilot::inline v1
