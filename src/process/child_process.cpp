#include "process/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/try.h"
#include "process/child_start.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t most_complaints = 4096;
constexpr std::size_t tail_size = 1024;
constexpr int poll_milliseconds = 100;

#ifdef MSG_NOSIGNAL
constexpr int send_flags = MSG_NOSIGNAL;
#else
constexpr int send_flags = 0;  // the socket has SO_NOSIGPIPE instead
#endif

/// Feeds the child and collects what it writes, all in the calling thread.
class Conversation {
 public:
  Conversation(const ChildCommand& command, Reader& input, const Context& context, StartedChild& child)
      : command_(command), input_(input), context_(context), child_(child), deadline_(Deadline::after(command.time)) {}

  Result<void> run();
  ChildResult result;

 private:
  Result<void> feed();
  Result<void> refill();
  void drain(FileDescriptor& from, std::string& into, std::size_t limit, bool& full);
  [[nodiscard]] Result<void> check() const;
  Result<void> wait_for_exit();

  const ChildCommand& command_;
  Reader& input_;
  const Context& context_;
  StartedChild& child_;
  Deadline deadline_;
  std::string buffer_ = std::string(64U << 10U, '\0');
  std::size_t buffered_ = 0;
  std::size_t sent_ = 0;
};

Result<void> Conversation::check() const {
  DOCUPILOT_CHECK(context_.check(command_.operation));
  if (!deadline_.expired()) return {};
  return Error(ErrorCode::timeout,
               "the program was still running after " + std::to_string(command_.time.nanoseconds() / 1'000'000) + " ms")
      .retryable(false);
}

Result<void> Conversation::refill() {
  const Duration left = deadline_.remaining();
  DOCUPILOT_TRY(buffered_, input_.read({reinterpret_cast<std::byte*>(buffer_.data()), buffer_.size()}, context_));
  deadline_ = Deadline::after(left);  // the program is not to blame for a slow reader
  sent_ = 0;
  result.input_tail.append(buffer_, buffered_ - std::min(buffered_, tail_size), std::min(buffered_, tail_size));
  if (result.input_tail.size() > tail_size) result.input_tail.erase(0, result.input_tail.size() - tail_size);
  if (buffered_ == 0) child_.input.reset();
  return {};
}

Result<void> Conversation::feed() {
  if (sent_ == buffered_) DOCUPILOT_CHECK(refill());
  if (!child_.input) return {};
  const ssize_t count = ::send(child_.input.get(), buffer_.data() + sent_, buffered_ - sent_, send_flags);
  if (count >= 0) sent_ += static_cast<std::size_t>(count);
  else if (errno != EAGAIN && errno != EINTR) child_.input.reset();  // it does not want to read on: its own affair
  return {};
}

void Conversation::drain(FileDescriptor& from, std::string& into, std::size_t limit, bool& full) {
  std::array<char, 64U << 10U> chunk;
  const ssize_t count = ::read(from.get(), chunk.data(), chunk.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return from.reset();
  const std::size_t taken = std::min(static_cast<std::size_t>(count), limit - into.size());
  into.append(chunk.data(), taken);
  full = full || taken < static_cast<std::size_t>(count);
}

Result<void> Conversation::wait_for_exit() {
  // It has closed its output, so it is about to end; a program that lingers is asked about at growing intervals.
  for (int pause = 0; !child_.has_exited(); pause = std::min(pause + 1, 50)) {
    DOCUPILOT_CHECK(check());
    ::poll(nullptr, 0, pause);
  }
  return {};
}

Result<void> Conversation::run() {
  bool complaints_full = false;
  while (child_.output || child_.errors) {
    DOCUPILOT_CHECK(check());
    std::array<pollfd, 3> wait{{{child_.output.get(), POLLIN, 0},
                                {child_.errors.get(), POLLIN, 0},
                                {child_.input.get(), POLLOUT, 0}}};  // closed ones are -1, which poll leaves out
    if (::poll(wait.data(), wait.size(), poll_milliseconds) <= 0) continue;
    if (wait[0].revents != 0) drain(child_.output, result.output, command_.output, result.output_full);
    if (wait[1].revents != 0) drain(child_.errors, result.complaints, most_complaints, complaints_full);
    if (result.output_full) return {};
    if (wait[2].revents != 0) DOCUPILOT_CHECK(feed());
  }
  return wait_for_exit();
}

}  // namespace

std::string find_program(const std::string& program) {
  if (program.empty()) return {};
  if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0 ? program : "";
  const char* path = std::getenv("PATH");  // NOLINT: read once a PDF, as every shell does
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    // An empty or relative folder would run whatever lies in the current one.
    std::string candidate(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    if (!candidate.starts_with('/')) continue;
    candidate += '/' + program;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

Result<ChildResult> run_child(const ChildCommand& command, Reader& input, const Context& context) {
  DOCUPILOT_TRY(StartedChild child, start_child(command));
  Conversation conversation(command, input, context, child);
  auto ended = conversation.run();
  if (!ended) return std::move(ended).error();  // the child's destructor ends it
  ChildResult result = std::move(conversation.result);
  child.collect(result.exit_code, result.signal);
  return result;
}

}  // namespace docupilot::inline v1
