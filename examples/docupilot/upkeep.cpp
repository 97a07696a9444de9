#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "json_line.h"
#include "objects.h"
#include "progress.h"
#include "session.h"
#include "text.h"

namespace docupilot_command {

using docupilot::Document;
using docupilot::Error;
using docupilot::PendingJob;
using docupilot::Result;

namespace {

struct Totals {
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::uint64_t incomplete = 0;  // a stage failed
  std::map<std::string, std::uint64_t> content_types;
};

Result<Totals> count_documents(docupilot::Client& client, const docupilot::Context& context) {
  Totals totals;
  docupilot::DocumentQuery query;
  query.limit = 1000;
  do {
    Result<docupilot::DocumentPage> page = client.documents(query, context);
    if (!page) return std::move(page).error();
    for (const Document& document : page->documents) {
      ++totals.documents;
      totals.bytes += document.size;
      ++totals.content_types[document.content_type];
      for (const docupilot::StageStatus& status : document.stages) {
        if (status.state != docupilot::StageState::failed) continue;
        ++totals.incomplete;
        break;
      }
    }
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return totals;
}

/// Bytes of all files below the library's folder; 0 when there is none.
std::uint64_t bytes_on_disk(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  if (folder.empty()) return 0;
  std::filesystem::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) continue;
    const std::uintmax_t size = entry->file_size(ignored);
    if (!ignored) bytes += size;  // else it went away meanwhile
  }
  return bytes;
}

std::string job_json(const PendingJob& job) {
  JsonLine line;
  line.text("id", job.id)
      .text("document_id", job.document_id)
      .text("name", job.name)
      .text("kind", docupilot::to_string(job.kind))
      .text("stage", docupilot::to_string(job.stage))
      .text("started", job.started.to_string())
      .boolean("in_progress", job.in_progress)
      .number("attempts", static_cast<std::uint64_t>(job.attempts));
  if (!job.error.empty()) line.text("error", job.error);
  return line.str();
}

std::string_view level_name(docupilot::Finding::Level level) {
  switch (level) {
    case docupilot::Finding::Level::ok: return "ok";
    case docupilot::Finding::Level::warning: return "warning";
    case docupilot::Finding::Level::problem: return "problem";
  }
  return "problem";
}

int misplaced(const Session& session, std::string_view flag, std::string_view what) {
  return session.fail(Error(docupilot::ErrorCode::invalid_argument, fmt::format("{} is for a sweep of {}", flag, what))
                          .hint("docupilot sweep --help shows how it is used"));
}

}  // namespace

int run_status(const Session& session) {
  Output& output = session.output;
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  Result<Totals> totals = count_documents(*client, session.context());
  if (!totals) return session.fail(totals.error());
  Result<docupilot::LibraryStatus> counts = client->status(session.context());
  if (!counts) return session.fail(counts.error());
  Result<std::vector<PendingJob>> pending = client->pending(session.context());
  if (!pending) return session.fail(pending.error());
  std::uint64_t in_progress = 0;
  for (const PendingJob& job : *pending) in_progress += job.in_progress ? 1 : 0;
  const std::string& library = client->config().library;
  const std::uint64_t on_disk = bytes_on_disk(library);
  if (output.json()) {
    std::vector<std::string> jobs;
    for (const PendingJob& job : *pending) jobs.push_back(job_json(job));
    JsonLine types;
    for (const auto& [type, count] : totals->content_types) types.number(type, count);
    output.line(JsonLine()
                    .text("library", library)
                    .number("documents", counts->documents)
                    .number("objects", counts->objects)
                    .number("indexed", counts->entries)
                    .number("bytes", totals->bytes)
                    .number("bytes_on_disk", on_disk)
                    .number("incomplete", totals->incomplete)
                    .number("pending", pending->size())
                    .number("in_progress", in_progress)
                    .raw("content_types", types.str())
                    .raw("jobs", json_array(jobs))
                    .str());
    return exit_ok;
  }
  const auto row = [&](const char* name, const std::string& value) {
    output.line(output.styled(padded(name, 11), "2") + value);
  };
  row("library", library.empty() ? "(its parts are named one by one; see docupilot config)" : escaped(library));
  row("documents", human_count(counts->documents));
  row("objects", human_count(counts->objects));
  row("indexed", human_count(counts->entries));
  row("size", human_size(static_cast<double>(totals->bytes)) +
                  (on_disk > 0 ? fmt::format(", {} on disk", human_size(static_cast<double>(on_disk))) : ""));
  for (const auto& [type, count] : totals->content_types) {
    row("", fmt::format("{:>6}  {}", human_count(count), escaped(type)));
  }
  if (totals->incomplete > 0) {
    row("incomplete", fmt::format("{} kept, but not all could be done; docupilot show says why",
                                  counted(totals->incomplete, "document")));
  }
  row("unfinished", counted(pending->size(), "job"));
  for (const PendingJob& job : *pending) {
    const std::string state = job.in_progress     ? "under way"
                              : job.error.empty() ? "interrupted"
                                                  : "stopped: " + escaped(job.error);
    row("", fmt::format("{} of '{}', stage {}, {}", docupilot::to_string(job.kind), escaped(job.name),
                        docupilot::to_string(job.stage), state));
  }
  if (pending->size() > in_progress) {
    output.note(fmt::format("docupilot resume{} finishes them", session.library_flags()));
  }
  return exit_ok;
}

int run_resume(const Session& session) {
  Output& output = session.output;
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  Progress progress(output, session.arguments.global.progress);
  docupilot::DrainOptions options;
  options.on_progress = [&](const docupilot::IngestProgress& state) { progress.update(state); };
  Result<docupilot::DrainReport> report = client->drain(options, session.context());
  progress.finish();
  if (!report) return session.fail(report.error());
  std::vector<std::string> failed;
  for (const auto& [job, error] : report->failed) {
    failed.push_back(JsonLine().raw("job", job_json(job)).raw("error", error_json(error)).str());
    output.error(error, job.name, false);
  }
  if (output.json()) {
    output.line(JsonLine()
                    .number("finished", report->finished)
                    .number("in_progress", report->in_progress)
                    .raw("failed", json_array(failed))
                    .str());
  } else if (!output.quiet()) {
    std::string line = fmt::format("{} finished", counted(report->finished, "job"));
    if (report->in_progress > 0) line += fmt::format(", {} left to another program", human_count(report->in_progress));
    if (!failed.empty()) line += fmt::format(", {} failed", human_count(failed.size()));
    output.line(line);
  }
  if (session.interrupt.happened()) {
    output.error(Error(docupilot::ErrorCode::cancelled, "interrupted")
                     .hint(fmt::format("'docupilot resume{}' goes on", session.library_flags())));
    return exit_interrupted;
  }
  return failed.empty() ? exit_ok : exit_partial;
}

int run_sweep(const Session& session) {
  const SweepArguments& arguments = session.arguments.sweep;
  if (!arguments.url.empty() && arguments.no_documents) return misplaced(session, "--no-documents", "a library");
  if (!arguments.url.empty()) return run_sweep_uploads(session);
  if (!arguments.journal.empty()) return misplaced(session, "--journal", "the URL of a store");
  Output& output = session.output;
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  docupilot::SweepOptions options;
  options.dry_run = arguments.dry_run;
  options.allow_no_documents = arguments.no_documents;
  if (!arguments.older_than.empty()) {
    Result<docupilot::Duration> older_than = parse_time(arguments.older_than, true);
    if (!older_than) return session.fail(older_than.error());
    options.keep_temporary = *older_than;
  }
  Result<docupilot::SweepReport> report = client->sweep(options, session.context());
  if (!report) return session.fail(report.error());
  const int code = report->dangling_documents.empty() ? exit_ok : exit_partial;
  if (output.json()) {
    output.line(JsonLine()
                    .boolean("dry_run", report->dry_run)
                    .boolean("clean", report->clean())
                    .texts("orphan_objects", report->orphan_objects)
                    .texts("dangling_documents", report->dangling_documents)
                    .texts("missing_entries", report->missing_entries)
                    .texts("orphan_entries", report->orphan_entries)
                    .texts("temporary", report->temporary)
                    .str());
    return code;
  }
  const auto show = [&](const std::vector<std::string>& found, const char* what, const char* done, const char* would) {
    for (const std::string& one : found) {
      output.line(fmt::format("{}: {} ({})", escaped(one), what, report->dry_run ? would : done));
    }
  };
  show(report->orphan_objects, "bytes that belong to no document", "removed", "would be removed");
  show(report->missing_entries, "a document that was not findable", "indexed again", "would be indexed again");
  show(report->orphan_entries, "an index entry without a document", "removed", "would be removed");
  show(report->temporary, "left over by a program that ended", "removed", "would be removed");
  show(report->dangling_documents, "a document whose bytes are gone", "kept", "kept");
  if (report->clean()) output.note("all is in order");
  if (!report->dangling_documents.empty()) {
    output.note("docupilot: ingest the documents again whose bytes are gone, or remove them");
  }
  return code;
}

int run_diagnose(const Session& session) {
  Output& output = session.output;
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  int code = exit_ok;
  for (const docupilot::Finding& finding : client->diagnose(session.context())) {
    using Level = docupilot::Finding::Level;
    if (finding.level == Level::problem) code = exit_error;
    if (output.json()) {
      JsonLine line;
      line.text("level", level_name(finding.level))
          .text("component", finding.component)
          .text("message", finding.message);
      if (!finding.hint.empty()) line.text("hint", finding.hint);
      output.line(line.str());
      continue;
    }
    if (finding.level == Level::ok && output.quiet()) continue;
    const char* style = finding.level == Level::ok ? "32" : finding.level == Level::warning ? "33" : "31";
    output.line(fmt::format("{} {}{}", output.styled(padded(std::string(level_name(finding.level)), 8), style),
                            padded(finding.component, 10), escaped(finding.message)));
    if (!finding.hint.empty()) output.line(fmt::format("         hint: {}", escaped(finding.hint)));
  }
  return code;
}

}  // namespace docupilot_command
