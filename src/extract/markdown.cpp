#include <algorithm>
#include <array>

#include "base/try.h"
#include "extract/formats.h"
#include "extract/markdown_inline.h"
#include "extract/text_builder.h"
#include "extract/text_decoder.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t longest_front_matter = 64U << 10U;

std::string_view trim(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

bool consists_of(std::string_view text, std::string_view characters) noexcept {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

/// Takes the first line off `text`.
std::string_view take_line(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Takes YAML ("---") or TOML ("+++") at the front off `text`; the title in it.
std::string take_front_matter(std::string_view& text) {
  std::string_view rest = text.substr(0, longest_front_matter);
  const std::string_view fence = take_line(rest);
  if (fence != "---" && fence != "+++") return {};
  std::string title;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (line == fence || (fence == "---" && line == "...")) {
      text.remove_prefix(static_cast<std::size_t>(rest.data() - text.data()));
      return title;
    }
    if (!line.starts_with("title")) continue;
    std::string_view value = trim(line.substr(5));
    if (value.empty() || value.front() != (fence == "---" ? ':' : '=')) continue;
    value = trim(value.substr(1));
    const bool quoted =
        value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
    title = clean_title(quoted ? value.substr(1, value.size() - 2) : value);
  }
  return {};  // no end: it was a thematic break
}

bool is_thematic_break(std::string_view line) noexcept {
  if (line.empty() || (line[0] != '-' && line[0] != '*' && line[0] != '_')) return false;
  return std::count(line.begin(), line.end(), line[0]) >= 3 && consists_of(line, std::string{line[0], ' ', '\t'});
}

bool is_table_rule(std::string_view line) noexcept {
  return line.find('|') != std::string_view::npos && line.find('-') != std::string_view::npos &&
         consists_of(line, "|-: \t");
}

/// Length of "- ", "3. " and the like at the front, 0 when there is none.
std::size_t list_mark(std::string_view line) noexcept {
  std::size_t length = 0;
  if (!line.empty() && (line[0] == '-' || line[0] == '*' || line[0] == '+')) {
    length = 1;
  } else {
    const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
    if (digits == 0 || digits > 9 || digits == line.size() || (line[digits] != '.' && line[digits] != ')')) return 0;
    length = digits + 1;
  }
  return length < line.size() && (line[length] == ' ' || line[length] == '\t') ? length + 1 : 0;
}

/// "[label]: address".
bool is_reference_definition(std::string_view line) noexcept {
  const std::size_t end = line.find("]:");
  return line.starts_with('[') && end != std::string_view::npos && end > 1 && line[1] != '^' &&
         line.substr(1, end - 1).find_first_of("[]") == std::string_view::npos && !trim(line.substr(end + 2)).empty();
}

class MarkdownReader {
 public:
  explicit MarkdownReader(std::uint64_t limit) : out_(limit) {}
  void line(std::string_view line);
  ExtractedText finish(std::string title) &&;
  [[nodiscard]] bool full() const noexcept { return out_.full(); }

 private:
  bool in_skipped_html(std::string_view line);
  bool in_fence(std::string_view line);
  bool begins_fence(std::string_view line);
  bool heading(std::string_view line);
  bool underline(std::string_view line);
  bool table_row(std::string_view line);
  void list_item(std::string_view line, std::size_t mark, std::size_t indent);
  void add_to_paragraph(std::string_view line, bool hard_break);
  void end_paragraph();
  void emit_heading(std::string_view text);

  TextBuilder out_;
  std::string paragraph_;
  std::string heading_;          // the first one
  std::string_view html_end_;    // of what is left out at the moment
  std::size_t item_indent_ = 0;  // where the text of the last list item begins, 0 outside of lists
  std::size_t fence_length_ = 0;
  char fence_ = '\0';
  bool in_table_ = false;
  bool hard_break_ = false;
};

void MarkdownReader::end_paragraph() {
  if (paragraph_.empty()) return;
  out_.append(markdown_inline(paragraph_));
  paragraph_.clear();
  hard_break_ = false;
}

void MarkdownReader::add_to_paragraph(std::string_view line, bool hard_break) {
  if (!paragraph_.empty()) paragraph_ += hard_break_ ? '\n' : ' ';
  paragraph_ += trim(line);
  hard_break_ = hard_break;
}

void MarkdownReader::emit_heading(std::string_view text) {
  out_.break_paragraph();
  const std::string plain = markdown_inline(text);
  out_.append(plain);
  out_.break_paragraph();
  if (heading_.empty()) heading_ = clean_title(plain);
  item_indent_ = 0;
}

bool MarkdownReader::in_skipped_html(std::string_view line) {
  if (html_end_.empty()) {
    const std::string_view text = trim(line);
    for (const auto& [begin, end] : {std::pair<std::string_view, std::string_view>{"<!--", "-->"},
                                     {"<script", "</script>"},
                                     {"<style", "</style>"}}) {
      if (text.starts_with(begin) && paragraph_.empty()) html_end_ = end;
    }
    if (html_end_.empty()) return false;
  }
  const std::size_t end = line.find(html_end_);
  if (end == std::string_view::npos) return true;
  const std::string_view rest = line.substr(end + html_end_.size());
  html_end_ = {};
  if (!trim(rest).empty()) add_to_paragraph(rest, false);
  return true;
}

bool MarkdownReader::in_fence(std::string_view line) {
  if (fence_ == '\0') return false;
  const std::string_view text = trim(line);
  if (text.size() >= fence_length_ && consists_of(text, std::string_view(&fence_, 1))) {
    fence_ = '\0';
    out_.break_paragraph();
    return true;
  }
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  out_.append(line.substr(std::min(indent, item_indent_)));
  out_.append("\n");
  return true;
}

bool MarkdownReader::begins_fence(std::string_view line) {
  if (line.empty() || (line[0] != '`' && line[0] != '~')) return false;
  const std::size_t length = std::min(line.find_first_not_of(line[0]), line.size());
  if (length < 3 || (line[0] == '`' && line.find('`', length) != std::string_view::npos)) return false;
  end_paragraph();
  out_.break_paragraph();
  fence_ = line[0];
  fence_length_ = length;
  return true;
}

bool MarkdownReader::heading(std::string_view line) {
  const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
  if (level == 0 || level > 6 || (level < line.size() && line[level] != ' ' && line[level] != '\t')) return false;
  std::string_view text = trim(line.substr(level));
  const std::size_t last = text.find_last_not_of('#');
  if (last == std::string_view::npos) text = {};
  else if (last + 1 < text.size() && (text[last] == ' ' || text[last] == '\t')) text = trim(text.substr(0, last));
  end_paragraph();
  emit_heading(text);
  return true;
}

bool MarkdownReader::underline(std::string_view line) {
  if (paragraph_.empty() || item_indent_ > 0 || (!consists_of(line, "=") && !consists_of(line, "-"))) return false;
  const std::string text = std::move(paragraph_);
  paragraph_.clear();
  hard_break_ = false;
  emit_heading(text);
  return true;
}

bool MarkdownReader::table_row(std::string_view line) {
  const auto emit = [this](std::string_view row) {
    if (row.starts_with('|')) row.remove_prefix(1);
    if (row.ends_with('|') && !row.ends_with("\\|")) row.remove_suffix(1);
    std::string cell;
    std::string text;
    for (std::size_t i = 0; i <= row.size(); ++i) {
      if (i < row.size() && row[i] == '\\' && i + 1 < row.size() && row[i + 1] == '|') cell += row[++i];
      else if (i < row.size() && row[i] != '|') cell += row[i];
      else text += markdown_inline(trim(cell)) + (i < row.size() ? "\t" : ""), cell.clear();
    }
    out_.break_line();
    out_.append(text);
    out_.break_line();
  };
  if (in_table_) {
    if (line.find('|') != std::string_view::npos) return emit(line), true;
    in_table_ = false;
    out_.break_paragraph();
    return false;
  }
  if (!is_table_rule(line) || paragraph_.find('|') == std::string::npos) return false;
  const std::string header = std::move(paragraph_);
  paragraph_.clear();
  out_.break_paragraph();
  emit(header);
  return in_table_ = true;
}

void MarkdownReader::list_item(std::string_view line, std::size_t mark, std::size_t indent) {
  end_paragraph();
  out_.break_line();
  const bool numbered = line[0] >= '0' && line[0] <= '9';
  std::string_view text = line.substr(mark);
  for (const std::string_view box : {"[ ] ", "[x] ", "[X] "}) {
    if (text.starts_with(box)) text.remove_prefix(box.size());
  }
  item_indent_ = indent + mark;
  if (trim(text).empty()) return;
  out_.append(numbered ? line.substr(0, mark - 1) : "-");
  out_.append(" ");
  if (!begins_fence(trim(text))) add_to_paragraph(text, line.ends_with("  "));
}

void MarkdownReader::line(std::string_view line) {
  if (in_skipped_html(line)) return;
  bool quoted = false;
  for (std::size_t begin = line.find_first_not_of(' '); begin < 4 && line[begin] == '>';
       begin = line.find_first_not_of(' ')) {
    line.remove_prefix(begin + 1);
    if (line.starts_with(' ')) line.remove_prefix(1);
    quoted = true;
    if (line.empty()) break;
  }
  if (in_fence(line)) return;
  const std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
  const std::string_view text = trim(line);
  if (text.empty()) {
    end_paragraph();
    in_table_ = false;
    out_.break_paragraph();
    return;
  }
  const bool tab = line.substr(0, indent).find('\t') != std::string_view::npos;
  const std::size_t mark = list_mark(text);
  const bool code = (tab || indent >= 4) && paragraph_.empty() && (item_indent_ == 0 || indent >= item_indent_ + 4);
  if (code && !quoted && (mark == 0 || item_indent_ == 0)) {
    out_.break_line();
    out_.append(line.substr(tab ? 1 : std::min<std::size_t>(indent, item_indent_ + 4)));
    out_.append("\n");
    return;
  }
  if (indent == 0 && mark == 0 && paragraph_.empty() && !in_table_) item_indent_ = 0;
  if (table_row(text) || heading(text) || begins_fence(text) || underline(text)) return;
  if (is_thematic_break(text)) {
    end_paragraph();
    item_indent_ = 0;
    return out_.break_paragraph();
  }
  if (mark > 0) return list_item(text, mark, indent);
  if (paragraph_.empty() && is_reference_definition(text)) return;
  if (paragraph_.empty() && text.starts_with("[^") && text.find("]: ") != std::string_view::npos) {
    return add_to_paragraph(text.substr(text.find("]: ") + 3), false);
  }
  const bool backslash = text.ends_with('\\');
  add_to_paragraph(backslash ? text.substr(0, text.size() - 1) : text, backslash || line.ends_with("  "));
}

ExtractedText MarkdownReader::finish(std::string title) && {
  end_paragraph();
  ExtractedText result;
  result.title = title.empty() ? std::move(heading_) : std::move(title);
  result.truncated = out_.full();
  result.text = std::move(out_).take();
  return result;
}

}  // namespace

ExtractedText markdown_to_text(std::string_view utf8, const ExtractLimits& limits) {
  std::string title = take_front_matter(utf8);
  MarkdownReader reader(limits.text);
  while (!utf8.empty() && !reader.full()) reader.line(take_line(utf8));
  return std::move(reader).finish(std::move(title));
}

Result<ExtractedText> extract_markdown(Reader& body, std::string_view charset, const ExtractLimits& limits,
                                       const Context& context) {
  DOCUPILOT_TRY(const std::string bytes, read_whole(body, limits.markup, "a Markdown file", "markup", context));
  std::string found;
  DOCUPILOT_TRY(const std::string utf8, decode_text(bytes, charset, false, found));
  DOCUPILOT_CHECK(context.check("extract"));
  ExtractedText result = markdown_to_text(utf8, limits);
  result.charset = std::move(found);
  return result;
}

}  // namespace docupilot::inline v1
