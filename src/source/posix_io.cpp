#include "source/posix_io.h"

#include <cerrno>
#include <optional>
#include <utility>

#include <unistd.h>

#include "base/errno_error.h"
#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

struct Meaning {
  std::optional<ErrorCode> code;  // none: as for any file
  std::string_view hint;
};

/// What only sources meet, descriptors and sockets above all.
Meaning meaning_of(int number) noexcept {
  switch (number) {
    case ENOENT: return {ErrorCode::not_found, "check the path; a relative one starts at the working directory"};
    case EBADF: return {ErrorCode::invalid_argument, "keep the descriptor open, for reading, until the source is gone"};
    case ENOTCONN: return {ErrorCode::invalid_argument, "connect the socket first"};
    case ENXIO:
    case ENODEV: return {ErrorCode::invalid_argument, "name a regular file"};
    case ECONNRESET:
    case EPIPE: return {ErrorCode::unavailable, "the sender went away before the end: have it sent again"};
    default: return {};
  }
}

}  // namespace

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

Error source_error(int number, std::string_view operation, std::string_view target) {
  const std::string what = "cannot " + std::string(operation) + " the source";
  const auto [code, hint] = meaning_of(number);
  Error error = errno_error(number, what);
  if (code) error = Error(*code, error.message()).hint(hint);
  return std::move(error).operation(operation).backend("file").target(target);
}

Result<void> check_regular(const struct stat& status, std::string_view operation, std::string_view target) {
  std::string_view what = "something other than a file";
  std::string_view hint = "name a regular file";
  switch (status.st_mode & S_IFMT) {
    case S_IFREG: return {};
    case S_IFDIR: what = "a directory", hint = "name a file in it"; break;
    case S_IFIFO: what = "a named pipe", hint = "read it as a stream (in a shell: < FILE)"; break;
    case S_IFSOCK: what = "a socket", hint = "connect to it and read it as a stream"; break;
    case S_IFCHR:
    case S_IFBLK:
      what = "a device", hint = "copy what is wanted of it to a file, or read it as a stream (in a shell: < FILE)";
      break;
    default: break;
  }
  return Error(ErrorCode::invalid_argument, "this is " + std::string(what) + ", not a regular file")
      .operation(operation)
      .backend("file")
      .target(target)
      .hint(hint);
}

Result<void> check_read(MutableByteView into, const Context& context) {
  DOCUPILOT_CHECK(context.check("read"));
  if (into.empty()) {
    return Error(ErrorCode::invalid_argument, "there is no room to read into")
        .operation("read")
        .hint("pass a buffer of at least one byte: a count of 0 means the end");
  }
  return {};
}

}  // namespace docupilot::inline v1
