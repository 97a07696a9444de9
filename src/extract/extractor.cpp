#include <docupilot/extract/extractor.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/try.h"
#include "base/utf8.h"
#include "extract/charset.h"
#include "extract/content_type.h"
#include "extract/formats.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t head_size = 4096;

/// The bytes already read, then the rest.
class ReplayReader final : public Reader {
 public:
  ReplayReader(std::string_view head, Reader& rest) : head_(head), size_(rest.size()), rest_(rest) {}

  Result<std::size_t> read(MutableByteView into, const Context& context) override {
    if (head_.empty()) return rest_.read(into, context);
    DOCUPILOT_CHECK(context.check("read"));
    const std::size_t count = std::min(into.size(), head_.size());
    std::memcpy(into.data(), head_.data(), count);
    head_.remove_prefix(count);
    return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::string_view head_;
  std::optional<std::uint64_t> size_;
  Reader& rest_;
};

Result<std::string> read_head(Reader& body, const Context& context) {
  std::string head(head_size, '\0');
  std::size_t filled = 0;
  while (filled < head.size()) {
    DOCUPILOT_TRY(const std::size_t count,
                  body.read({reinterpret_cast<std::byte*>(head.data()) + filled, head.size() - filled}, context));
    if (count == 0) break;
    filled += count;
  }
  head.resize(filled);
  return head;
}

bool says_nothing(std::string_view type) noexcept {
  return type.empty() || type == binary_type || type == "binary/octet-stream" || type == "application/x-download" ||
         type == "application/unknown" || type == "unknown/unknown" || type == "*/*";
}

/// What the bytes are, given what they are said to be. Errors: corrupted when both exclude each other.
Result<std::string> settle_type(const std::string& claimed, const std::string& name, std::string_view head) {
  const std::string_view proven = type_of_signature(head);
  const std::string_view expected = says_nothing(claimed) ? type_of_name(name) : std::string_view(claimed);
  if (expected == docx_type && proven == ole_type) {
    return Error(ErrorCode::corrupted, "the document is encrypted, or of a Word before 2007")
        .hint("save it as DOCX without a password");
  }
  if (says_nothing(claimed)) return detect_content_type(name, as_bytes(head));
  if (claimed == docx_type && proven == zip_type) return claimed;
  if (claimed == pdf_type && head.substr(0, 1024).find("%PDF-") != std::string_view::npos) return claimed;
  if (!proven.empty()) return std::string(proven);
  if (claimed == pdf_type || claimed == docx_type) {
    return Error(ErrorCode::corrupted, head.empty() ? "the file is empty" : "the bytes are no " + claimed)
        .hint("the file may be damaged or cut off: fetch or upload it again, or give the content type that it has");
  }
  return claimed;
}

class StandardExtractor final : public Extractor {
 public:
  explicit StandardExtractor(ExtractOptions options) : options_(std::move(options)) {}

  [[nodiscard]] bool handles(std::string_view content_type) const override {
    if (content_type == pdf_type) return !options_.pdftotext.empty();
    return content_type == docx_type || is_textual(content_type);
  }

  Result<ExtractedText> extract(Reader& body, const ExtractInput& input, const Context& context) override {
    try {
      auto result = read(body, input, context);
      if (result || !result.error().operation().empty()) return result;
      return Result<ExtractedText>(std::move(result).error().operation("extract").target(input.name));
    } catch (const std::bad_alloc&) {
      return Error(ErrorCode::exhausted, "out of memory")
          .operation("extract")
          .target(input.name)
          .hint("free some memory, or lower the limits in ExtractLimits");
    }
  }

 private:
  Result<ExtractedText> read(Reader& body, const ExtractInput& input, const Context& context) const;

  const ExtractOptions options_;
};

Result<ExtractedText> StandardExtractor::read(Reader& body, const ExtractInput& input, const Context& context) const {
  DOCUPILOT_CHECK(context.check("extract"));
  DOCUPILOT_TRY(const std::string head, read_head(body, context));
  DOCUPILOT_TRY(const std::string type, settle_type(essence(input.content_type), input.name, head));
  if (head.empty() && type == binary_type) {  // nothing at all: no text, but nothing wrong either
    ExtractedText nothing;
    nothing.content_type = type;
    return nothing;
  }
  if (type == pdf_type && options_.pdftotext.empty()) {
    return Error(ErrorCode::unsupported, "reading PDF is switched off")
        .hint("install poppler-utils and name its program in ExtractOptions::pdftotext");
  }
  if (!handles(type)) {
    return Error(ErrorCode::unsupported, "there is no text to be had from " + escape_controls(type))
        .hint("plain text, Markdown, HTML, DOCX and PDF can be read; convert it to one of them");
  }
  if (head.empty() && (type == pdf_type || type == docx_type)) {
    return Error(ErrorCode::corrupted, "the file is empty").hint("fetch or upload it again");
  }
  ReplayReader whole(head, body);
  const std::string_view charset = charset_parameter(input.content_type);
  const ExtractLimits& limits = options_.limits;
  auto result = type == pdf_type                          ? extract_pdf(whole, options_.pdftotext, limits, context)
                : type == docx_type                       ? extract_docx(whole, limits, context)
                : type == html_type || type == xhtml_type ? extract_html(whole, charset, limits, context)
                : type == markdown_type || type == "text/x-markdown" ? extract_markdown(whole, charset, limits, context)
                                                                     : extract_plain(whole, charset, limits, context);
  if (result) result->content_type = type == "text/x-markdown" ? markdown_type : type;
  return result;
}

}  // namespace

Extractor::~Extractor() = default;

std::unique_ptr<Extractor> make_extractor(ExtractOptions options) {
  return std::make_unique<StandardExtractor>(std::move(options));
}

}  // namespace docupilot::inline v1
