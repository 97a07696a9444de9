#include <algorithm>
#include <array>
#include <csignal>

#include "base/try.h"
#include "base/utf8.h"
#include "extract/formats.h"
#include "extract/text_builder.h"
#include "process/child_process.h"

namespace docupilot::inline v1 {

namespace {

/// What `-htmlmeta` puts around the text, which it leaves as it is: a head with the title, and "<pre>".
struct Framed {
  std::string_view text;
  std::string_view title;
};

Framed take_apart(std::string_view output) {
  Framed framed{output, {}};
  static constexpr std::string_view begin = "<body>\n<pre>\n";
  static constexpr std::string_view end = "</pre>\n</body>\n</html>\n";
  if (!output.starts_with("<!DOCTYPE html")) return framed;
  const std::size_t body = output.find(begin);
  if (body == std::string_view::npos) return framed;
  const std::string_view head = output.substr(0, body);
  const std::size_t title = head.find("<title>");
  const std::size_t title_end = head.find("</title>");
  if (title != std::string_view::npos && title_end != std::string_view::npos && title + 7 <= title_end) {
    framed.title = head.substr(title + 7, title_end - title - 7);
  }
  framed.text = output.substr(body + begin.size());
  if (framed.text.ends_with(end)) framed.text.remove_suffix(end.size());
  return framed;
}

std::string without_entities(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> entities{
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
  std::string plain;
  while (!text.empty()) {
    const auto* const found = std::find_if(entities.begin(), entities.end(),
                                           [&](const auto& entity) { return text.starts_with(entity.first); });
    plain += found != entities.end() ? found->second : text.front();
    text.remove_prefix(found != entities.end() ? found->first.size() : 1);
  }
  return plain;
}

bool contains(std::string_view text, std::string_view part) noexcept {
  return text.find(part) != std::string_view::npos;
}

/// Why there is no text, or success. The words are those of poppler and xpdf.
Result<void> judge(const ChildResult& run, const ExtractLimits& limits) {
  const std::string_view complaints = run.complaints;
  const std::string first_line = escape_controls(complaints.substr(0, complaints.find('\n')));
  const std::string reason = first_line.empty() ? "" : ": " + first_line;
  const bool failed = run.exit_code > 0 || run.signal != 0;
  if (contains(complaints, "ncorrect password") || contains(complaints, "is encrypted")) {
    return Error(ErrorCode::corrupted, "the PDF is encrypted and needs a password" + reason)
        .hint("save it without a password");
  }
  if (run.exit_code == 3 || contains(complaints, "Copying of text")) {
    return Error(ErrorCode::permission_denied, "the PDF does not allow its text to be copied" + reason)
        .hint("ask its author for a copy without this restriction");
  }
  if (contains(complaints, "ut of memory") || contains(complaints, "bad_alloc")) {
    return Error(ErrorCode::too_large,
                 "reading the PDF takes more than " + std::to_string(limits.pdf_memory) + " bytes of memory")
        .hint("raise ExtractLimits::pdf_memory, or split the document");
  }
  if (run.signal == SIGKILL) {
    return Error(ErrorCode::exhausted, "the system ended pdftotext, most likely for want of memory")
        .hint("free some memory, or extract fewer documents at once");
  }
  if (run.signal == SIGXCPU) {
    return Error(ErrorCode::timeout, "reading the PDF took too much processor time")
        .hint("raise ExtractLimits::pdf_time, or split the document")
        .retryable(false);
  }
  if (contains(complaints, "error while loading shared libraries") || run.exit_code == 127) {
    return Error(ErrorCode::unsupported, "pdftotext does not run on this machine" + reason)
        .hint("install poppler-utils again, or raise ExtractLimits::pdf_memory");
  }
  const bool syntax_error = contains(complaints, "Syntax Error");
  const bool cut_off = syntax_error && !contains(run.input_tail, "%%EOF");
  if (failed || cut_off || (syntax_error && run.output.find_first_not_of(" \n\f") == std::string::npos)) {
    const std::string how =
        run.signal != 0 ? " (pdftotext was ended by signal " + std::to_string(run.signal) + ")" : "";
    return Error(ErrorCode::corrupted, "the PDF is damaged" + how + reason)
        .hint(cut_off ? "its end is missing: fetch or upload it again" : "open it in a viewer and save it again");
  }
  return {};
}

}  // namespace

Result<ExtractedText> extract_pdf(Reader& body, const std::string& program, const ExtractLimits& limits,
                                  const Context& context) {
  const std::string path = find_program(program);
  if (path.empty()) {
    return Error(ErrorCode::unsupported, "there is no program '" + escape_controls(program) + "' to read PDF with")
        .hint("install poppler-utils, or name the program in ExtractOptions::pdftotext");
  }
  // Twice the text for blanks and line ends that go, and a page for the frame.
  const std::uint64_t most_output = limits.text > (UINT64_MAX >> 2U) ? UINT64_MAX : limits.text * 2 + (64U << 10U);
  const ChildCommand command{.program = path,
                             .arguments = {"-enc", "UTF-8", "-eol", "unix", "-htmlmeta", "-", "-"},
                             .time = limits.pdf_time,
                             .memory = limits.pdf_memory,
                             .output = most_output};
  auto ran = run_child(command, body, context);
  if (!ran) {
    if (ran.error().code() == ErrorCode::timeout && context.check("extract")) {
      return std::move(ran).error().hint("raise ExtractLimits::pdf_time, or split the document");
    }
    return std::move(ran).error();
  }
  if (!ran->output_full) DOCUPILOT_CHECK(judge(*ran, limits));

  const Framed framed = take_apart(ran->output);
  TextBuilder text(limits.text);
  text.append(replace_invalid_utf8(framed.text));
  ExtractedText result;
  result.title = clean_title(replace_invalid_utf8(without_entities(framed.title)));
  result.truncated = text.full() || ran->output_full;
  result.text = std::move(text).take();
  return result;
}

}  // namespace docupilot::inline v1
