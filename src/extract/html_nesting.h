#pragma once

#include <gumbo.h>

#include <cstddef>
#include <initializer_list>
#include <vector>

namespace docupilot::inline v1 {

/// What an element is to the text of a page, as bits. Elements without any, such as <b>, <span> and <my-own>, only run
/// along in a line: their tags change nothing.
enum HtmlTraits : unsigned {
  block = 1,            // makes a paragraph or a line, and its start tag ends an open <p>
  part = 2,             // of a list, table or figure: kept, ends no <p>
  scope = 4,            // end tags within do not reach elements outside of it
  no_content = 8,       // never open
  raw_text = 16,        // kept, and no tags in it but its own end
  raw_skipped = 32,     // no tags in it but its own end, and no text for readers
  region_skipped = 64,  // no text for readers up to its matching end
  gap = 128,            // parts words
};
[[nodiscard]] unsigned html_traits(GumboTag tag) noexcept;

/// The open elements of a page while its tags go by, near enough to what the tree construction of the HTML standard
/// (13.2.6) would have, to tell how deep the tree will be before it is built. Only for elements that have traits.
class HtmlNesting {
 public:
  void start(GumboTag tag);
  void end(GumboTag tag);
  [[nodiscard]] std::size_t depth() const noexcept { return open_.size(); }

 private:
  void close_in_scope(GumboTag tag);
  void close_in_table(std::initializer_list<GumboTag> tags);
  void close_item(GumboTag a, GumboTag b);

  std::vector<GumboTag> open_;
};

}  // namespace docupilot::inline v1
