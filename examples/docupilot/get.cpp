#include <cstring>

#include <docupilot/store/object_url.h>
#include <docupilot/upload/downloader.h>
#include <fmt/format.h>

#include "json_line.h"
#include "objects.h"
#include "session.h"
#include "text.h"
#include "transfer_progress.h"

namespace docupilot_command {

using docupilot::Document;
using docupilot::Error;
using docupilot::ErrorCode;
using docupilot::ObjectInfo;
using docupilot::Result;

namespace {

/// Bytes for a terminal's eyes: control characters other than line ends and tabs are shown escaped.
class TerminalWriter final : public docupilot::Writer {
 public:
  explicit TerminalWriter(Output& output) : output_(output) {}
  Result<void> write(docupilot::ByteView bytes) override {
    rest_ += docupilot::as_text(bytes);
    const std::size_t end = rest_.rfind('\n');
    if (end != std::string::npos) {
      output_.bytes(docupilot::as_bytes(escaped_lines(std::string_view(rest_).substr(0, end + 1))));
      rest_.erase(0, end + 1);
    }
    return {};
  }
  void finish() {
    if (!rest_.empty()) output_.line(escaped_lines(rest_));
  }

 private:
  Output& output_;
  std::string rest_;
};

class PipeWriter final : public docupilot::Writer {
 public:
  explicit PipeWriter(Output& output) : output_(output) {}
  Result<void> write(docupilot::ByteView bytes) override {
    output_.bytes(bytes);
    if (output_.broken_pipe()) return Error(ErrorCode::cancelled, "nobody reads the output any more");
    if (const int error = output_.write_error(); error != 0) {
      return Error(ErrorCode::exhausted, std::string("the output cannot be written: ") + std::strerror(error))
          .hint("is the disk full that it goes to?");
    }
    return {};
  }

 private:
  Output& output_;
};

bool is_text(const std::string& content_type) {
  return content_type.starts_with("text/") || content_type.starts_with("application/json") ||
         content_type.starts_with("application/xml") || content_type.ends_with("+xml") ||
         content_type.ends_with("+json");
}

/// Runs `get` with a writer for standard output and says how it went; standard output is the document's alone.
template <class Get>
int to_standard_output(const Session& session, const std::string& content_type, const Get& get) {
  Output& output = session.output;
  if (output.out().is_terminal && !is_text(content_type)) {
    return session.fail(
        Error(ErrorCode::unsupported, fmt::format("bytes of type {} are not for a terminal", escaped(content_type)))
            .operation("get")
            .hint("write them to a file with -o FILE, or into a pipe"));
  }
  TerminalWriter for_eyes(output);
  PipeWriter for_programs(output);
  docupilot::Writer& writer = output.out().is_terminal ? static_cast<docupilot::Writer&>(for_eyes) : for_programs;
  const auto written = get(writer);
  for_eyes.finish();
  output.flush();
  if (output.broken_pipe()) return exit_error;
  return written ? static_cast<int>(exit_ok) : session.fail(written.error(), {}, false);
}

void tell_written(const Session& session, JsonLine line, std::uint64_t size, const std::string& more = {}) {
  const std::string& file = session.arguments.get.output;
  if (session.output.json()) {
    session.output.line(line.text("output", file).str());
  } else {
    session.output.note(fmt::format("wrote '{}' ({}{})", escaped(file), human_size(static_cast<double>(size)), more));
  }
}

int get_document(const Session& session, bool to_file) {
  const GetArguments& arguments = session.arguments.get;
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  Result<Document> document = find_document(*client, arguments.what, session.context());
  if (!document) return session.fail(document.error());
  if (!to_file) {
    return to_standard_output(session, document->content_type, [&](docupilot::Writer& writer) {
      return client->download(document->id, writer, session.context());
    });
  }
  Result<Document> written = client->download_file(document->id, arguments.output, session.context());
  if (!written) return session.fail(written.error());
  tell_written(session, JsonLine(docupilot::to_json(*written)), written->size);
  return exit_ok;
}

int write_object(const Session& session, const NamedObject& object) {
  std::string content_type;
  if (session.output.out().is_terminal) {
    Result<ObjectInfo> info = object.store->head(object.key, session.context());
    if (!info) return session.fail(info.error());
    content_type = info->content_type;
  }
  return to_standard_output(session, content_type, [&](docupilot::Writer& writer) {
    return object.store->get(object.key, writer, {}, session.context());
  });
}

/// Whether what has come of a download that failed so is there for the next.
bool leaves_something(ErrorCode code) {
  return code == ErrorCode::cancelled || code == ErrorCode::timeout || code == ErrorCode::unavailable ||
         code == ErrorCode::rate_limited;
}

int download_object(const Session& session, NamedObject object) {
  const GetArguments& arguments = session.arguments.get;
  docupilot::DownloaderOptions options{.bytes_per_second = arguments.limit_rate, .resume = !arguments.no_resume};
  if (arguments.connections != 0) options.connections = arguments.connections;
  auto downloader = docupilot::make_downloader(std::move(object.store), options);
  if (!downloader) return session.fail(downloader.error());
  TransferShow show(session.output, session.arguments.global.progress, object.key);
  docupilot::TransferProgress last;
  const docupilot::DownloadOptions download{.on_progress = [&](const docupilot::TransferProgress& now) {
    last = now;
    show.update(now);
  }};
  const auto result = (*downloader)->to_file(object.key, arguments.output, download, session.context());
  const double seconds = show.seconds();
  show.finish();
  if (!result) {
    const int code = session.fail(result.error());
    if (options.resume && last.parts_done > 0 && leaves_something(result.error().code())) {
      session.output.note(fmt::format("docupilot: {} are on the disk: the same command goes on from there",
                                      human_size(static_cast<double>(last.bytes_done))));
    }
    return code;
  }
  const std::uint64_t size = result->object.size;
  JsonLine line = object_line(result->object);
  line.text("crc64nvme", fmt::format("{:016x}", result->crc64nvme)).boolean("verified", result->verified);
  line.number("bytes_resumed", result->bytes_resumed).number("attempts_failed", result->attempts_failed);
  std::string more;
  if (result->bytes_resumed > 0) {
    more += fmt::format(", {} of it on the disk before", human_size(static_cast<double>(result->bytes_resumed)));
  }
  if (result->attempts_failed > 0) more += fmt::format(", {} fetched again", human_count(result->attempts_failed));
  if (seconds >= 1) {
    more += fmt::format(", {}/s", human_size(static_cast<double>(size - result->bytes_resumed) / seconds));
  }
  tell_written(session, std::move(line), size, more);
  return exit_ok;
}

}  // namespace

int run_get(const Session& session) {
  const GetArguments& arguments = session.arguments.get;
  const bool to_file = !arguments.output.empty() && arguments.output != "-";
  const bool is_url = docupilot::ObjectUrl::is_url(arguments.what);
  if ((arguments.connections != 0 || arguments.limit_rate != 0 || arguments.no_resume) && !(to_file && is_url)) {
    return session.fail(Error(ErrorCode::invalid_argument,
                              "--connections, --limit-rate and --no-resume are for an object that goes into a file")
                            .hint("docupilot get s3://BUCKET/KEY -o FILE"));
  }
  if (!is_url) return get_document(session, to_file);
  Result<NamedObject> object = open_one(arguments.what);
  if (!object) return session.fail(object.error());
  return to_file ? download_object(session, *std::move(object)) : write_object(session, *object);
}

}  // namespace docupilot_command
