#include "http/process_source.h"

#include <docupilot/base/stream.h>

#include "base/try.h"
#include "base/utf8.h"
#include "crypto/wipe.h"
#include "http/credentials_document.h"
#include "http/redact.h"
#include "process/child_process.h"

namespace docupilot::inline v1::http {

namespace {

constexpr Duration longest_run = Duration::milliseconds(10'000);
constexpr std::uint64_t most_output = 64U << 10U;
constexpr std::uint64_t address_space = 1ULL << 40U;  // as good as none: it is the user's own program

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The first line of what the program complained of, without anything that looks like a secret.
std::string complaint_of(const ChildResult& run) {
  const std::string_view all = run.complaints;
  return escape_controls(Redactor()(all.substr(0, std::min<std::size_t>(all.find('\n'), 200))));
}

}  // namespace

std::optional<std::vector<std::string>> split_command(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && is_blank(c)) {
      in_word = false;
      continue;
    }
    if (!in_word) {
      words.emplace_back();
      in_word = true;
    }
    const char next = i + 1 < line.size() ? line[i + 1] : '\0';
    if (quote == '\'' && c != '\'') {
      words.back() += c;
    } else if (c == '\\' && quote == 0) {
      if (i + 1 == line.size()) return std::nullopt;
      words.back() += line[++i];
    } else if (c == '\\' && quote == '"' && (next == '"' || next == '\\')) {
      words.back() += line[++i];
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return std::nullopt;
  return words;
}

Result<FetchedCredentials> run_credential_process(std::string_view profile, std::string_view line,
                                                  const Context& context) {
  const std::string source = "the credential_process of profile '" + std::string(profile) + "'";
  auto words = split_command(line);
  if (!words || words->empty() || words->front().empty()) {
    return bad_setting(source, "the command line cannot be split", "close its quotes");
  }
  ChildCommand command{.program = find_program(words->front()),
                       .arguments = {words->begin() + 1, words->end()},
                       .time = longest_run,
                       .memory = address_space,
                       .output = most_output,
                       .operation = "credentials",
                       .trusted = true};
  if (command.program.empty()) {
    return bad_setting(source, "there is no program '" + escape_controls(words->front()) + "'", "give its full path");
  }
  MemoryReader nothing({});
  auto run = run_child(command, nothing, context);
  if (!run) return source_failed(source, std::move(run).error());
  if (run->exit_code != 0 || run->output_full) {
    crypto::wipe(run->output);
    const std::string complaint = complaint_of(*run);
    const std::string what = run->output_full      ? "it printed more than 64 KiB"
                             : run->exit_code >= 0 ? "it ended with status " + std::to_string(run->exit_code)
                                                   : "signal " + std::to_string(run->signal) + " ended it";
    return bad_setting(source, complaint.empty() ? what : what + ": " + complaint, "run it by hand to see why");
  }
  auto credentials = parse_credentials_document(run->output, DocumentKind::process);
  crypto::wipe(run->output);
  if (!credentials) return source_failed(source, std::move(credentials).error());
  credentials->source = source;
  return FetchedCredentials{.credentials = *std::move(credentials)};
}

}  // namespace docupilot::inline v1::http
