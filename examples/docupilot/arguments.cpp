#include "arguments.h"

#include <cstring>
#include <functional>
#include <map>
#include <set>

#include <docupilot/base/version.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command_tree.h"
#include "given_words.h"

namespace docupilot_command {

namespace {

constexpr const char* main_footer =
    R"(Every flag above may stand before or after the subcommand; 'docupilot SUBCOMMAND --help' shows more.
The library is named by --library, else by the environment (DOCUPILOT_LIBRARY and others), else by
the configuration file ('docupilot config path'), else it is ./library.

Exit codes:
  0  done                                    4  not allowed, or credentials refused
  1  an error that has no code below         5  out of reach for now: try again
  2  the command line, or a value in it,     6  it has changed, or somebody else holds it
     cannot be taken                         7  some documents failed or were kept without text
  3  there is no such document or file     130  interrupted; 'docupilot resume' goes on

Examples:
  docupilot ingest report.txt
  docupilot search quarterly revenue
  docupilot --json list)";

constexpr const char* global_note = "\n\nFlags of all subcommands, such as --library and --json: docupilot --help";

/// The command line's grammar, bound to the arguments that it fills.
class Grammar {
 public:
  Grammar() : app_("Documents for any program: stored, described, findable and summarised.", "docupilot") {
    app_.set_help_flag("-h,--help", "Show this and end");
    app_.set_version_flag("--version", fmt::format("docupilot {}", docupilot::version()), "Show the version and end");
    app_.require_subcommand(1);
    app_.get_formatter()->column_width(32);
    app_.get_formatter()->label("Positionals", "Arguments");
    app_.footer(main_footer);
    add_global_flags();
    add_ingest();
    add_list_and_search();
    add_reading();
    add_objects();
    add_upkeep();
    add_others();
  }
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  [[nodiscard]] ParsedCommandLine parse(int argc, const char* const* argv);
  [[nodiscard]] CommandTree tree() const;

 private:
  CLI::App& command(const char* name, Command which, const char* text, const char* examples) {
    CLI::App* sub = app_.add_subcommand(name, text);
    sub->fallthrough();
    sub->footer(std::string("Examples:\n") + examples + global_note);
    sub->callback([this, which] { arguments_.command = which; });
    return *sub;
  }
  template <class T>
  CLI::Option* value(CLI::App& app, const char* names, T& into, const char* shown, const char* text) {
    return app.add_option(names, into, text)->option_text(shown)->transform(as_given);
  }
  CLI::Option* size(CLI::App& app, const char* names, std::uint64_t& into, const char* text) {
    return app.add_option(names, into, text)->option_text("SIZE")->transform(bytes_as_given);
  }
  /// May be given several times, one value each, so that what follows stays a document.
  CLI::Option* values(CLI::App& app, const char* names, std::vector<std::string>& into, const char* shown,
                      const char* text) {
    return app.add_option(names, into, text)->option_text(shown)->allow_extra_args(false)->transform(as_given);
  }
  /// The documents or words that a subcommand is about, any number of them.
  CLI::Option* words(CLI::App& app, const char* name, std::vector<std::string>& into, const char* shown,
                     const char* text) {
    const auto take = [&into](const CLI::results_t& results) {
      for (const std::string& result : results) into.push_back(as_given(result));
      return true;
    };
    return app.add_option(name, CLI::callback_t(take), text)->option_text(shown)->expected(-1)->take_all();
  }
  void choose(CLI::Option* option, std::vector<std::string> choices) {
    option->check(CLI::IsMember(choices));
    choices_[option] = std::move(choices);
  }
  void add_global_flags();
  void add_ingest();
  void add_list_and_search();
  void add_reading();
  void add_objects();
  void add_upkeep();
  void add_others();
  [[nodiscard]] std::vector<FlagDescription> flags_of(const CLI::App& app) const;

  CLI::App app_;
  Arguments arguments_;
  std::string progress_ = "auto";
  std::string colour_ = "auto";
  std::map<const CLI::Option*, std::vector<std::string>> choices_;
  std::set<const CLI::Option*> paths_;
};

void Grammar::add_global_flags() {
  GlobalArguments& global = arguments_.global;
  paths_.insert(
      value(app_, "-l,--library", global.library, "DIR|URL", "The library: a folder, memory:, config:FILE#NAME"));
  paths_.insert(value(app_, "--config", global.config, "FILE", "Read settings from this TOML file"));
  value(app_, "--profile", global.profile, "NAME", "Use this profile of the configuration file");
  app_.add_flag("--json", global.json, "Results and errors as JSON, one object a line, on standard output");
  app_.add_flag("-q,--quiet", global.quiet, "No notes, no progress, no summary line");
  app_.add_flag("-v,--verbose", global.verbose, "Say more, with every detail of an error");
  value(app_, "--timeout", global.timeout, "SECONDS", "Give up after so long")->check(CLI::Range(0.001, 31'536'000.0));
  choose(value(app_, "--progress", progress_, "auto|bar|plain|json|none", "How progress is shown on standard error"),
         {"auto", "bar", "plain", "json", "none"});
  choose(value(app_, "--color", colour_, "auto|always|never", "When to use colours (also NO_COLOR, CLICOLOR_FORCE)"),
         {"auto", "always", "never"});
}

void Grammar::add_ingest() {
  IngestArguments& ingest = arguments_.ingest;
  CLI::App& sub = command("ingest", Command::ingest, "Take documents in: store, describe, index and summarise them",
                          "  docupilot ingest report.txt\n"
                          "  docupilot ingest letters --include '*.txt' --tag letter\n"
                          "  cat report.txt | docupilot ingest - --name report.txt --id report-2");
  paths_.insert(words(sub, "documents", ingest.sources, "FILE|DIR|- ...",
                      "Files, folders (taken with all that is below), - for standard input")
                    ->required());
  value(sub, "--id", ingest.id, "ID", "The document's id; default: made from its path");
  value(sub, "--name", ingest.name, "NAME", "Its name; default: its file name");
  value(sub, "--title", ingest.title, "TITLE", "Its title; default: what it says itself");
  value(sub, "--content-type", ingest.content_type, "TYPE", "Its media type; default: found out");
  values(sub, "-t,--tag", ingest.tags, "TAG", "Add a tag (repeatable)");
  values(sub, "-a,--attribute", ingest.attributes, "KEY=TEXT",
         "Add an attribute, KEY:=JSON for other kinds (repeatable)");
  value(sub, "--idempotency-key", ingest.idempotency_key, "KEY", "Sent twice with this key, it is taken in once");
  values(sub, "--include", ingest.include, "GLOB", "In folders, take only what matches (repeatable)");
  values(sub, "--exclude", ingest.exclude, "GLOB", "In folders, leave out what matches (repeatable)");
  sub.add_flag("--hidden", ingest.hidden, "In folders, take hidden files too");
  sub.add_flag("--follow", ingest.follow, "In folders, follow symbolic links to folders");
  sub.add_flag("--no-index", ingest.no_index, "Do not make it findable");
  sub.add_flag("--no-summary", ingest.no_summary, "Do not summarise it");
  sub.add_flag("-f,--force", ingest.force, "Go the whole way even when nothing has changed");
  value(sub, "-j,--jobs", ingest.jobs, "N", "Documents at a time; default: 1 a processor, 8 at most; 16 if remote")
      ->check(CLI::Range(1, 256));
  sub.add_flag("-n,--dry-run", ingest.dry_run, "Only say what would be taken in");
}

void Grammar::add_list_and_search() {
  ListArguments& list = arguments_.list;
  CLI::App& lister = command("list", Command::list, "List documents",
                             "  docupilot list\n"
                             "  docupilot list --filter 'size > 10 and tags has \"letter\"' --order -created,name\n"
                             "  docupilot list --json --limit 1");
  value(lister, "--filter", list.filter, "FILTER", "Only documents that match, as in the examples");
  value(lister, "--order", list.order, "FIELDS", "Sort by fields, separated by commas; -FIELD: the highest first");
  value(lister, "--limit", list.limit, "N", "At most so many; default: all")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}));

  SearchArguments& search = arguments_.search;
  CLI::App& searcher = command("search", Command::search, "Find documents by words, the best first",
                               "  docupilot search quarterly revenue\n"
                               "  docupilot search '\"net income\" OR title:report' --limit 3\n"
                               "  docupilot search revenue --facet tags --filter 'size < 1000000' --json");
  words(searcher, "words", search.words, "WORDS ...", "Words, \"phrases\", prefix*, AND OR NOT, title:word; none: all");
  value(searcher, "--limit", search.limit, "N", "At most so many hits, 1 to 1000; default: 10")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000}));
  value(searcher, "--filter", search.filter, "FILTER", "Only documents that match");
  values(searcher, "--facet", search.facets, "FIELD", "Count the values of tags, content_type, attributes.NAME");
  searcher.add_flag("--no-typo", search.no_typo, "Take every word as it is written");
}

void Grammar::add_reading() {
  CLI::App& show = command("show", Command::show, "Show all that is known of a document",
                           "  docupilot show report\n"
                           "  docupilot show report --json");
  value(show, "id", arguments_.show_id, "ID", "The document's id, or 4 or more characters of its front")->required();

  SummarizeArguments& summarize = arguments_.summarize;
  CLI::App& summarizer = command("summarize", Command::summarize, "Summarise a document, or a file without storing it",
                                 "  docupilot summarize report --sentences 2\n"
                                 "  docupilot summarize report.txt --words 50");
  paths_.insert(value(summarizer, "document", summarize.what, "ID|FILE", "A document's id, or a file")->required());
  CLI::Option* sentences = value(summarizer, "--sentences", summarize.sentences, "N", "At most so many; default: 3")
                               ->check(CLI::Range(std::size_t{1}, std::size_t{1000}));
  value(summarizer, "--words", summarize.words, "N", "At most so many, in whole sentences")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->excludes(sentences);

  GetArguments& get = arguments_.get;
  CLI::App& getter = command("get", Command::get, "Write a document's bytes, checked by their SHA-256, or an object's",
                             "  docupilot get report -o copy.txt\n"
                             "  docupilot get report | wc -c\n"
                             "  docupilot get 's3://bucket/key?region=eu-west-1' -o copy.txt");
  value(getter, "what", get.what, "ID|URL", "A document's id, or 4 or more of its front; or SCHEME://BUCKET/KEY")
      ->required();
  paths_.insert(value(getter, "-o,--output", get.output, "FILE", "Into this file, whole or not at all; default: out"));
  value(getter, "--connections", get.connections, "N", "Of a URL: ranges fetched at a time; default: 8")
      ->check(CLI::Range(1, 64));
  size(getter, "--limit-rate", get.limit_rate, "Of a URL: bytes a second at the most");
  getter.add_flag("--no-resume", get.no_resume, "Of a URL: leave nothing to go on with when it fails");
}

void Grammar::add_objects() {
  constexpr const char* url_text = "SCHEME://BUCKET/KEY?endpoint=...&region=..., the key percent-encoded";
  PutArguments& put = arguments_.put;
  CLI::App& putter = command("put", Command::put, "Put a file into an object store, as it is",
                             "  docupilot put report.txt s3://bucket/reports/2026.txt\n"
                             "  tar c letters | docupilot put - 's3://bucket/letters.tar?region=eu-west-1'");
  paths_.insert(value(putter, "file", put.file, "FILE|-", "A file, - for standard input")->required());
  value(putter, "url", put.url, "URL", url_text)->required();
  value(putter, "--content-type", put.content_type, "TYPE", "Its media type");
  putter.add_flag("--if-absent", put.if_absent, "Fail rather than replace");
  value(putter, "--connections", put.connections, "N", "Parts sent at a time, to begin with; default: 16")
      ->check(CLI::Range(1, 256));
  size(putter, "--memory", put.memory, "For buffers; default: 64MiB, or 1MiB for each connection");
  size(putter, "--part-size", put.part_size, "Of each part; default: by the file's size");
  size(putter, "--limit-rate", put.limit_rate, "Bytes a second at the most");
  paths_.insert(value(putter, "--journal", put.journal, "FILE", "What is under way; default: in the state folder"));
  putter.add_flag("--no-resume", put.no_resume, "Remember nothing, and leave nothing when it fails");
  putter.add_flag("--restart", put.restart, "Begin anew if the file changed since it was begun");

  CLI::App& maker = command("mb", Command::mb, "Make a bucket",
                            "  docupilot mb s3://bucket\n"
                            "  docupilot mb 's3://bucket?region=eu-west-1'");
  value(maker, "url", arguments_.mb.url, "URL", "SCHEME://BUCKET?endpoint=...&region=...")->required();

  LsArguments& ls = arguments_.ls;
  CLI::App& lister = command("ls", Command::ls, "List the objects of a store: size, time of change, key",
                             "  docupilot ls s3://bucket\n"
                             "  docupilot ls s3://bucket/reports/ --delimiter / --json");
  value(lister, "url", ls.url, "URL", "SCHEME://BUCKET/PREFIX: only keys that begin so")->required();
  value(lister, "--delimiter", ls.delimiter, "TEXT", "Fold keys that go on behind it");

  RmArguments& rm = arguments_.rm;
  CLI::App& remover = command("rm", Command::rm, "Remove objects from a store",
                              "  docupilot rm s3://bucket/reports/2026.txt\n"
                              "  docupilot rm --recursive --dry-run s3://bucket/reports/");
  value(remover, "url", rm.url, "URL", url_text)->required();
  remover.add_flag("-r,--recursive", rm.recursive, "All whose keys begin so");
  remover.add_flag("-n,--dry-run", rm.dry_run, "Only say what would be removed");

  PresignArguments& presign = arguments_.presign;
  CLI::App& presigner =
      command("presign", Command::presign, "Print a URL that gives whoever holds it one object",
              "  docupilot presign s3://bucket/reports/2026.txt\n"
              "  curl -T 2026.txt \"$(docupilot presign --method PUT --expires 1h s3://bucket/2026.txt)\"");
  value(presigner, "url", presign.url, "URL", url_text)->required();
  choose(value(presigner, "--method", presign.method, "GET|PUT", "What it allows; default: GET"), {"GET", "PUT"});
  value(presigner, "--expires", presign.expires, "TIME", "How long it holds, as 90s, 10m, 2h or 7d; default: 10m");
  value(presigner, "--content-type", presign.content_type, "TYPE", "For PUT: the type that must be sent");
}

void Grammar::add_upkeep() {
  RemoveArguments& remove = arguments_.remove;
  CLI::App& remover = command("remove", Command::remove, "Remove documents, their index entries and their bytes",
                              "  docupilot remove report --dry-run\n"
                              "  docupilot remove report");
  words(remover, "ids", remove.ids, "ID ...", "Ids, or 4 or more characters of their front")->required();
  remover.add_flag("-n,--dry-run", remove.dry_run, "Only say what would be removed");

  command("status", Command::status, "Count documents, bytes and unfinished jobs",
          "  docupilot status\n"
          "  docupilot status --json");
  command("resume", Command::resume, "Finish the jobs that an interrupted or killed program left",
          "  docupilot resume\n"
          "  docupilot resume --progress plain --json");
  SweepArguments& sweep = arguments_.sweep;
  CLI::App& sweeper = command("sweep", Command::sweep, "Find what belongs to nothing and put it right",
                              "  docupilot sweep --dry-run\n"
                              "  docupilot sweep\n"
                              "  docupilot sweep s3://bucket --older-than 2h");
  value(sweeper, "url", sweep.url, "URL", "A store: drops what unended puts have sent; default: the library");
  value(sweeper, "--older-than", sweep.older_than, "TIME",
        "Only what is older, as 0, 90s or 7d; default: 1h, of a URL 1d");
  paths_.insert(value(sweeper, "--journal", sweep.journal, "FILE", "Of a URL: as put has it"));
  sweeper.add_flag("-n,--dry-run", arguments_.sweep.dry_run, "Only say what would be done");
  sweeper.add_flag("--no-documents", arguments_.sweep.no_documents,
                   "Remove all objects when there is not one document left");
  command("diagnose", Command::diagnose, "Check every part of the set-up and say how to mend it",
          "  docupilot diagnose\n"
          "  docupilot diagnose --json");
}

void Grammar::add_others() {
  ConfigArguments& config = arguments_.config;
  CLI::App& configurer = command("config", Command::config, "Show the settings in use, or the file they come from",
                                 "  docupilot config show --origin\n"
                                 "  docupilot config path");
  choose(value(configurer, "what", config.what, "show|path", "What to show; default: show"), {"show", "path"});
  configurer.add_flag("--origin", config.origin, "Say where each value comes from");

  CLI::App& completer = command("completion", Command::completion, "Write a script that completes this command",
                                "  docupilot completion bash > docupilot.bash\n"
                                "  docupilot completion zsh > _docupilot\n"
                                "  docupilot completion fish > docupilot.fish");
  choose(value(completer, "shell", arguments_.shell, "bash|zsh|fish", "The shell")->required(),
         {"bash", "zsh", "fish"});
}

ParsedCommandLine Grammar::parse(int argc, const char* const* argv) {
  ParsedCommandLine result;
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) result.json = true;
  }
  try {
    app_.parse(guarded(argc, argv));
  } catch (const CLI::Success& help) {
    const auto chosen = app_.get_subcommands();
    const bool is_version = dynamic_cast<const CLI::CallForVersion*>(&help) != nullptr;
    result.text = is_version ? std::string(help.what()) + '\n' : app_.help();
    if (!is_version && !chosen.empty()) result.text = chosen.front()->help("docupilot");
    return result;
  } catch (const CLI::ParseError& error) {
    const auto chosen = app_.get_subcommands();
    result.exit_code = 2;
    result.text = error.what();
    result.hint =
        fmt::format("docupilot {}--help shows how it is used", chosen.empty() ? "" : chosen.front()->get_name() + ' ');
    return result;
  }
  const std::map<std::string, ProgressMode> modes = {{"auto", ProgressMode::automatic},
                                                     {"bar", ProgressMode::bar},
                                                     {"plain", ProgressMode::plain},
                                                     {"json", ProgressMode::json},
                                                     {"none", ProgressMode::none}};
  arguments_.global.progress = modes.at(progress_);
  arguments_.global.colour = colour_ == "always"  ? ColourMode::always
                             : colour_ == "never" ? ColourMode::never
                                                  : ColourMode::automatic;
  result.arguments = arguments_;
  return result;
}

std::vector<FlagDescription> Grammar::flags_of(const CLI::App& app) const {
  std::vector<FlagDescription> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional()) continue;
    FlagDescription flag;
    for (const std::string& name : option->get_snames()) flag.names.push_back('-' + name);
    for (const std::string& name : option->get_lnames()) flag.names.push_back("--" + name);
    flag.text = option->get_description();
    flag.takes_value = option->get_items_expected_max() > 0;
    flag.takes_path = paths_.contains(option);
    if (const auto found = choices_.find(option); found != choices_.end()) flag.choices = found->second;
    flags.push_back(std::move(flag));
  }
  return flags;
}

CommandTree Grammar::tree() const {
  CommandTree tree;
  tree.flags = flags_of(app_);
  for (const CLI::App* sub : app_.get_subcommands(std::function<bool(const CLI::App*)>())) {
    CommandDescription command;
    command.name = sub->get_name();
    command.text = sub->get_description();
    command.flags = flags_of(*sub);
    for (const CLI::Option* option : sub->get_options()) {
      if (!option->get_positional()) continue;
      if (paths_.contains(option)) command.takes_path = true;
      if (const auto found = choices_.find(option); found != choices_.end()) command.choices = found->second;
    }
    tree.commands.push_back(std::move(command));
  }
  return tree;
}

}  // namespace

ParsedCommandLine parse_command_line(int argc, const char* const* argv) { return Grammar().parse(argc, argv); }

std::string completion_for(const std::string& shell) {
  const CommandTree tree = Grammar().tree();
  return shell == "bash" ? bash_completion(tree) : shell == "zsh" ? zsh_completion(tree) : fish_completion(tree);
}

}  // namespace docupilot_command
