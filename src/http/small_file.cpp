#include "http/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_error.h"
#include "base/file_descriptor.h"
#include "crypto/wipe.h"

namespace docupilot::inline v1::http {

Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t limit) {
  const auto failed = [&](int code) {
    Error error = errno_error(code, "cannot read the file");
    return Error(std::move(error).operation("read file").target(path));
  };
  const FileDescriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // NOLINT: a named pipe fails, not hangs
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>();
  if (!file) return failed(errno);
  std::string text(limit + 1, '\0');  // of its full size at once, so that no piece of a secret stays behind
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int code = errno;
      crypto::wipe(text);
      return failed(code);
    }
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > limit) {
    crypto::wipe(text);
    return Error(ErrorCode::too_large, "the file has more than " + std::to_string(limit) + " bytes")
        .operation("read file")
        .target(path);
  }
  text.resize(size);
  return std::optional<std::string>(std::move(text));
}

}  // namespace docupilot::inline v1::http
