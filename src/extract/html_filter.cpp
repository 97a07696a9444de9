#include "extract/html_filter.h"

#include <algorithm>

#include "base/try.h"
#include "extract/html_nesting.h"

namespace docupilot::inline v1 {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_letter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }

bool starts_with_word(std::string_view text, std::string_view word) noexcept {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Whether one of the blank-separated words is the name of page chrome.
bool names_chrome(std::string_view value) noexcept {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(" \t\r\n\f"), value.size());
    if (end == 9 && (starts_with_word(value, "navheader") || starts_with_word(value, "navfooter"))) return true;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return false;
}

struct Tag {
  GumboTag tag = GUMBO_TAG_UNKNOWN;
  std::string_view name;
  bool is_end = false;
  bool is_chrome = false;
};

class HtmlFilter {
 public:
  HtmlFilter(std::string_view page, unsigned depth) : page_(page), limit_(depth) { out_.reserve(page.size() / 2); }
  Result<std::string> run() &&;

 private:
  [[nodiscard]] char at(std::size_t i) const noexcept { return i < page_.size() ? page_[i] : '\0'; }
  void copy_text(std::size_t end);
  bool read_tag(Tag& tag);
  void read_attributes(Tag& tag);
  std::string_view read_value();
  void skip_declaration();
  [[nodiscard]] std::size_t find_end_tag(std::string_view name, std::size_t from) const noexcept;
  [[nodiscard]] std::size_t end_of_script(std::size_t from) const noexcept;
  void handle_raw(const Tag& tag, unsigned traits);
  void skip_region(const Tag& tag);
  Result<void> handle(const Tag& tag);
  void write(const Tag& tag);

  std::string_view page_;
  std::size_t at_ = 0;
  unsigned limit_;
  HtmlNesting nesting_;
  bool svg_unbalanced_ = false;
  bool template_unbalanced_ = false;
  std::string out_;
};

void HtmlFilter::copy_text(std::size_t end) {
  out_ += page_.substr(at_, end - at_);
  at_ = end;
}

std::string_view HtmlFilter::read_value() {
  while (is_space(at(at_))) ++at_;
  const char quote = at(at_);
  if (quote == '"' || quote == '\'') {
    const std::size_t end = std::min(page_.find(quote, at_ + 1), page_.size());
    const std::string_view value = page_.substr(at_ + 1, end - at_ - 1);
    at_ = std::min(end + 1, page_.size());
    return value;
  }
  const std::size_t begin = at_;
  while (at_ < page_.size() && !is_space(page_[at_]) && page_[at_] != '>') ++at_;
  return page_.substr(begin, at_ - begin);
}

/// From behind the tag's name to behind its ">".
void HtmlFilter::read_attributes(Tag& tag) {
  while (at_ < page_.size() && page_[at_] != '>') {
    if (is_space(page_[at_]) || page_[at_] == '/') {
      ++at_;
      continue;
    }
    const std::size_t begin = at_++;  // a "=" here belongs to the name
    while (at_ < page_.size() && !is_space(page_[at_]) && page_[at_] != '/' && page_[at_] != '>' && page_[at_] != '=')
      ++at_;
    const std::string_view name = page_.substr(begin, at_ - begin);
    std::size_t next = at_;
    while (is_space(at(next))) ++next;
    if (at(next) != '=') continue;
    at_ = next + 1;
    const std::string_view value = read_value();
    const bool tells =
        (name.size() == 5 && starts_with_word(name, "class")) || (name.size() == 2 && starts_with_word(name, "id"));
    tag.is_chrome = tag.is_chrome || (tells && names_chrome(value));
  }
  at_ = std::min(at_ + 1, page_.size());
}

/// Reads the tag at `at_`; false when the page ends within it.
bool HtmlFilter::read_tag(Tag& tag) {
  tag.is_end = at(at_ + 1) == '/';
  const std::size_t begin = at_ + (tag.is_end ? 2 : 1);
  at_ = begin;
  while (at_ < page_.size() && !is_space(page_[at_]) && page_[at_] != '/' && page_[at_] != '>') ++at_;
  tag.name = page_.substr(begin, at_ - begin);
  tag.tag = tag.name.size() < 16 ? gumbo_tagn_enum(tag.name.data(), static_cast<unsigned>(tag.name.size()))
                                 : GUMBO_TAG_UNKNOWN;
  read_attributes(tag);
  return at_ < page_.size() || page_.back() == '>';
}

void HtmlFilter::skip_declaration() {
  if (page_.substr(at_).starts_with("<!--")) {
    const bool is_empty = at(at_ + 4) == '>' || (at(at_ + 4) == '-' && at(at_ + 5) == '>');
    const std::size_t from = at_ + (is_empty ? 2 : 4);
    const std::size_t end = page_.find("-->", from);
    const std::size_t other_end = page_.substr(0, end).find("--!>", from);
    const std::size_t stop = other_end != std::string_view::npos ? other_end + 4
                             : end != std::string_view::npos     ? end + 3
                                                                 : page_.size();
    at_ = is_empty ? page_.find('>', from) + 1 : stop;
    return;
  }
  const std::size_t end = page_.find('>', at_);
  at_ = end == std::string_view::npos ? page_.size() : end + 1;
}

std::size_t HtmlFilter::find_end_tag(std::string_view name, std::size_t from) const noexcept {
  for (std::size_t i = page_.find("</", from); i != std::string_view::npos; i = page_.find("</", i + 2)) {
    const std::string_view rest = page_.substr(i + 2);
    if (rest.size() < name.size()) break;
    const bool same = same_word(rest.substr(0, name.size()), name);
    const char next = rest.size() > name.size() ? rest[name.size()] : '\0';
    if (same && (next == '>' || next == '/' || is_space(next))) return i;
  }
  return page_.size();
}

/// Where the end tag of a script is: within "<!--" a script may hold another one, whose end tag does not count.
std::size_t HtmlFilter::end_of_script(std::size_t from) const noexcept {
  const std::size_t first_end = find_end_tag("script", from);
  std::size_t end = first_end;
  bool in_comment = false;
  while (end < page_.size()) {
    const std::string_view before_end = page_.substr(0, end);
    if (!in_comment) {
      const std::size_t opened = before_end.find("<!--", from);
      if (opened == std::string_view::npos) return end;
      in_comment = true;
      from = opened + 2;
    }
    if (const std::size_t closed = before_end.find("-->", from); closed != std::string_view::npos) {
      in_comment = false;
      from = closed + 3;
      continue;
    }
    static constexpr std::string_view inner = "<script";
    const auto holds_inner = std::search(before_end.begin() + static_cast<std::ptrdiff_t>(from), before_end.end(),
                                         inner.begin(), inner.end(), [](char a, char b) { return lower(a) == b; });
    if (holds_inner == before_end.end()) return end;
    from = end + 2;
    end = find_end_tag("script", from);
  }
  return first_end;
}

void HtmlFilter::handle_raw(const Tag& tag, unsigned traits) {
  const std::size_t end = tag.tag == GUMBO_TAG_SCRIPT ? end_of_script(at_) : find_end_tag(tag.name, at_);
  if ((traits & raw_text) != 0) {
    write(tag);
    copy_text(end);
    Tag closing = tag;
    closing.is_end = true;
    write(closing);
  }
  at_ = end == page_.size() ? end : std::min(page_.find('>', end), page_.size() - 1) + 1;
}

/// Goes behind the end tag that matches. On a page that has not enough of them, such tags are ignored from then on.
void HtmlFilter::skip_region(const Tag& tag) {
  bool& unbalanced = tag.tag == GUMBO_TAG_SVG ? svg_unbalanced_ : template_unbalanced_;
  if (unbalanced) return;
  std::size_t from = at_;
  std::size_t end = find_end_tag(tag.name, from);
  for (std::size_t open = 1; end < page_.size(); end = find_end_tag(tag.name, from)) {
    for (std::size_t i = from; (i = page_.substr(0, end).find('<', i)) != std::string_view::npos; ++i) {
      const std::string_view rest = page_.substr(i + 1, tag.name.size() + 1);
      if (same_word(rest.substr(0, tag.name.size()), tag.name) && (is_space(rest.back()) || rest.back() == '>')) ++open;
    }
    from = end + 2;
    if (--open == 0) break;
  }
  unbalanced = end == page_.size();
  if (!unbalanced) at_ = std::min(page_.find('>', end), page_.size() - 1) + 1;
}

void HtmlFilter::write(const Tag& tag) {
  out_ += tag.is_end ? "</" : "<";
  out_ += gumbo_normalized_tagname(tag.tag);
  if (tag.is_chrome && !tag.is_end) out_ += " id=chrome";
  out_ += '>';
}

Result<void> HtmlFilter::handle(const Tag& tag) {
  const unsigned traits = html_traits(tag.tag);
  if ((traits & gap) != 0) out_ += ' ';
  if (!tag.is_end && (traits & (raw_text | raw_skipped)) != 0) return handle_raw(tag, traits), Result<void>();
  if (!tag.is_end && (traits & region_skipped) != 0) return skip_region(tag), Result<void>();
  if ((traits & (block | part)) == 0) return {};
  if (tag.is_end) nesting_.end(tag.tag);
  else nesting_.start(tag.tag);
  if (nesting_.depth() > limit_) {
    return Error(ErrorCode::too_large, "elements are nested more than " + std::to_string(limit_) + " deep")
        .hint("raise ExtractLimits::depth, or simplify the page");
  }
  write(tag);
  return {};
}

Result<std::string> HtmlFilter::run() && {
  while (at_ < page_.size()) {
    const std::size_t angle = std::min(page_.find('<', at_), page_.size());
    copy_text(angle);
    if (angle == page_.size()) break;
    const char next = at(angle + 1);
    if (is_letter(next) || (next == '/' && is_letter(at(angle + 2)))) {
      Tag tag;
      if (!read_tag(tag)) break;
      DOCUPILOT_CHECK(handle(tag));
    } else if (next == '!' || next == '?' || (next == '/' && angle + 2 < page_.size())) {
      skip_declaration();
    } else {
      out_ += "&lt;";  // never a tag, and no longer one when a tag behind it is left out
      ++at_;
    }
  }
  return std::move(out_);
}

}  // namespace

Result<std::string> filter_html(std::string_view utf8, unsigned depth) { return HtmlFilter(utf8, depth).run(); }

}  // namespace docupilot::inline v1
