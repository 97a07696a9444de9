#include <gumbo.h>

#include <csetjmp>
#include <vector>

#include "base/try.h"
#include "base/utf8.h"
#include "extract/arena.h"
#include "extract/block_writer.h"
#include "extract/formats.h"
#include "extract/html_filter.h"
#include "extract/html_nesting.h"
#include "extract/text_decoder.h"

namespace docupilot::inline v1 {

namespace {

// A tree is six times as large as filtered markup usually, and up to ninety times when that is hardly more than tags: a
// bound for pages made to be nothing else.
constexpr std::size_t largest_tree = 256U << 20U;

/// The tree, all of it in the arena, or null when the arena ended the parse. No objects with destructors live here: the
/// jump goes past this frame.
GumboOutput* parse(Arena& arena, const GumboOptions& options, std::string_view markup) noexcept {
  if (setjmp(arena.escape) != 0) return nullptr;  // NOLINT: see Arena
  return gumbo_parse_with_options(&options, markup.data(), markup.size());
}

class HtmlWalk {
 public:
  HtmlWalk(BlockWriter& out, const Context& context) noexcept : out_(out), context_(context) {}
  Result<void> run(const GumboNode* root);
  [[nodiscard]] std::string title() const { return clean_title(title_.empty() ? heading_ : title_); }

 private:
  struct Step {
    const GumboNode* node;
    unsigned next_child;
  };
  /// False: nothing of it is to be read.
  bool enter(const GumboNode& node);
  void leave(const GumboNode& node);
  void text(const char* parsed);

  BlockWriter& out_;
  const Context& context_;
  std::vector<Step> path_;
  std::vector<unsigned> cells_;  // so far in the rows around this place
  std::string title_;
  std::string heading_;
  unsigned verbatim_ = 0;
  unsigned first_heading_ = 0;  // inside of it
  bool in_title_ = false;
  bool heading_read_ = false;
};

void HtmlWalk::text(const char* parsed) {
  // The parser lets the number of a character reference overflow and writes whatever that leaves.
  std::string_view utf8 = parsed;
  const std::string mended = is_utf8(utf8) ? std::string() : replace_invalid_utf8(utf8);
  if (!mended.empty()) utf8 = mended;
  if (in_title_) {
    title_ += utf8;
    return;
  }
  if (first_heading_ > 0) heading_ += utf8;
  if (verbatim_ > 0) out_.verbatim(utf8);
  else out_.flow(utf8);
}

bool HtmlWalk::enter(const GumboNode& node) {
  if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE || node.type == GUMBO_NODE_CDATA) {
    text(node.v.text.text);
    return false;
  }
  if (node.type != GUMBO_NODE_ELEMENT) return node.type == GUMBO_NODE_DOCUMENT;
  const GumboElement& element = node.v.element;
  if (element.tag == GUMBO_TAG_NAV || element.attributes.length > 0) return false;
  switch (element.tag) {
    case GUMBO_TAG_TITLE: return in_title_ = title_.empty();
    case GUMBO_TAG_LI: out_.begin_item(); return true;
    case GUMBO_TAG_BR: out_.break_line(); return true;
    case GUMBO_TAG_TR:
      out_.break_line();
      cells_.push_back(0);
      return true;
    case GUMBO_TAG_TD:
    case GUMBO_TAG_TH: out_.begin_cell(cells_.empty() || cells_.back()++ == 0); return true;
    case GUMBO_TAG_DT:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_CAPTION: out_.break_line(); return true;
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_LISTING:
    case GUMBO_TAG_XMP:
    case GUMBO_TAG_TEXTAREA: ++verbatim_; break;
    default: break;
  }
  if (element.tag == GUMBO_TAG_H1 && !heading_read_) ++first_heading_;
  const bool nested_list = (element.tag == GUMBO_TAG_UL || element.tag == GUMBO_TAG_OL) && path_.size() > 1 &&
                           path_.back().node->type == GUMBO_NODE_ELEMENT &&
                           path_.back().node->v.element.tag == GUMBO_TAG_LI;
  if (nested_list) out_.break_line();
  else if ((html_traits(element.tag) & (block | raw_text)) != 0) out_.break_paragraph();
  return true;
}

void HtmlWalk::leave(const GumboNode& node) {
  if (node.type != GUMBO_NODE_ELEMENT) return;
  switch (node.v.element.tag) {
    case GUMBO_TAG_TITLE: in_title_ = false; return;
    case GUMBO_TAG_LI: out_.end_item(); return;
    case GUMBO_TAG_TR:
      out_.end_row();
      cells_.pop_back();
      return;
    case GUMBO_TAG_DT:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_CAPTION: out_.break_line(); return;
    case GUMBO_TAG_UL:
    case GUMBO_TAG_OL:
      if (path_.size() > 1 && path_[path_.size() - 2].node->type == GUMBO_NODE_ELEMENT &&
          path_[path_.size() - 2].node->v.element.tag == GUMBO_TAG_LI)
        return out_.break_line();
      break;
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_LISTING:
    case GUMBO_TAG_XMP:
    case GUMBO_TAG_TEXTAREA: --verbatim_; break;
    default: break;
  }
  if (node.v.element.tag == GUMBO_TAG_H1 && first_heading_ > 0) heading_read_ = --first_heading_ == 0;
  if ((html_traits(node.v.element.tag) & (block | raw_text)) != 0) out_.break_paragraph();
}

Result<void> HtmlWalk::run(const GumboNode* root) {
  path_.push_back({root, 0});
  for (std::uint32_t steps = 1; !path_.empty(); ++steps) {
    if (steps % 4096 == 0) DOCUPILOT_CHECK(context_.check("extract"));
    Step& step = path_.back();
    const GumboVector& children =
        step.node->type == GUMBO_NODE_DOCUMENT ? step.node->v.document.children : step.node->v.element.children;
    if (step.next_child == children.length || out_.full()) {
      leave(*step.node);
      path_.pop_back();
      continue;
    }
    const auto* child = static_cast<const GumboNode*>(children.data[step.next_child++]);
    if (enter(*child)) path_.push_back({child, 0});
  }
  return {};
}

}  // namespace

Result<ExtractedText> html_to_text(std::string_view utf8, const ExtractLimits& limits, const Context& context) {
  DOCUPILOT_TRY(const std::string markup, filter_html(utf8, limits.depth));
  DOCUPILOT_CHECK(context.check("extract"));
  Arena arena(largest_tree, context);
  GumboOptions options = kGumboDefaultOptions;
  options.userdata = &arena;
  options.allocator = [](void* memory, std::size_t size) { return static_cast<Arena*>(memory)->allocate(size); };
  options.deallocator = [](void*, void*) {};
  options.max_errors = 0;
  const GumboOutput* const tree = parse(arena, options, markup);
  if (tree == nullptr) return arena.failure();

  TextBuilder text(limits.text);
  BlockWriter out(text);
  HtmlWalk walk(out, context);
  DOCUPILOT_CHECK(walk.run(tree->document));
  ExtractedText result;
  result.title = walk.title();
  result.truncated = text.full();
  result.text = std::move(text).take();
  return result;
}

Result<ExtractedText> extract_html(Reader& body, std::string_view charset, const ExtractLimits& limits,
                                   const Context& context) {
  DOCUPILOT_TRY(const std::string bytes, read_whole(body, limits.markup, "an HTML page", "markup", context));
  std::string found;
  DOCUPILOT_TRY(const std::string utf8, decode_text(bytes, charset, true, found));
  DOCUPILOT_TRY(auto result, html_to_text(utf8, limits, context));
  result.charset = std::move(found);
  return result;
}

}  // namespace docupilot::inline v1
