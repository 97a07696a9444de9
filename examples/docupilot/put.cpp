#include <unistd.h>

#include <docupilot/registry.h>
#include <docupilot/source/source.h>
#include <docupilot/store/object_url.h>
#include <fmt/format.h>

#include "objects.h"
#include "session.h"
#include "text.h"
#include "transfer_progress.h"
#include "uploads.h"

namespace docupilot_command {

using docupilot::Error;
using docupilot::ErrorCode;
using docupilot::Result;

namespace {

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

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
  if (result.parts > 0) text += fmt::format(" in {} parts", human_count(result.parts));
  if (result.parts_resumed > 0) text += fmt::format(", {} of them sent before", human_count(result.parts_resumed));
  if (result.attempts_failed > 0) text += fmt::format(", {} sent again", human_count(result.attempts_failed));
  if (seconds >= 1) text += fmt::format(", {}/s", human_size(static_cast<double>(result.bytes_sent) / seconds));
  return text + ')';
}

/// What a failed upload has left to go on with.
std::string told_kept(const docupilot::TransferProgress& last, const std::string& url) {
  const auto parsed = docupilot::ObjectUrl::parse(url);
  const std::string store = parsed ? shell_quoted(docupilot::BackendUrl::redacted(parsed->store)) : "URL";
  return fmt::format(
      "docupilot: {} of {} parts are at the store: the same command goes on from there,\n"
      "  or 'docupilot sweep {} --older-than 0' removes them",
      human_count(last.parts_done), human_count(last.parts_total.value_or(0)), store);
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

  const std::uint64_t usual = std::max<std::uint64_t>(64, arguments.connections) << 20U;
  const std::uint64_t memory = arguments.memory != 0 ? arguments.memory : usual;
  docupilot::UploaderOptions options{.memory = memory,
                                     .connections = arguments.connections,
                                     .part_size = arguments.part_size,
                                     .bytes_per_second = arguments.limit_rate,
                                     .hooks = session.hooks()};
  if (!arguments.no_resume) options.journal = upload_journal(session, arguments.journal);
  const bool remembered = !options.journal.empty() && !from_pipe;
  auto uploader = docupilot::make_uploader(std::move(object->store), std::move(options));
  if (!uploader) return session.fail(uploader.error());

  TransferShow show(session.output, session.arguments.global.progress, object->key);
  docupilot::TransferProgress last;
  docupilot::UploadOptions upload;
  upload.put = {.content_type = arguments.content_type, .if_absent = arguments.if_absent};
  if (arguments.restart) upload.when_changed = docupilot::WhenChanged::restart;
  upload.on_progress = [&](const docupilot::TransferProgress& now) {
    last = now;
    show.update(now);
  };
  auto result = (*uploader)->upload(**source, object->key, upload, session.context());
  const double seconds = show.seconds();
  show.finish();
  if (!result) {
    const int code = session.fail(result.error());
    if (remembered && last.parts_done > 0) session.output.note(told_kept(last, arguments.url));
    return code;
  }
  if (session.output.json()) session.output.line(result_line(*result).str());
  else session.output.note(told(*result, seconds));
  return exit_ok;
}

}  // namespace docupilot_command
