#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>

namespace docupilot_test {

/// A forked process that runs `work` and tells its text to the parent. Killed, if it still lives, with this object.
class ChildProcess {
 public:
  /// `work` gets a function that sends text to the parent at once.
  using Tell = std::function<void(const std::string&)>;
  explicit ChildProcess(const std::function<void(const Tell&)>& work) {
    int ends[2] = {};
    if (::pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
    std::fflush(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ == 0) {
      ::close(ends[0]);
      work([&](const std::string& text) {
        if (::write(ends[1], text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(3);
      });
      ::_exit(0);
    }
    ::close(ends[1]);
    from_ = ends[0];
  }
  ~ChildProcess() {
    kill();
    ::close(from_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Waits for so many bytes; fewer came when the child ended before.
  std::string read(std::size_t count) {
    std::string text(count, '\0');
    std::size_t filled = 0;
    while (filled < count) {
      const ssize_t got = ::read(from_, text.data() + filled, count - filled);
      if (got <= 0) break;
      filled += static_cast<std::size_t>(got);
    }
    text.resize(filled);
    return text;
  }
  /// Waits for the child's end and returns what it told.
  std::string finish() {
    std::string text;
    for (std::string more = read(4096); !more.empty(); more = read(4096)) text += more;
    wait();
    return text;
  }
  /// SIGKILL, and waits until it has died.
  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    wait();
  }

 private:
  void wait() {
    int status = 0;
    if (pid_ > 0) ::waitpid(pid_, &status, 0);
    pid_ = -1;
  }

  pid_t pid_ = -1;
  int from_ = -1;
};

}  // namespace docupilot_test
