#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace docupilot_command {

enum class ProgressMode { automatic, bar, plain, json, none };
enum class ColourMode { automatic, always, never };
enum class Command {
  ingest,
  list,
  show,
  search,
  summarize,
  get,
  put,
  mb,
  ls,
  rm,
  presign,
  remove,
  status,
  resume,
  sweep,
  diagnose,
  config,
  completion
};

/// Flags that every subcommand takes; they may stand before or after its name.
struct GlobalArguments {
  std::string library;
  std::string config;
  std::string profile;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  double timeout = 0;  ///< Seconds; 0: none.
  ProgressMode progress = ProgressMode::automatic;
  ColourMode colour = ColourMode::automatic;
};

struct IngestArguments {
  std::vector<std::string> sources;
  std::string id;
  std::string name;
  std::string title;
  std::string content_type;
  std::string idempotency_key;
  std::vector<std::string> tags;
  std::vector<std::string> attributes;  ///< "key=text" or "key:=json".
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  unsigned jobs = 0;
  bool hidden = false;
  bool follow = false;
  bool no_index = false;
  bool no_summary = false;
  bool force = false;
  bool dry_run = false;
};

struct ListArguments {
  std::string filter;
  std::string order;
  std::size_t limit = 0;  ///< 0: all.
};

struct SearchArguments {
  std::vector<std::string> words;
  std::string filter;
  std::vector<std::string> facets;
  std::size_t limit = 10;
  bool no_typo = false;
};

struct SummarizeArguments {
  std::string what;
  std::size_t sentences = 0;
  std::size_t words = 0;
};

struct PutArguments {
  std::string file;
  std::string url;
  std::string content_type;
  bool if_absent = false;
  unsigned connections = 16;
  std::uint64_t memory = 0;  ///< Bytes; 0: 64 MiB, or 1 MiB for each connection.
  std::uint64_t part_size = 0;
  std::uint64_t limit_rate = 0;  ///< Bytes a second.
  std::string journal;           ///< Default: in the user's state folder.
  bool no_resume = false;
  bool restart = false;
};

struct MbArguments {
  std::string url;
};

struct LsArguments {
  std::string url;
  std::string delimiter;
};

struct RmArguments {
  std::string url;
  bool recursive = false;
  bool dry_run = false;
};

struct PresignArguments {
  std::string url;
  std::string method = "GET";
  std::string expires = "10m";
  std::string content_type;
};

struct GetArguments {
  std::string what;  ///< Id of a document, or URL of an object.
  std::string output;
  unsigned connections = 0;      ///< 0: not given.
  std::uint64_t limit_rate = 0;  ///< Bytes a second; 0: not given.
  bool no_resume = false;
};

struct RemoveArguments {
  std::vector<std::string> ids;
  bool dry_run = false;
};

struct SweepArguments {
  std::string url;         ///< Empty: the library.
  std::string older_than;  ///< Empty: not given.
  std::string journal;
  bool dry_run = false;
  bool no_documents = false;
};

struct ConfigArguments {
  std::string what = "show";
  bool origin = false;
};

/// The command line, read and checked.
struct Arguments {
  Command command = Command::status;
  GlobalArguments global;
  IngestArguments ingest;
  ListArguments list;
  std::string show_id;
  SearchArguments search;
  SummarizeArguments summarize;
  GetArguments get;
  PutArguments put;
  MbArguments mb;
  LsArguments ls;
  RmArguments rm;
  PresignArguments presign;
  RemoveArguments remove;
  SweepArguments sweep;
  ConfigArguments config;
  std::string shell;
};

/// What became of the command line: arguments to run with, or a text to print and an exit code.
struct ParsedCommandLine {
  std::optional<Arguments> arguments;
  std::string text;  ///< Help or version for standard output, or what is wrong.
  std::string hint;  ///< Only when something is wrong.
  int exit_code = 0;
  bool json = false;  ///< Whether `--json` stood anywhere, so that errors can be told the way it asks for.
};

[[nodiscard]] ParsedCommandLine parse_command_line(int argc, const char* const* argv);

/// The script that completes this command in a shell: "bash", "zsh" or "fish".
[[nodiscard]] std::string completion_for(const std::string& shell);

}  // namespace docupilot_command
