#include <cstring>

#include <docupilot/store/object_url.h>
#include <fmt/format.h>

#include "json_line.h"
#include "objects.h"
#include "session.h"
#include "text.h"

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

void tell_written(const Session& session, JsonLine line, std::uint64_t size) {
  const std::string& file = session.arguments.get.output;
  if (session.output.json()) {
    session.output.line(line.text("output", file).str());
  } else {
    session.output.note(fmt::format("wrote '{}' ({})", escaped(file), human_size(static_cast<double>(size))));
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

int get_object(const Session& session, bool to_file) {
  const GetArguments& arguments = session.arguments.get;
  Result<NamedObject> object = open_one(arguments.what);
  if (!object) return session.fail(object.error());
  if (!to_file) {
    std::string content_type;
    if (session.output.out().is_terminal) {
      Result<ObjectInfo> info = object->store->head(object->key, session.context());
      if (!info) return session.fail(info.error());
      content_type = info->content_type;
    }
    return to_standard_output(session, content_type, [&](docupilot::Writer& writer) {
      return object->store->get(object->key, writer, {}, session.context());
    });
  }
  Result<ObjectInfo> written =
      docupilot::get_to_file(*object->store, object->key, arguments.output, {}, session.context());
  if (!written) return session.fail(written.error());
  tell_written(session, object_line(*written), written->size);
  return exit_ok;
}

}  // namespace

int run_get(const Session& session) {
  const GetArguments& arguments = session.arguments.get;
  const bool to_file = !arguments.output.empty() && arguments.output != "-";
  return docupilot::ObjectUrl::is_url(arguments.what) ? get_object(session, to_file) : get_document(session, to_file);
}

}  // namespace docupilot_command
