#include <sys/stat.h>

#include <algorithm>

#include <docupilot/docupilot.h>
#include <fmt/format.h>

#include "json_line.h"
#include "session.h"
#include "text.h"

namespace docupilot_command {

using docupilot::Error;
using docupilot::ErrorCode;
using docupilot::Result;
using docupilot::Summary;

namespace {

bool is_there(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0;
}

struct Told {
  std::string id;
  std::string path;
  std::string title;
  Summary summary;
};

/// A file that is in no library: read, summarised and left as it is.
Result<Told> summarize_file(const Session& session, const std::string& path, docupilot::SummaryLength length) {
  Result<docupilot::Config> config = load_configuration(session.arguments.global);
  if (!config) return std::move(config).error();
  Result<std::unique_ptr<docupilot::Source>> source = docupilot::file_source(path);
  if (!source) return std::move(source).error();
  const auto extractor = docupilot::make_extractor(config->extract);
  Result<docupilot::ExtractedText> text = extractor->extract(**source, {.name = (*source)->name()}, session.context());
  if (!text) return std::move(text).error();
  Result<std::unique_ptr<docupilot::Summarizer>> summarizer =
      docupilot::Registry::with_builtins().open_summary(config->summary);
  if (!summarizer) return std::move(summarizer).error();
  Result<Summary> summary =
      (*summarizer)->summarize({.text = text->text, .title = text->title, .length = length}, session.context());
  if (!summary) return std::move(summary).error();
  return Told{{}, path, text->title.empty() ? (*source)->name() : text->title, *std::move(summary)};
}

Result<Told> summarize_document(const Session& session, const std::string& id, docupilot::SummaryLength length) {
  Result<docupilot::Client> client = session.open();
  if (!client) return std::move(client).error();
  Result<docupilot::Document> document = find_document(*client, id, session.context());
  if (!document) return std::move(document).error();
  Result<Summary> summary = client->summarize(document->id, length, session.context());
  if (!summary) return std::move(summary).error();
  return Told{document->id, {}, document->title, *std::move(summary)};
}

Result<Told> summarize_either(const Session& session) {
  const SummarizeArguments& arguments = session.arguments.summarize;
  const docupilot::SummaryLength length{.sentences = arguments.sentences, .words = arguments.words};
  if (!docupilot::check_document_id(arguments.what)) {  // only a file can be meant
    return summarize_file(session, arguments.what, length);
  }
  Result<Told> told = summarize_document(session, arguments.what, length);
  if (told || told.error().code() != ErrorCode::not_found) return told;
  if (is_there(arguments.what)) return summarize_file(session, arguments.what, length);
  return Error(ErrorCode::not_found, "there is neither a document with this id nor such a file")
      .operation("summarize")
      .target(arguments.what)
      .hint("docupilot list shows all documents");
}

std::string to_json(const Told& told) {
  JsonLine line;
  if (!told.id.empty()) line.text("id", told.id);
  if (!told.path.empty()) line.text("path", told.path);
  std::vector<std::string> sentences;
  for (const docupilot::SummarySentence& sentence : told.summary.sentences) {
    sentences.push_back(
        JsonLine().number("offset", sentence.offset).number("size", sentence.size).real("score", sentence.score).str());
  }
  std::vector<std::string> attempts;
  for (const docupilot::SummaryAttempt& attempt : told.summary.attempts) {
    attempts.push_back(JsonLine().text("provider", attempt.provider).text("outcome", attempt.outcome).str());
  }
  return line.text("title", told.title)
      .text("summary", told.summary.text)
      .text("model", told.summary.model)
      .raw("sentences", json_array(sentences))
      .number("bytes_read", told.summary.bytes_read)
      .number("input_tokens", told.summary.input_tokens)
      .number("output_tokens", told.summary.output_tokens)
      .boolean("degraded", told.summary.degraded)
      .raw("attempts", json_array(attempts))
      .str();
}

}  // namespace

int run_summarize(const Session& session) {
  Output& output = session.output;
  Result<Told> told = summarize_either(session);
  if (!told) return session.fail(told.error());
  if (output.json()) {
    output.line(to_json(*told));
    return exit_ok;
  }
  if (!output.quiet() && output.out().is_terminal) output.line(output.styled(escaped(told->title), "1"));
  const std::size_t columns = output.out().is_terminal ? std::min<std::size_t>(output.out().width(), 100) : 100;
  for (const std::string& line : wrapped(escaped_lines(told->summary.text), columns)) output.line(line);
  if (output.verbose()) output.note(fmt::format("made by {}", escaped(told->summary.model)));
  return exit_ok;
}

}  // namespace docupilot_command
