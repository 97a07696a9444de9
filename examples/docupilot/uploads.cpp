#include "uploads.h"

#include <cstdlib>
#include <filesystem>

#include <docupilot/store/object_url.h>
#include <fmt/format.h>

#include "text.h"

namespace docupilot_command {

using docupilot::Duration;
using docupilot::Error;
using docupilot::ErrorCode;
using docupilot::Result;

namespace {

namespace fs = std::filesystem;

fs::path state_folder() {
  const char* const state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return fs::path(state) / "docupilot";
  const char* const home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return fs::path(home) / ".local" / "state" / "docupilot";
  return {};
}

std::string upload_line(const docupilot::SweptUpload& swept, bool dry_run) {
  JsonLine line;
  line.text("key", swept.upload.key).text("upload_id", swept.upload.upload_id);
  line.text("started", swept.upload.started.to_string());
  line.text("outcome", swept.error ? "kept" : dry_run ? "would_abort" : "aborted");
  if (swept.error) line.raw("error", error_json(*swept.error));
  return line.str();
}

Error no_bucket(const std::string& url) {
  return Error(ErrorCode::invalid_argument, "uploads are swept in a whole store, and this URL names an object")
      .target(docupilot::BackendUrl::redacted(url))
      .hint("write s3://BUCKET");
}

}  // namespace

std::string upload_journal(const Session& session, const std::string& asked_for) {
  if (!asked_for.empty()) return asked_for;
  const fs::path folder = state_folder();
  std::error_code problem;
  if (!folder.empty()) fs::create_directories(folder, problem);
  if (!folder.empty() && !problem) return (folder / "uploads.db").string();
  session.output.note(fmt::format("docupilot: uploads are not remembered, and begin anew when they are interrupted: {}",
                                  folder.empty()
                                      ? "neither XDG_STATE_HOME nor HOME names a folder"
                                      : fmt::format("'{}': {}", escaped(folder.string()), problem.message())));
  return {};
}

int run_sweep_uploads(const Session& session) {
  const SweepArguments& arguments = session.arguments.sweep;
  Output& output = session.output;
  Result<NamedObject> place = open_object(arguments.url);
  if (!place) return session.fail(place.error());
  if (!place->key.empty()) return session.fail(no_bucket(arguments.url));
  Result<Duration> older_than = parse_time(arguments.older_than.empty() ? "1d" : arguments.older_than, true);
  if (!older_than) return session.fail(older_than.error());
  docupilot::UploaderOptions options{.journal = upload_journal(session, arguments.journal), .hooks = session.hooks()};
  if (options.journal.empty()) return exit_ok;
  auto uploader = docupilot::make_uploader(std::move(place->store), std::move(options));
  if (!uploader) return session.fail(uploader.error());
  auto all = (*uploader)->sweep(Duration(), true, session.context());
  if (!all) return session.fail(all.error());
  auto swept = (*uploader)->sweep(*older_than, arguments.dry_run, session.context());
  if (!swept) return session.fail(swept.error());

  int code = exit_ok;
  for (const docupilot::SweptUpload& one : *swept) {
    if (one.error) code = exit_partial;
    if (output.json()) output.line(upload_line(one, arguments.dry_run));
    else if (one.error) output.error(*one.error, one.upload.key, false);
    else
      output.line(fmt::format("{}: begun {} ({})", escaped(one.upload.key), one.upload.started.to_string(),
                              arguments.dry_run ? "would be aborted" : "aborted"));
  }
  const std::size_t younger = all->size() - std::min(all->size(), swept->size());
  if (younger > 0) {
    output.note(
        fmt::format("docupilot: {} that got on more lately {} left for its put to go on with; --older-than 0 "
                    "takes all",
                    counted(younger, "upload"), younger == 1 ? "is" : "are"));
  } else if (swept->empty()) {
    output.note("all is in order");
  }
  return code;
}

}  // namespace docupilot_command
