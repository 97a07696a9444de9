#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/stream.h>

namespace docupilot::inline v1 {

/// What is known of the bytes before they are read.
struct ExtractInput {
  std::string name = {};          ///< File name; its ending helps where the bytes do not tell.
  std::string content_type = {};  ///< Media type; a charset parameter is believed. Empty: find out.
};

/// The text of a document.
struct ExtractedText {
  std::string text;          ///< Valid UTF-8, lines ended by \n, paragraphs by an empty line, no control characters.
  std::string title;         ///< From the document itself; empty when it has none.
  std::string content_type;  ///< What the bytes turned out to be.
  std::string charset;       ///< What text bytes were decoded from, as IANA names it; empty for PDF and DOCX.
  bool truncated = false;    ///< There was more text than `ExtractLimits::text`.
};

/// Bounds on what a document may cost. Passing one is an error, `too_large`, except for `text`.
struct ExtractLimits {
  std::uint64_t text = 8u << 20;      ///< Bytes of text kept; what follows is left out. Default 8 MiB.
  std::uint64_t markup = 16u << 20;   ///< Bytes of an HTML or Markdown file or of a DOCX part. Default 16 MiB.
  std::uint64_t archive = 24u << 20;  ///< Bytes of a DOCX file. Default 24 MiB.
  unsigned compression_ratio = 200;   ///< Unpacked to packed size of a DOCX part. Default 200.
  unsigned depth = 512;               ///< Nesting of HTML or XML elements. Default 512.
  Duration pdf_time = Duration::milliseconds(60'000);  ///< Running time of pdftotext. Default 60 s.
  std::uint64_t pdf_memory = 1u << 30;                 ///< Address space of pdftotext. Default 1 GiB.
};

/// Turns bytes into text. Calls may come from any thread at any time.
class DOCUPILOT_EXPORT Extractor {
 public:
  virtual ~Extractor();
  /// Whether there can be text in this media type (no parameters, lower case).
  [[nodiscard]] virtual bool handles(std::string_view content_type) const = 0;
  /// Reads as much of `body` as it needs. Errors: unsupported for a media type without text (an image) or a missing
  /// helper program; corrupted for damaged files; too_large; timeout; cancelled.
  [[nodiscard]] virtual Result<ExtractedText> extract(Reader& body, const ExtractInput& input,
                                                      const Context& context = {}) = 0;
};

struct ExtractOptions {
  ExtractLimits limits = {};
  std::string pdftotext =
      "pdftotext";  ///< Program, looked up in PATH at the first PDF; from poppler-utils. Empty: none.
};

/// Plain text (charset detected), Markdown, HTML, DOCX, and PDF through `pdftotext`. Does nothing until used.
[[nodiscard]] DOCUPILOT_EXPORT std::unique_ptr<Extractor> make_extractor(ExtractOptions options = {});

/// The media type of a document from its first bytes (4 KiB are enough) and its name:
/// "application/octet-stream" when neither tells, "text/plain" for anything that is text in some charset.
[[nodiscard]] DOCUPILOT_EXPORT std::string detect_content_type(std::string_view name, ByteView head);

}  // namespace docupilot::inline v1
