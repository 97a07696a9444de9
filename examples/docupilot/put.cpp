#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <docupilot/source/source.h>
#include <docupilot/upload/uploader.h>
#include <fmt/format.h>

#include "objects.h"
#include "progress.h"
#include "session.h"
#include "text.h"

namespace docupilot_command {

using docupilot::Error;
using docupilot::ErrorCode;
using docupilot::Result;

namespace {

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

/// Where uploads under way are remembered (XDG Base Directory Specification, state), its folder made. Empty: nowhere.
std::string default_journal() {
  const char* const state = std::getenv("XDG_STATE_HOME");
  const char* const home = std::getenv("HOME");
  std::filesystem::path folder;
  if (state != nullptr && *state == '/') folder = state;
  else if (home != nullptr && *home == '/') folder = std::filesystem::path(home) / ".local" / "state";
  else return {};
  folder /= "docupilot";
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  return problem ? std::string() : (folder / "uploads.db").string();
}

JsonLine result_line(const docupilot::UploadResult& result) {
  JsonLine line = object_line(result.object);
  line.text("crc64nvme", fmt::format("{:016x}", result.crc64nvme)).number("parts", result.parts);
  line.number("parts_resumed", result.parts_resumed).number("bytes_sent", result.bytes_sent);
  line.number("attempts_failed", result.attempts_failed);
  return line;
}

std::string told(const docupilot::UploadResult& result, double seconds) {
  const auto size = static_cast<double>(result.object.size);
  std::string text = fmt::format("put '{}' ({}", escaped(result.object.key), human_size(size));
  if (result.parts > 0) text += fmt::format(" in {} parts", result.parts);
  if (result.parts_resumed > 0) text += fmt::format(", {} of them sent before", result.parts_resumed);
  if (result.attempts_failed > 0) text += fmt::format(", {} sent again", result.attempts_failed);
  if (seconds >= 1) text += fmt::format(", {}/s", human_size(static_cast<double>(result.bytes_sent) / seconds));
  return text + ')';
}

}  // namespace

int run_put(const Session& session) {
  const PutArguments& arguments = session.arguments.put;
  Result<NamedObject> object = open_object(arguments.url);
  if (!object) return session.fail(object.error());
  const bool from_pipe = arguments.file == "-";
  if (object->key.empty() || object->key.ends_with('/')) {  // into a folder: under its own name
    if (from_pipe) {
      return session.fail(Error(ErrorCode::invalid_argument, "standard input has no name")
                              .hint("put the object's key behind the bucket: s3://BUCKET/KEY"));
    }
    object->key += file_name(arguments.file);
  }
  Result<std::unique_ptr<docupilot::Source>> source =
      from_pipe ? docupilot::fd_source(STDIN_FILENO, "-") : docupilot::file_source(arguments.file);
  if (!source) return session.fail(source.error());

  docupilot::UploaderOptions options{.memory = arguments.memory,
                                     .connections = arguments.connections,
                                     .part_size = arguments.part_size,
                                     .bytes_per_second = arguments.limit_rate};
  if (!arguments.no_resume) options.journal = arguments.journal.empty() ? default_journal() : arguments.journal;
  auto uploader = docupilot::make_uploader(std::move(object->store), std::move(options));
  if (!uploader) return session.fail(uploader.error());

  Progress progress(session.output, session.arguments.global.progress);
  docupilot::UploadOptions upload;
  upload.put = {.content_type = arguments.content_type, .if_absent = arguments.if_absent};
  if (arguments.restart) upload.when_changed = docupilot::WhenChanged::restart;
  upload.on_progress = [&](const docupilot::TransferProgress& now) {
    docupilot::IngestProgress shown{.documents_total = 1, .current = object->key};
    shown.bytes_done = now.bytes_done + now.bytes_moving;
    shown.bytes_total = now.bytes_total.value_or(0);
    progress.update(shown);
  };
  auto result = (*uploader)->upload(**source, object->key, upload, session.context());
  const double seconds = progress.seconds();
  progress.finish();
  if (!result) return session.fail(result.error());
  if (session.output.json()) session.output.line(result_line(*result).str());
  else session.output.note(told(*result, seconds));
  return exit_ok;
}

}  // namespace docupilot_command
