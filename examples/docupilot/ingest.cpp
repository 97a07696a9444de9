#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "json_line.h"
#include "progress.h"
#include "session.h"
#include "text.h"
#include "walk.h"

namespace docupilot_command {

using docupilot::Error;
using docupilot::ErrorCode;
using docupilot::IngestResult;
using docupilot::Result;

namespace {

/// Requests handed to the library at once: what it returns for them is kept until they are all done.
constexpr std::size_t batch_size = 8192;

struct Item {
  std::string path;  // empty: standard input
  std::string name;
  std::uint64_t size = 0;
};

struct Gathered {
  std::vector<Item> items;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
};

struct Counts {
  std::uint64_t created = 0;
  std::uint64_t updated = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t failed = 0;
  std::uint64_t kept_without = 0;  // ingested, but a stage failed
  std::uint64_t cancelled = 0;
};

void report_failure(const Session& session, const std::string& name, const std::string& path, const Error& error,
                    bool to_people = true) {
  if (session.output.json()) {
    JsonLine line;
    line.text("name", name);
    if (!path.empty()) line.text("path", path);
    session.output.line(line.raw("error", error_json(error)).str());
  }
  if (to_people) session.output.error(error, name, false);
}

std::string file_name(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return valid_utf8(slash == std::string::npos ? path : path.substr(slash + 1));
}

Result<Gathered> gather(const Session& session) {
  const IngestArguments& arguments = session.arguments.ingest;
  Result<docupilot::Config> config = load_configuration(session.arguments.global);
  if (!config) return std::move(config).error();
  WalkOptions options{arguments.include, arguments.exclude, arguments.hidden, arguments.follow,
                      paths_of_library(*config)};
  Gathered gathered;
  for (const std::string& source : arguments.sources) {
    struct stat info{};
    if (source == "-") {
      gathered.items.push_back({{}, arguments.name.empty() ? "standard-input" : arguments.name, 0});
    } else if (stat(source.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      Walk walk = walk_folder(source, options, session.interrupt.token());
      for (FoundFile& file : walk.files) {
        gathered.bytes += file.size;
        gathered.items.push_back({std::move(file.path), std::move(file.name), file.size});
      }
      for (const auto& [path, error] : walk.failures) report_failure(session, path, path, error);
      gathered.failed += walk.failures.size();
      for (const std::string& path : walk.skipped) {
        session.output.note(fmt::format("docupilot: '{}' is no regular file and is left out", escaped(path)));
      }
      if (walk.files.empty() && walk.failures.empty()) {
        session.output.note(fmt::format("docupilot: there is nothing to ingest in '{}'", escaped(source)));
      }
    } else {
      const auto size = S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
      gathered.bytes += size;
      gathered.items.push_back({source, arguments.name.empty() ? file_name(source) : arguments.name, size});
    }
  }
  return gathered;
}

Result<docupilot::Value::Map> parse_attributes(const std::vector<std::string>& texts) {
  docupilot::Value::Map attributes;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const bool typed = equals != std::string::npos && equals > 0 && text[equals - 1] == ':';
    const std::size_t end = typed ? equals - 1 : equals;
    if (equals == std::string::npos || end == 0) {
      return Error(ErrorCode::invalid_argument, "an attribute needs a name and a value")
          .target(text)
          .hint("write --attribute NAME=TEXT, or NAME:=JSON for numbers, lists and so on");
    }
    const std::string_view given = std::string_view(text).substr(equals + 1);
    docupilot::Value value(valid_utf8(given));
    if (typed) {
      Result<docupilot::Value> parsed = docupilot::Value::from_json(given);
      if (!parsed) {
        return Error(ErrorCode::invalid_argument, "the attribute's value is not JSON")
            .target(text)
            .hint("text needs quotes after := or a plain = instead")
            .cause(std::move(parsed).error());
      }
      value = *std::move(parsed);
    }
    attributes.insert_or_assign(text.substr(0, end), std::move(value));
  }
  return attributes;
}

/// Flags that name one document cannot be meant for several.
std::optional<Error> check_single(const IngestArguments& arguments, std::size_t items) {
  const std::pair<const char*, const std::string&> flags[] = {{"--id", arguments.id},
                                                              {"--name", arguments.name},
                                                              {"--title", arguments.title},
                                                              {"--idempotency-key", arguments.idempotency_key}};
  for (const auto& [flag, value] : flags) {
    if (!value.empty() && items > 1) {
      return Error(ErrorCode::invalid_argument, fmt::format("{} is for one document, and there are {}", flag, items))
          .hint("ingest them one by one, or leave the flag out");
    }
  }
  if (std::ranges::count(arguments.sources, "-") > 1) {
    return Error(ErrorCode::invalid_argument, "standard input can be read once only").hint("give - a single time");
  }
  return std::nullopt;
}

Result<docupilot::IngestRequest> make_request(const Item& item, const docupilot::IngestOptions& options) {
  docupilot::IngestRequest request;
  request.options = options;
  request.options.name = item.name;
  request.path = item.path;
  if (item.path.empty()) {
    Result<std::unique_ptr<docupilot::Source>> source = docupilot::fd_source(STDIN_FILENO, item.name);
    if (!source) return std::move(source).error();
    request.source = *std::move(source);
  }
  return request;
}

int dry_run(const Session& session, const Gathered& gathered) {
  for (const Item& item : gathered.items) {
    if (session.output.json()) {
      JsonLine line;
      line.text("name", item.name);
      if (!item.path.empty()) line.text("path", item.path);
      session.output.line(line.number("size", item.size).boolean("dry_run", true).str());
    } else {
      session.output.line(
          fmt::format("would ingest  {}  ({})", escaped(item.name),
                      item.path.empty() ? "standard input" : human_size(static_cast<double>(item.size))));
    }
  }
  session.output.note(fmt::format("{}, {}: nothing was done", counted(gathered.items.size(), "document"),
                                  human_size(static_cast<double>(gathered.bytes))));
  return gathered.failed > 0 ? exit_partial : exit_ok;
}

/// Reports each result as it comes, and counts.
class Reporter {
 public:
  Reporter(const Session& session, const Gathered& gathered) : session_(session), gathered_(gathered) {
    counts_.failed = gathered.failed;
  }

  void operator()(const Item& item, const Result<IngestResult>& result) {
    const std::lock_guard lock(mutex_);
    if (result) {
      succeeded(item, *result);
    } else if (result.error().code() == ErrorCode::cancelled && session_.interrupt.token().stop_requested()) {
      ++counts_.cancelled;
    } else {
      ++counts_.failed;
      codes_.insert(result.error().code());
      report_failure(session_, item.name, item.path, result.error(), result.error().to_string() != common_);
    }
    if (session_.output.broken_pipe()) session_.interrupt.stop();
  }

  /// What hindered all documents alike is told to people once.
  void tell_common(const Error& error) {
    session_.output.error(error, {}, false);
    common_ = error.to_string();
  }

  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// The one code that all documents failed with; none when one went in or they failed in several ways.
  [[nodiscard]] std::optional<ErrorCode> common_code() const {
    const bool none_went_in = counts_.created + counts_.updated + counts_.unchanged == 0 && gathered_.failed == 0;
    return none_went_in && codes_.size() == 1 ? std::optional(*codes_.begin()) : std::nullopt;
  }

 private:
  void succeeded(const Item& item, const IngestResult& result) {
    using docupilot::IngestOutcome;
    counts_.created += result.outcome == IngestOutcome::created ? 1 : 0;
    counts_.updated += result.outcome == IngestOutcome::updated ? 1 : 0;
    counts_.unchanged += result.outcome == IngestOutcome::unchanged ? 1 : 0;
    counts_.kept_without += result.warnings.empty() ? 0 : 1;
    Output& output = session_.output;
    if (output.json()) {
      JsonLine line(docupilot::to_json(result.document));
      line.text("outcome", docupilot::to_string(result.outcome));
      std::vector<std::string> warnings;
      for (const Error& warning : result.warnings) warnings.push_back(error_json(warning));
      if (!warnings.empty()) line.raw("warnings", json_array(warnings));
      output.line(line.str());
    } else if (!output.quiet() &&
               (result.outcome != IngestOutcome::unchanged || output.verbose() || gathered_.items.size() == 1)) {
      const char* word = result.outcome == IngestOutcome::created   ? "new"
                         : result.outcome == IngestOutcome::updated ? "updated"
                                                                    : "unchanged";
      const char* style = result.outcome == IngestOutcome::unchanged ? "2" : "32";
      output.line(
          fmt::format("{}  {}  {}", output.styled(padded(word, 9), style), result.document.id, escaped(item.name)));
    }
    for (const Error& warning : result.warnings) {
      output.warning(warning, fmt::format("'{}' is kept, but not all could be done", escaped(item.name)));
    }
  }

  const Session& session_;
  const Gathered& gathered_;
  std::mutex mutex_;
  Counts counts_;
  std::set<ErrorCode> codes_;
  std::string common_;
};

void summarize_run(const Session& session, const Counts& counts, const Progress& progress) {
  std::string parts;
  const auto add = [&](std::uint64_t number, const char* what) {
    if (number > 0) parts += fmt::format("{}{} {}", parts.empty() ? ": " : ", ", human_count(number), what);
  };
  add(counts.created, "new");
  add(counts.updated, "updated");
  add(counts.unchanged, "unchanged");
  add(counts.failed, "failed");
  add(counts.cancelled, "not done");
  const std::uint64_t total = counts.created + counts.updated + counts.unchanged + counts.failed + counts.cancelled;
  const double seconds = std::max(progress.seconds(), 0.001);
  std::string line = fmt::format("{}{} in {:.1f} s", counted(total, "document"), parts, seconds);
  const std::uint64_t bytes = progress.state().bytes_done;
  const std::string rate = fmt::format(" ({}/s)", human_size(static_cast<double>(bytes) / seconds));
  const Terminal& terminal = session.output.err();
  if (bytes > 0 && (!terminal.is_terminal || line.size() + rate.size() < terminal.width())) line += rate;
  session.output.note(line);
}

}  // namespace

int run_ingest(const Session& session) {
  const IngestArguments& arguments = session.arguments.ingest;
  Output& output = session.output;
  Result<docupilot::Value::Map> attributes = parse_attributes(arguments.attributes);
  if (!attributes) return session.fail(attributes.error());
  Result<Gathered> gathered = gather(session);
  if (!gathered) return session.fail(gathered.error());
  if (const auto error = check_single(arguments, gathered->items.size())) return session.fail(*error);
  if (arguments.dry_run) return dry_run(session, *gathered);

  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  docupilot::IngestOptions options;
  options.id = arguments.id;
  options.title = arguments.title;
  options.content_type = arguments.content_type;
  options.tags = arguments.tags;
  options.attributes = *std::move(attributes);
  options.idempotency_key = arguments.idempotency_key;
  options.index = !arguments.no_index;
  options.summarize = !arguments.no_summary;
  options.force = arguments.force;

  Reporter report(session, *gathered);
  Progress progress(output, session.arguments.global.progress);
  const std::vector<Item>& items = gathered->items;
  docupilot::IngestProgress before;
  before.documents_total = items.size();
  before.bytes_total = gathered->bytes;
  for (std::size_t begin = 0; begin < items.size() && !session.interrupt.token().stop_requested();) {
    std::vector<docupilot::IngestRequest> requests;
    std::vector<const Item*> asked;
    for (; begin < items.size() && requests.size() < batch_size; ++begin) {
      Result<docupilot::IngestRequest> request = make_request(items[begin], options);
      if (!request) {
        report(items[begin], request.error());
        continue;
      }
      requests.push_back(*std::move(request));
      asked.push_back(&items[begin]);
    }
    docupilot::IngestManyOptions many;
    many.concurrency = arguments.jobs;
    docupilot::IngestProgress latest = before;
    many.on_progress = [&](const docupilot::IngestProgress& part) {
      docupilot::IngestProgress whole = before;
      whole.documents_done += part.documents_done;
      whole.documents_failed += part.documents_failed;
      whole.bytes_done += part.bytes_done;
      whole.current = part.current;
      latest = whole;
      progress.update(whole);
    };
    std::vector<char> told(requests.size());  // not bool: written from several threads
    many.on_result = [&](std::size_t index, const Result<IngestResult>& result) {
      told[index] = 1;
      report(*asked[index], result);
    };
    const std::vector<Result<IngestResult>> results = client->ingest_many(requests, many, session.context());
    // What never began, for example in a library that cannot be written.
    const auto is_untold_error = [&](std::size_t i) { return i < results.size() && told[i] == 0 && !results[i]; };
    if (results.size() > 1 && is_untold_error(0) && is_untold_error(results.size() - 1) &&
        results.front().error().code() != ErrorCode::cancelled) {
      report.tell_common(results.front().error());
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (told[i] == 0) report(*asked[i], results[i]);
    }
    latest.current = {};
    before = latest;
  }
  progress.finish();

  const Counts& counts = report.counts();
  summarize_run(session, counts, progress);
  if (session.interrupt.happened()) {
    output.error(
        Error(ErrorCode::cancelled, fmt::format("interrupted: {} of {} in the library",
                                                human_count(counts.created + counts.updated + counts.unchanged),
                                                counted(items.size(), "document is", "documents are")))
            .hint(fmt::format("'docupilot resume{}' finishes what was begun, the same ingest does the rest",
                              session.library_flags())));
    return exit_interrupted;
  }
  if (counts.failed == 0) return counts.kept_without == 0 ? exit_ok : exit_partial;
  return report.common_code() ? exit_code(*report.common_code()) : exit_partial;
}

}  // namespace docupilot_command
