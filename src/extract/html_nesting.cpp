#include "extract/html_nesting.h"

#include <algorithm>
#include <array>

namespace docupilot::inline v1 {

namespace {

using Traits = std::array<unsigned char, GUMBO_TAG_LAST + 1>;

constexpr void add(Traits& traits, unsigned bits, std::initializer_list<GumboTag> tags) {
  for (const GumboTag tag : tags) traits[static_cast<std::size_t>(tag)] |= static_cast<unsigned char>(bits);
}

constexpr Traits traits = [] {
  Traits t{};
  add(t, block, {GUMBO_TAG_ADDRESS, GUMBO_TAG_ARTICLE, GUMBO_TAG_ASIDE,      GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_CENTER,
                 GUMBO_TAG_DETAILS, GUMBO_TAG_DIR,     GUMBO_TAG_DIV,        GUMBO_TAG_DL,         GUMBO_TAG_FIELDSET,
                 GUMBO_TAG_FIGURE,  GUMBO_TAG_FOOTER,  GUMBO_TAG_FIGCAPTION, GUMBO_TAG_HEADER,     GUMBO_TAG_HGROUP,
                 GUMBO_TAG_MAIN,    GUMBO_TAG_MENU,    GUMBO_TAG_NAV,        GUMBO_TAG_OL,         GUMBO_TAG_P,
                 GUMBO_TAG_SECTION, GUMBO_TAG_SUMMARY, GUMBO_TAG_UL,         GUMBO_TAG_H1,         GUMBO_TAG_H2,
                 GUMBO_TAG_H3,      GUMBO_TAG_H4,      GUMBO_TAG_H5,         GUMBO_TAG_H6,         GUMBO_TAG_PRE,
                 GUMBO_TAG_LISTING, GUMBO_TAG_LI,      GUMBO_TAG_DD,         GUMBO_TAG_DT,         GUMBO_TAG_TABLE});
  add(t, part,
      {GUMBO_TAG_CAPTION, GUMBO_TAG_TD, GUMBO_TAG_TH, GUMBO_TAG_TR, GUMBO_TAG_TBODY, GUMBO_TAG_THEAD, GUMBO_TAG_TFOOT,
       GUMBO_TAG_BR});
  add(t, scope, {GUMBO_TAG_CAPTION, GUMBO_TAG_TABLE, GUMBO_TAG_TD, GUMBO_TAG_TH});
  add(t, block | no_content, {GUMBO_TAG_HR});
  add(t, no_content, {GUMBO_TAG_BR});
  add(t, raw_text, {GUMBO_TAG_TITLE, GUMBO_TAG_TEXTAREA, GUMBO_TAG_XMP});
  add(t, raw_skipped,
      {GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE, GUMBO_TAG_NOSCRIPT, GUMBO_TAG_IFRAME, GUMBO_TAG_NOEMBED, GUMBO_TAG_NOFRAMES});
  add(t, region_skipped, {GUMBO_TAG_TEMPLATE, GUMBO_TAG_SVG});
  add(t, gap, {GUMBO_TAG_OPTION, GUMBO_TAG_OPTGROUP, GUMBO_TAG_LEGEND, GUMBO_TAG_BUTTON, GUMBO_TAG_INPUT});
  return t;
}();

bool is_heading(GumboTag tag) noexcept { return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6; }

}  // namespace

unsigned html_traits(GumboTag tag) noexcept { return traits[static_cast<std::size_t>(tag)]; }

void HtmlNesting::close_in_scope(GumboTag tag) {
  for (std::size_t i = open_.size(); i-- > 0;) {
    if (open_[i] == tag || (is_heading(tag) && is_heading(open_[i]))) return open_.resize(i);
    if ((html_traits(open_[i]) & scope) != 0) return;
    if (tag == GUMBO_TAG_LI && (open_[i] == GUMBO_TAG_UL || open_[i] == GUMBO_TAG_OL)) return;
  }
}

void HtmlNesting::close_in_table(std::initializer_list<GumboTag> tags) {
  for (std::size_t i = open_.size(); i-- > 0;) {
    if (std::find(tags.begin(), tags.end(), open_[i]) != tags.end()) return open_.resize(i);
    if (open_[i] == GUMBO_TAG_TABLE) return;
  }
}

void HtmlNesting::close_item(GumboTag a, GumboTag b) {
  for (std::size_t i = open_.size(); i-- > 0;) {
    if (open_[i] == a || open_[i] == b) return open_.resize(i);
    if (open_[i] != GUMBO_TAG_ADDRESS && open_[i] != GUMBO_TAG_DIV && open_[i] != GUMBO_TAG_P) return;
  }
}

void HtmlNesting::start(GumboTag tag) {
  const unsigned of_tag = html_traits(tag);
  if (tag == GUMBO_TAG_LI) close_item(GUMBO_TAG_LI, GUMBO_TAG_LI);
  if (tag == GUMBO_TAG_DD || tag == GUMBO_TAG_DT) close_item(GUMBO_TAG_DD, GUMBO_TAG_DT);
  if ((of_tag & block) != 0) close_in_scope(GUMBO_TAG_P);
  if (is_heading(tag) && !open_.empty() && is_heading(open_.back())) open_.pop_back();
  if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) close_in_table({GUMBO_TAG_TD, GUMBO_TAG_TH});
  if (tag == GUMBO_TAG_TR) close_in_table({GUMBO_TAG_TR, GUMBO_TAG_CAPTION});
  if (tag == GUMBO_TAG_TBODY || tag == GUMBO_TAG_THEAD || tag == GUMBO_TAG_TFOOT || tag == GUMBO_TAG_CAPTION) {
    close_in_table({GUMBO_TAG_TBODY, GUMBO_TAG_THEAD, GUMBO_TAG_TFOOT, GUMBO_TAG_CAPTION});
  }
  const bool in_table = (of_tag & part) != 0 && tag != GUMBO_TAG_BR;
  if (in_table && std::find(open_.begin(), open_.end(), GUMBO_TAG_TABLE) == open_.end()) return;  // ignored there, too
  if ((of_tag & (no_content | raw_text)) == 0) open_.push_back(tag);
}

void HtmlNesting::end(GumboTag tag) {
  const unsigned of_tag = html_traits(tag);
  if ((of_tag & no_content) != 0) return;
  if ((of_tag & part) != 0 || tag == GUMBO_TAG_TABLE) return close_in_table({tag});
  close_in_scope(tag);
}

}  // namespace docupilot::inline v1
