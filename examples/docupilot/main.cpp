#include <fcntl.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstring>
#include <exception>

#include <docupilot/docupilot.h>
#include <fmt/format.h>

#include "session.h"

namespace {

using namespace docupilot_command;

int run(const Session& session) {
  switch (session.arguments.command) {
    case Command::ingest: return run_ingest(session);
    case Command::list: return run_list(session);
    case Command::show: return run_show(session);
    case Command::search: return run_search(session);
    case Command::summarize: return run_summarize(session);
    case Command::get: return run_get(session);
    case Command::put: return run_put(session);
    case Command::ls: return run_ls(session);
    case Command::mb: return run_mb(session);
    case Command::rm: return run_rm(session);
    case Command::presign: return run_presign(session);
    case Command::remove: return run_remove(session);
    case Command::status: return run_status(session);
    case Command::resume: return run_resume(session);
    case Command::sweep: return run_sweep(session);
    case Command::diagnose: return run_diagnose(session);
    case Command::config: return run_config(session);
    case Command::completion:
      session.output.bytes(docupilot::as_bytes(completion_for(session.arguments.shell)));
      return exit_ok;
  }
  return exit_error;
}

int usage_error(const ParsedCommandLine& parsed) {
  GlobalArguments global;
  global.json = parsed.json;
  Output output(global);
  output.error(docupilot::Error(docupilot::ErrorCode::invalid_argument, parsed.text).hint(parsed.hint));
  return parsed.exit_code;
}

/// A standard stream that was closed would be the next file opened: it gets one that can be neither read nor written.
void keep_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      _exit(exit_error);
  }
}

/// Ends as a program does whose reader went away.
[[noreturn]] void die_of_broken_pipe() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
  _exit(exit_error);
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  std::setlocale(LC_CTYPE, "");
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is noticed by writing, and jobs still end in order
  const ParsedCommandLine parsed = parse_command_line(argc, argv);
  if (!parsed.arguments && parsed.exit_code != 0) return usage_error(parsed);

  int code = exit_ok;
  bool broken_pipe = false;
  {
    Output output(parsed.arguments ? parsed.arguments->global : GlobalArguments());
    if (parsed.arguments) {
      try {
        Interrupt interrupt;
        const double timeout = parsed.arguments->global.timeout;
        const docupilot::Deadline deadline =
            timeout > 0 ? docupilot::Deadline::after(docupilot::Duration::from_seconds(timeout))
                        : docupilot::Deadline();
        code = run({*parsed.arguments, output, interrupt, deadline});
      } catch (const std::exception& failure) {
        output.error(docupilot::Error(docupilot::ErrorCode::internal, failure.what()));
        code = exit_error;
      }
    } else {
      output.bytes(docupilot::as_bytes(parsed.text));
    }
    output.end_progress();
    output.flush();
    broken_pipe = output.broken_pipe();
    if (output.write_error() != 0 && code == exit_ok) {
      output.complaint(fmt::format("docupilot: cannot write the result: {}", std::strerror(output.write_error())));
      code = exit_error;
    }
  }
  if (broken_pipe) die_of_broken_pipe();
  return code;
}
