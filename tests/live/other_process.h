#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace docupilot_test {

/// Another program, which dies with this object. What it says goes to the end of a file.
class OtherProcess {
 public:
  /// `environment`: "NAME=value", all that it gets.
  OtherProcess(std::vector<std::string> command, std::vector<std::string> environment, const std::string& says) {
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, says.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    const int failed = ::posix_spawn(&pid_, command.front().c_str(), &files, nullptr, pointers(command).data(),
                                     pointers(environment).data());
    ::posix_spawn_file_actions_destroy(&files);
    if (failed != 0) throw std::runtime_error("cannot start " + command.front());
    handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (handle_ < 0) throw std::runtime_error("cannot watch " + command.front());
  }
  ~OtherProcess() {
    static_cast<void>(kill());
    ::close(handle_);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  /// Its exit status if it ends by itself in that time.
  std::optional<int> wait(std::chrono::nanoseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timespec until{.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
    pollfd one{.fd = handle_, .events = POLLIN, .revents = 0};
    if (::ppoll(&one, 1, &until, nullptr) != 1) return std::nullopt;
    return reap();
  }
  /// SIGKILL, and waits until it has died. Its exit status if it had ended before.
  std::optional<int> kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    return reap();
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  }
  std::optional<int> reap() {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(std::exchange(pid_, -1), &status, 0) < 0) return std::nullopt;
    return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
  }

  pid_t pid_ = -1;
  int handle_ = -1;
};

}  // namespace docupilot_test
