#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace docupilot::inline v1 {

/// Puts together the text of a document in the one form that `ExtractedText::text` promises: lines end with \n, no
/// blanks at the end of a line, never more than one empty line, no control characters but \n and \t, no soft hyphens
/// and byte order marks. Stops at a limit, between two characters.
class TextBuilder {
 public:
  explicit TextBuilder(std::uint64_t limit) noexcept : limit_(limit) {}

  /// Makes room for a text of about this many bytes at once.
  void reserve(std::uint64_t size) { text_.reserve(static_cast<std::size_t>(std::min(size, limit_)) + 1); }
  /// Adds valid UTF-8, whole characters. Its line ends (\n, \r, \r\n, form feed and the Unicode ones) are kept.
  void append(std::string_view utf8);
  /// What comes next starts a line, or a paragraph. More than one of them counts once, and none at the front.
  void break_line() { separate(1); }
  void break_paragraph() { separate(2); }
  /// Takes back breaks after which nothing was added.
  void join() noexcept { newlines_ = 0; }

  /// Nothing was added since the last break, or ever.
  [[nodiscard]] bool at_line_start() const noexcept { return newlines_ > 0 || text_.empty(); }
  /// There was more text than fits: whatever is added now is left out, so the caller may stop reading.
  [[nodiscard]] bool full() const noexcept { return truncated_; }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// The text, its last line ended; the builder is used up.
  [[nodiscard]] std::string take() &&;

 private:
  void add(std::string_view run);
  void end_line();
  void separate(unsigned newlines);
  void trim();

  std::string text_;
  std::uint64_t limit_;
  unsigned newlines_ = 0;    // owed before the next text, 2 at the most
  bool after_cr_ = false;    // a \n now belongs to a \r before
  bool blank_lost_ = false;  // blanks did not fit: only text after them makes the result a truncated one
  bool truncated_ = false;
};

/// The text on one line, without control characters, blanks joined and trimmed, 1 KiB at the most.
[[nodiscard]] std::string clean_title(std::string_view utf8);

/// Length of the front of `utf8` that is no longer than `limit` and ends between two characters.
[[nodiscard]] std::size_t utf8_prefix(std::string_view utf8, std::uint64_t limit) noexcept;

}  // namespace docupilot::inline v1
