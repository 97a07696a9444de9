#include <docupilot/source/source.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/try.h"
#include "source/file_source.h"
#include "source/posix_io.h"
#include "source/stream_source.h"

namespace docupilot::inline v1 {

namespace {

/// How long one poll may last, so that a stop request is seen in time.
constexpr int most_milliseconds = 50;

/// What the system allows anybody. With its default of 64 KiB, whoever fills a pipe and who empties it wait for each
/// other all the time.
constexpr int largest_pipe = 1 << 20;

class PipeSource final : public StreamSource {
 public:
  PipeSource(int fd, bool is_socket, std::string name)
      : StreamSource(std::move(name)), fd_(fd), is_socket_(is_socket) {}

  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }

  Result<std::size_t> read(MutableByteView into, const Context& context) override {
    for (;;) {
      DOCUPILOT_CHECK(check_read(into, context));
      if (ended_) return std::size_t{0};
      // Who fills a drained pipe holds its lock for most of the time, and the system waits for that busily. Whatever
      // else can run on this processor goes first.
      if (std::exchange(is_drained_, false)) std::this_thread::yield();
      DOCUPILOT_TRY(const bool ready, wait(context));
      if (!ready) continue;
      const ssize_t count =
          is_socket_ ? ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT) : ::read(fd_, into.data(), into.size());
      if (count >= 0) {
        ended_ = count == 0;
        is_drained_ = !is_socket_ && static_cast<std::size_t>(count) < into.size();
        return static_cast<std::size_t>(count);
      }
      if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return source_error(errno, "read", name());
    }
  }

 private:
  /// True when there is something to read: bytes, the end or an error.
  [[nodiscard]] Result<bool> wait(const Context& context) const {
    const std::int64_t left = context.deadline.remaining().nanoseconds() / 1'000'000;
    const int milliseconds = static_cast<int>(std::min<std::int64_t>(left, most_milliseconds - 1)) + 1;
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    const int count = ::poll(&entry, 1, milliseconds);
    if (count < 0 && errno != EINTR) return source_error(errno, "read", name());
    if (count > 0 && (entry.revents & POLLNVAL) != 0) return source_error(EBADF, "read", name());
    return count > 0;
  }

  int fd_;
  bool is_socket_;
  bool ended_ = false;
  bool is_drained_ = false;  // it had less than was asked for
};

Error refused(std::string message, const std::string& name, std::string_view hint) {
  return Error(ErrorCode::invalid_argument, std::move(message))
      .operation("open")
      .backend("file")
      .target(name)
      .hint(hint);
}

/// The path the system knows for the descriptor; never empty, because an identity needs one.
std::string path_of(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::error_code failed;
  const auto path = std::filesystem::read_symlink(link, failed);
  return failed ? link : path.string();
}

}  // namespace

Result<std::unique_ptr<Source>> fd_source(int fd, std::string name) {
  struct stat status{};
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fstat(fd, &status) != 0) return source_error(errno, "open", name);
  if ((flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH) != 0) {
    return refused("the descriptor is not open for reading", name, "open it with O_RDONLY");
  }
  if (S_ISREG(status.st_mode)) {
    const off_t start = ::lseek(fd, 0, SEEK_CUR);
    if (start < 0) return source_error(errno, "open", name);
    return std::make_unique<FileSource>(UniqueFd(), fd, static_cast<std::uint64_t>(start),
                                        static_cast<std::uint64_t>(status.st_size), path_of(fd), std::move(name));
  }
  if (S_ISSOCK(status.st_mode)) {
    int type = 0;
    socklen_t length = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return source_error(errno, "open", name);
    if (type != SOCK_STREAM) {
      return refused("the socket carries messages, not a stream of bytes", name, "use a socket of type SOCK_STREAM");
    }
    return std::make_unique<PipeSource>(fd, true, std::move(name));
  }
  if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    ::fcntl(fd, F_SETPIPE_SZ, largest_pipe);  // refused for a device, or beyond the user's limit: then it is slower
    return std::make_unique<PipeSource>(fd, false, std::move(name));
  }
  DOCUPILOT_CHECK(check_regular(status, "open", name));
  return refused("the descriptor is no file, pipe or socket", name, "hand over one of these");
}

}  // namespace docupilot::inline v1
