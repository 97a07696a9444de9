#include <algorithm>
#include <pugixml.hpp>
#include <vector>

#include "base/try.h"
#include "base/utf8.h"
#include "extract/block_writer.h"
#include "extract/formats.h"
#include "extract/zip_archive.h"

namespace docupilot::inline v1 {

namespace {

// Every element costs the parser some 80 bytes, so that 16 MiB of the shortest ones would take a third of a gigabyte.
constexpr std::ptrdiff_t most_tags = 4'000'000;

/// The name without its namespace prefix, which each producer may choose as it likes.
std::string_view local_name(const pugi::xml_node& node) noexcept {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string_view local_attribute(const pugi::xml_node& node, std::string_view wanted) noexcept {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name == wanted || (name.ends_with(wanted) && name[name.size() - wanted.size() - 1] == ':'))
      return attribute.value();
  }
  return {};
}

/// The node after `node` in document order, below `root`; not below `node` itself unless `enter`. `leave` is called for
/// every element whose end is passed.
template <class Leave>
pugi::xml_node next_node(pugi::xml_node node, const pugi::xml_node& root, bool enter, unsigned& depth, Leave&& leave) {
  if (enter && node.first_child()) {
    ++depth;
    return node.first_child();
  }
  while (node && node != root) {
    leave(node);
    if (node.next_sibling()) return node.next_sibling();
    node = node.parent();
    --depth;
  }
  return {};
}

Result<void> parse_part(std::string& xml, const std::string& name, unsigned depth_limit, pugi::xml_document& document) {
  if (std::count(xml.begin(), xml.end(), '<') > most_tags) {
    return Error(ErrorCode::too_large, "'" + name + "' has more than " + std::to_string(most_tags) + " tags")
        .hint("split the document");
  }
  const auto parsed = document.load_buffer_inplace(xml.data(), xml.size(),
                                                   pugi::parse_minimal | pugi::parse_escapes | pugi::parse_eol |
                                                       pugi::parse_ws_pcdata | pugi::parse_cdata | pugi::parse_doctype);
  if (!parsed) {
    return Error(ErrorCode::corrupted, "'" + name + "' is no well-formed XML: " + parsed.description() + " at offset " +
                                           std::to_string(parsed.offset))
        .hint("open the document in a word processor and save it again");
  }
  unsigned depth = 0;
  for (pugi::xml_node node = document; node; node = next_node(node, document, true, depth, [](const auto&) {})) {
    if (node.type() == pugi::node_doctype) {
      return Error(ErrorCode::corrupted, "'" + name + "' has a document type declaration, which DOCX does not allow")
          .hint("the file was not made by a word processor: do not trust it");
    }
    if (node.type() == pugi::node_element && depth > depth_limit) {
      return Error(ErrorCode::too_large,
                   "elements of '" + name + "' are nested more than " + std::to_string(depth_limit) + " deep")
          .hint("raise ExtractLimits::depth");
    }
  }
  return {};
}

class DocxWalk {
 public:
  explicit DocxWalk(BlockWriter& out) noexcept : out_(out) {}
  Result<void> run(const pugi::xml_node& root, const Context& context);

 private:
  bool enter(const pugi::xml_node& node);
  void leave(const pugi::xml_node& node);
  void begin_item(const pugi::xml_node& numbering);

  BlockWriter& out_;
  std::vector<unsigned> cells_;
};

/// False: nothing below it is to be read.
bool DocxWalk::enter(const pugi::xml_node& node) {
  if (node.type() != pugi::node_element) return node.type() == pugi::node_document;
  const std::string_view name = local_name(node);
  if (name == "t") {
    for (const pugi::xml_node& text : node.children()) out_.verbatim(replace_invalid_utf8(text.value()));
    return false;
  }
  if (name == "tab" && local_name(node.parent()) != "tabs") out_.verbatim("\t");
  else if (name == "br" || name == "cr") out_.break_line();
  else if (name == "noBreakHyphen") out_.verbatim("-");
  else if (name == "p") out_.break_paragraph();
  else if (name == "numPr") return begin_item(node), false;
  else if (name == "tbl") out_.break_paragraph();
  else if (name == "tr") out_.break_line(), cells_.push_back(0);
  else if (name == "tc") out_.begin_cell(cells_.empty() || cells_.back()++ == 0);
  // What was deleted or changed, what fields are made of, and the second copy of drawings for old programs.
  return name != "delText" && name != "instrText" && name != "Fallback" && name != "del" && name != "moveFrom" &&
         !name.ends_with("PrChange");
}

void DocxWalk::begin_item(const pugi::xml_node& numbering) {
  for (const pugi::xml_node& child : numbering.children()) {  // list 0 takes a paragraph out of the list of its style
    if (local_name(child) == "numId" && local_attribute(child, "val") != "0") out_.begin_item();
  }
}

void DocxWalk::leave(const pugi::xml_node& node) {
  const std::string_view name = local_name(node);
  if (name == "p" || name == "tbl") {
    out_.end_item();
    out_.break_paragraph();
  } else if (name == "tr" && !cells_.empty()) {
    out_.end_row();
    cells_.pop_back();
  }
}

Result<void> DocxWalk::run(const pugi::xml_node& root, const Context& context) {
  unsigned depth = 0;
  std::uint32_t steps = 0;
  for (pugi::xml_node node = root; node && !out_.full();) {
    if (++steps % 4096 == 0) DOCUPILOT_CHECK(context.check("extract"));
    const bool inside = enter(node);
    node = next_node(node, root, inside, depth, [this](const pugi::xml_node& left) { leave(left); });
  }
  return {};
}

/// The name of the part with the text, from the package's relations.
Result<std::string> main_part(const ZipArchive& archive, const ExtractLimits& limits, const Context& context) {
  static constexpr std::string_view usual = "word/document.xml";
  DOCUPILOT_TRY(auto relations, archive.read("_rels/.rels", limits, context));
  if (!relations) return std::string(usual);
  pugi::xml_document document;
  DOCUPILOT_CHECK(parse_part(*relations, "_rels/.rels", limits.depth, document));
  for (const pugi::xml_node& relation : document.document_element().children()) {
    std::string_view target = local_attribute(relation, "Target");
    if (!local_attribute(relation, "Type").ends_with("/officeDocument") || target.empty()) continue;
    if (target.front() == '/') target.remove_prefix(1);
    return std::string(target);
  }
  return std::string(usual);
}

/// The title from the properties. A document is not lost over damaged ones.
Result<std::string> title_of(const ZipArchive& archive, const ExtractLimits& limits, const Context& context) {
  auto core = archive.read("docProps/core.xml", limits, context);
  pugi::xml_document document;
  Result<void> parsed;
  if (core && *core) parsed = parse_part(**core, "docProps/core.xml", limits.depth, document);
  for (const Error* error : {core ? nullptr : &core.error(), parsed ? nullptr : &parsed.error()}) {
    if (error != nullptr && error->code() != ErrorCode::corrupted) return *error;
  }
  if (!core || !parsed) return std::string();
  for (const pugi::xml_node& property : document.document_element().children()) {
    if (local_name(property) == "title") return clean_title(replace_invalid_utf8(property.child_value()));
  }
  return std::string();
}

}  // namespace

Result<ExtractedText> extract_docx(Reader& body, const ExtractLimits& limits, const Context& context) {
  DOCUPILOT_TRY(const std::string bytes, read_whole(body, limits.archive, "a DOCX file", "archive", context));
  DOCUPILOT_TRY(const ZipArchive archive, ZipArchive::open(bytes));
  DOCUPILOT_TRY(const std::string main, main_part(archive, limits, context));
  DOCUPILOT_TRY(auto xml, archive.read(main, limits, context));
  if (!xml) {
    return Error(ErrorCode::corrupted,
                 "there is no '" + escape_controls(main) + "' in the archive: this is no DOCX file")
        .hint("open the document in a word processor and save it as DOCX");
  }
  ExtractedText result;
  DOCUPILOT_TRY(result.title, title_of(archive, limits, context));

  TextBuilder text(limits.text);
  BlockWriter out(text);
  const std::size_t slash = main.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : main.substr(0, slash + 1);
  for (const std::string& name : {main, folder + "footnotes.xml", folder + "endnotes.xml"}) {
    if (text.full()) break;
    if (name != main) {
      DOCUPILOT_TRY(xml, archive.read(name, limits, context));
    }
    if (!xml) continue;
    pugi::xml_document document;
    DOCUPILOT_CHECK(parse_part(*xml, name, limits.depth, document));
    DOCUPILOT_CHECK(DocxWalk(out).run(document, context));
    out.break_paragraph();
  }
  result.truncated = text.full();
  result.text = std::move(text).take();
  return result;
}

}  // namespace docupilot::inline v1
