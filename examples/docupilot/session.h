#pragma once

#include <string>
#include <string_view>

#include <docupilot/client.h>

#include "arguments.h"
#include "interrupt.h"
#include "output.h"

namespace docupilot_command {

/// What the exit codes mean; scripts rely on them.
enum ExitCode : int {
  exit_ok = 0,
  exit_error = 1,
  exit_usage = 2,
  exit_not_found = 3,
  exit_permission = 4,
  exit_temporary = 5,
  exit_conflict = 6,
  exit_partial = 7,
  exit_interrupted = 130,
};

[[nodiscard]] int exit_code(docupilot::ErrorCode code) noexcept;

/// One run of the command: what was asked for, where to answer, when to stop.
struct Session {
  const Arguments& arguments;
  Output& output;
  Interrupt& interrupt;
  docupilot::Deadline deadline;

  [[nodiscard]] docupilot::Context context() const { return {.deadline = deadline, .stop = interrupt.token()}; }
  /// What is logged goes to standard error with --verbose, else nowhere.
  [[nodiscard]] docupilot::Hooks hooks() const;
  /// Opens the library that flags, environment and configuration file name, in this order.
  [[nodiscard]] docupilot::Result<docupilot::Client> open() const;
  /// Says what went wrong and returns the exit code for it.
  [[nodiscard]] int fail(const docupilot::Error& error, std::string_view about = {}, bool json_line = true) const;
  /// The flags that name this library again, for hints: " --library ./library".
  [[nodiscard]] std::string library_flags() const;
};

/// The file that is read for settings, whether it is there or not; empty when there is no home folder either.
[[nodiscard]] std::string configuration_file(const GlobalArguments& arguments);
/// Flags > environment > configuration file > "./library", every role named.
[[nodiscard]] docupilot::Result<docupilot::Config> load_configuration(const GlobalArguments& arguments);

/// The document with this id, or the only one whose id begins so (4 characters or more).
/// Errors: not_found; invalid_argument when several begin so.
[[nodiscard]] docupilot::Result<docupilot::Document> find_document(docupilot::Client& client, const std::string& id,
                                                                   const docupilot::Context& context);

int run_ingest(const Session& session);
int run_list(const Session& session);
int run_show(const Session& session);
int run_search(const Session& session);
int run_summarize(const Session& session);
int run_get(const Session& session);
int run_put(const Session& session);
int run_ls(const Session& session);
int run_mb(const Session& session);
int run_rm(const Session& session);
int run_presign(const Session& session);
int run_remove(const Session& session);
int run_status(const Session& session);
int run_resume(const Session& session);
int run_sweep(const Session& session);
int run_sweep_uploads(const Session& session);
int run_diagnose(const Session& session);
int run_config(const Session& session);

}  // namespace docupilot_command
