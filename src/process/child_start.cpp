#include "process/child_start.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/errno_error.h"
#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

struct Pair {
  FileDescriptor ours;
  FileDescriptor theirs;
};

[[maybe_unused]] void set_close_on_exec(int fd) noexcept { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }  // NOLINT

/// A socket pair rather than pipes: a reader that goes away is then an error of ours to handle, not a SIGPIPE of the
/// host.
Result<Pair> make_pair_of_sockets() {
  std::array<int, 2> fds{};
#ifdef SOCK_CLOEXEC
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0)
    return errno_error(errno, "cannot make a socket pair");
#else
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()) != 0) return errno_error(errno, "cannot make a socket pair");
  set_close_on_exec(fds[0]);
  set_close_on_exec(fds[1]);
#endif
  Pair pair{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
#ifdef SO_NOSIGPIPE
  const int on = 1;
  ::setsockopt(fds[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  if (::fcntl(fds[0], F_SETFL, ::fcntl(fds[0], F_GETFL) | O_NONBLOCK) != 0)
    return errno_error(errno, "cannot set up a socket");  // NOLINT
  return pair;
}

Result<Pair> make_pipe(bool non_blocking) {
  std::array<int, 2> fds{};
#ifdef __linux__
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return errno_error(errno, "cannot make a pipe");
#else
  if (::pipe(fds.data()) != 0) return errno_error(errno, "cannot make a pipe");
  set_close_on_exec(fds[0]);
  set_close_on_exec(fds[1]);
#endif
  if (non_blocking) ::fcntl(fds[0], F_SETFL, ::fcntl(fds[0], F_GETFL) | O_NONBLOCK);  // NOLINT
  return Pair{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

/// All that the child needs, made before the fork: after it only async-signal-safe calls are allowed, since another
/// thread of the host may have held any lock.
struct Launch {
  const char* program;
  char* const* arguments;
  char* const* environment;
  std::array<int, 3> streams;
  int report;        // takes errno when the program cannot be run
  rlim_t memory;     // bytes
  rlim_t seconds;    // of processor time
  bool may_write;    // files
  sigset_t signals;  // the thread's own, to be put back
  pid_t parent;
};

void limit(int what, rlim_t value, rlim_t most) noexcept {
  const rlimit both{value, most};
#ifdef __GLIBC__
  ::setrlimit(static_cast<__rlimit_resource>(what), &both);
#else
  ::setrlimit(what, &both);
#endif
}

void close_other_descriptors(int kept) noexcept {
#if defined(__linux__) && defined(SYS_close_range)
  const auto first = static_cast<unsigned>(kept) + 1;
  const bool done = (kept == 3 || ::syscall(SYS_close_range, 3U, static_cast<unsigned>(kept) - 1, 0U) == 0) &&
                    ::syscall(SYS_close_range, first, ~0U, 0U) == 0;
  if (done) return;
#endif
  rlimit open_files{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &open_files) == 0 && open_files.rlim_cur < 65536;
  const int end = known ? static_cast<int>(open_files.rlim_cur) : 65536;
  for (int fd = 3; fd < end; ++fd) {
    if (fd != kept) ::close(fd);
  }
}

[[noreturn]] void become_program(const Launch& launch) noexcept {
  ::setpgid(0, 0);
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the thread that waits is the parent: when it goes, nobody reads the output
  if (::getppid() != launch.parent) ::_exit(127);
#endif
  // The pipes' own numbers may be 0, 1 or 2 in a host that closed these: move them out of the way first.
  std::array<int, 3> streams = launch.streams;
  for (int& fd : streams) {
    if (fd < 3) fd = ::fcntl(fd, F_DUPFD, 3);  // NOLINT
  }
  int report = launch.report;
  if (report < 3) report = ::fcntl(report, F_DUPFD_CLOEXEC, 3);  // NOLINT
  for (int i = 0; i < 3; ++i) ::dup2(streams[static_cast<std::size_t>(i)], i);
  close_other_descriptors(report);

  limit(RLIMIT_AS, launch.memory, launch.memory);
  limit(RLIMIT_CPU, launch.seconds,
        launch.seconds + 5);  // at the first SIGXCPU, which tells why; at the second SIGKILL
  if (!launch.may_write) limit(RLIMIT_FSIZE, 0, 0);
  limit(RLIMIT_CORE, 0, 0);
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(launch.program, launch.arguments, launch.environment);
  const int code = errno;
  [[maybe_unused]] const ssize_t written = ::write(report, &code, sizeof code);
  ::_exit(127);
}

/// Next to nothing: the host's environment may hold secrets, and the program reads what a stranger wrote.
std::vector<std::string> bare_environment() {
  std::vector<std::string> environment{"LC_ALL=C"};
  for (const char* name : {"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"}) {
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + '=' + value);  // NOLINT
  }
  return environment;
}

std::vector<std::string> whole_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

StartedChild::~StartedChild() {
  int exit_code = 0;
  int signal = 0;
  collect(exit_code, signal);
}

bool StartedChild::has_exited() const noexcept {
  siginfo_t about{};
  const int status = ::waitid(P_PID, static_cast<id_t>(id_), &about, WEXITED | WNOHANG | WNOWAIT);
  if (status != 0) return errno == ECHILD;  // the host ignores SIGCHLD, or waits for any child
  return about.si_pid == id_;
}

void StartedChild::collect(int& exit_code, int& signal) noexcept {
  if (id_ < 0) return;
  const pid_t id = std::exchange(id_, -1);
  input.reset();
  output.reset();
  errors.reset();
  ::kill(-id, SIGKILL);  // a child that has ended keeps its exit code; the group has its id until it is collected
  int status = 0;
  pid_t got = 0;
  do got = ::waitpid(id, &status, 0);
  while (got < 0 && errno == EINTR);
  exit_code = got == id && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  signal = got == id && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

Result<StartedChild> start_child(const ChildCommand& command) {
  DOCUPILOT_TRY(Pair input, make_pair_of_sockets());
  DOCUPILOT_TRY(Pair output, make_pipe(true));
  DOCUPILOT_TRY(Pair errors, make_pipe(true));
  DOCUPILOT_TRY(Pair report, make_pipe(false));
  std::vector<std::string> argument_texts{command.program};
  argument_texts.insert(argument_texts.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment_texts = command.trusted ? whole_environment() : bare_environment();
  const std::vector<char*> arguments = pointers(argument_texts);
  const std::vector<char*> environment = pointers(environment_texts);
  Launch launch{command.program.c_str(),
                arguments.data(),
                environment.data(),
                {input.theirs.get(), output.theirs.get(), errors.theirs.get()},
                report.theirs.get(),
                static_cast<rlim_t>(command.memory),
                static_cast<rlim_t>(command.time.nanoseconds() / 1'000'000'000 + 2),
                command.trusted,
                {},
                ::getpid()};

  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &launch.signals);  // no handler of the host may run in the child
  const pid_t id = ::fork();
  const int fork_error = errno;
  if (id == 0) become_program(launch);
  ::pthread_sigmask(SIG_SETMASK, &launch.signals, nullptr);
  if (id < 0) return errno_error(fork_error, "cannot start a process");
  ::setpgid(id, id);  // here as well, so that it is done before the group is ever signalled
  StartedChild child(id, std::move(input.ours), std::move(output.ours), std::move(errors.ours));

  report.theirs.reset();
  int code = 0;
  ssize_t count = 0;
  do count = ::read(report.ours.get(), &code, sizeof code);
  while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof code)) {
    return Error(ErrorCode::unsupported,
                 "'" + command.program + "' cannot be run: " + std::system_category().message(code))
        .hint("check that it is a program for this machine that may be executed");
  }
  return child;
}

}  // namespace docupilot::inline v1
