// Runs a client and says what it cost. Small and linked statically, because a process begins with the peak memory of
// the one that starts it: started from an interpreter every client would have "used" the interpreter's.
//
//   upload_launcher --report FILE [--processor N] [--pipe FILE --pipe-processor N] [--pid-file FILE] -- PROGRAM
//   ARGUMENT...
//
// --processor keeps the client, and what it starts, to that processor. --pipe writes the file to its standard input
// through a pipe, from a process on another. --pid-file tells its process id once it runs, for those that kill it.
//
// The report is JSON. user, system, minor_faults, major_faults, voluntary_switches, involuntary_switches and maxrss_kib
// are of the client and the children it waited for (wait4). rss_anon_kib and rss_file_kib are the highest seen of
// RssAnon and RssFile of the client alone, looked at each 2 ms. read_bytes (rchar) and read_calls count what all its
// threads read, written_calls what they wrote, by read and write and their kin, not by recv and send.

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

struct Settings {
  const char* report = nullptr;
  const char* pipe = nullptr;
  const char* pid_file = nullptr;
  int processor = -1;
  int pipe_processor = -1;
  char** command = nullptr;
};

struct Peaks {
  long anon = 0;
  long file = 0;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "upload_launcher: %s: %s\n", what, std::strerror(errno));
  std::exit(125);
}

void keep_to_processor(int processor) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) fail("cannot keep to the processor");
}

double seconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The number behind a name in a file of /proc; -1 when it is not there.
long field(const char* text, const char* name) {
  const char* const at = std::strstr(text, name);
  return at == nullptr ? -1 : std::atol(at + std::strlen(name));
}

bool read_proc(pid_t process, const char* name, char* into, std::size_t size) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", process, name);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t count = ::read(fd, into, size - 1);
  ::close(fd);
  into[count > 0 ? count : 0] = '\0';
  return count > 0;
}

// A process that ended, and is not waited for, has no memory any more: the peaks stay.
void look(pid_t process, Peaks& peaks) {
  char text[4096];
  if (!read_proc(process, "status", text, sizeof text)) return;
  peaks.anon = std::max(peaks.anon, field(text, "RssAnon:"));
  peaks.file = std::max(peaks.file, field(text, "RssFile:"));
}

// Copies the file into the pipe until it ends or nobody reads any more.
[[noreturn]] void feed(const char* path, int into) {
  static char block[256 << 10];
  std::signal(SIGPIPE, SIG_IGN);
  const int from = ::open(path, O_RDONLY | O_CLOEXEC);
  if (from < 0) fail(path);
  for (;;) {
    const ssize_t count = ::read(from, block, sizeof block);
    if (count <= 0) std::_Exit(0);
    for (ssize_t done = 0; done < count;) {
      const ssize_t written = ::write(into, block + done, static_cast<std::size_t>(count - done));
      if (written <= 0) std::_Exit(0);
      done += written;
    }
  }
}

// The client's standard input: the end of a pipe that a process of its own fills.
int feeder(const Settings& settings) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("cannot make a pipe");
  const pid_t process = ::fork();
  if (process < 0) fail("cannot fork");
  if (process == 0) {
    ::close(ends[0]);
    keep_to_processor(settings.pipe_processor);
    feed(settings.pipe, ends[1]);
  }
  ::close(ends[1]);
  return ends[0];
}

pid_t start(const Settings& settings) {
  const int input = settings.pipe == nullptr ? ::open("/dev/null", O_RDONLY | O_CLOEXEC) : feeder(settings);
  const pid_t process = ::fork();
  if (process < 0) fail("cannot fork");
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a client that takes too long ends with the launcher
    ::dup2(input, STDIN_FILENO);
    keep_to_processor(settings.processor);
    ::execvp(settings.command[0], settings.command);
    fail(settings.command[0]);
  }
  ::close(input);
  return process;
}

void write_report(const Settings& settings, int status, double wall, const rusage& used, const Peaks& peaks,
                  const char* io) {
  std::FILE* const out = std::fopen(settings.report, "w");
  if (out == nullptr) fail(settings.report);
  std::fprintf(out,
               "{\"exit\":%d,\"signal\":%d,\"wall\":%.6f,\"user\":%.6f,\"system\":%.6f,\"maxrss_kib\":%ld,"
               "\"rss_anon_kib\":%ld,\"rss_file_kib\":%ld,\"minor_faults\":%ld,\"major_faults\":%ld,"
               "\"voluntary_switches\":%ld,\"involuntary_switches\":%ld,\"read_bytes\":%ld,\"read_calls\":%ld,"
               "\"written_calls\":%ld}\n",
               WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0, wall,
               seconds_of(used.ru_utime), seconds_of(used.ru_stime), used.ru_maxrss, peaks.anon, peaks.file,
               used.ru_minflt, used.ru_majflt, used.ru_nvcsw, used.ru_nivcsw, field(io, "rchar:"), field(io, "syscr:"),
               field(io, "syscw:"));
  if (std::fclose(out) != 0) fail(settings.report);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--") == 0) {
      settings.command = argv + i + 1;
      break;
    }
    if (std::strcmp(argv[i], "--report") == 0) settings.report = argv[i + 1];
    else if (std::strcmp(argv[i], "--pipe") == 0) settings.pipe = argv[i + 1];
    else if (std::strcmp(argv[i], "--pid-file") == 0) settings.pid_file = argv[i + 1];
    else if (std::strcmp(argv[i], "--processor") == 0) settings.processor = std::atoi(argv[i + 1]);
    else if (std::strcmp(argv[i], "--pipe-processor") == 0) settings.pipe_processor = std::atoi(argv[i + 1]);
  }
  if (settings.report == nullptr || settings.command == nullptr) {
    std::fputs("usage: upload_launcher --report FILE [OPTION...] -- PROGRAM [ARGUMENT...]\n", stderr);
    return 125;
  }
  const double begun = seconds_now();
  const pid_t process = start(settings);
  if (settings.pid_file != nullptr) {
    if (std::FILE* const out = std::fopen(settings.pid_file, "w")) {
      std::fprintf(out, "%d\n", process);
      std::fclose(out);
    }
  }
  Peaks peaks;
  siginfo_t ended{};
  for (;;) {  // left to be waited for, so that what it read can be seen when all of it was read
    ended.si_pid = 0;
    if (::waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOHANG | WNOWAIT) != 0) fail("waitid");
    if (ended.si_pid != 0) break;
    look(process, peaks);
    const timespec pause{.tv_sec = 0, .tv_nsec = 2'000'000};
    ::nanosleep(&pause, nullptr);
  }
  const double wall = seconds_now() - begun;
  char io[1024] = "";
  read_proc(process, "io", io, sizeof io);
  int status = 0;
  rusage used{};
  if (::wait4(process, &status, 0, &used) != process) fail("wait4");
  write_report(settings, status, wall, used, peaks, io);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
