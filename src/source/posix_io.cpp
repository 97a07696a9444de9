#include "source/posix_io.h"

#include <cerrno>
#include <system_error>

#include <unistd.h>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

struct Meaning {
  ErrorCode code;
  std::string_view hint;
};

Meaning meaning_of(int number) noexcept {
  switch (number) {
    case ENOENT:
    case ENOTDIR: return {ErrorCode::not_found, "check the path; a relative one starts at the working directory"};
    case EACCES:
    case EPERM: return {ErrorCode::permission_denied, "give this user the right to read it and to enter its folders"};
    case EMFILE: return {ErrorCode::exhausted, "close files, read fewer at a time or raise the limit (ulimit -n)"};
    case ENFILE: return {ErrorCode::exhausted, "the whole system has too many files open: close some"};
    case ENOMEM: return {ErrorCode::exhausted, "free memory and go on"};
    case ELOOP: return {ErrorCode::invalid_argument, "symbolic links lead in a circle: mend them"};
    case ENAMETOOLONG: return {ErrorCode::invalid_argument, "use a shorter path"};
    case EBADF: return {ErrorCode::invalid_argument, "keep the descriptor open, for reading, until the source is gone"};
    case EISDIR: return {ErrorCode::invalid_argument, "name a file in it"};
    case ENOTCONN: return {ErrorCode::invalid_argument, "connect the socket first"};
    case ENXIO:
    case ENODEV: return {ErrorCode::invalid_argument, "name a regular file"};
    case EAGAIN:
    case EBUSY: return {ErrorCode::unavailable, "another program holds it: try again later"};
    case ESTALE:
    case ETIMEDOUT:
    case EHOSTDOWN: return {ErrorCode::unavailable, "the file server is out of reach: try again later"};
    case ECONNRESET:
    case EPIPE: return {ErrorCode::unavailable, "the sender went away before the end: have it sent again"};
    case EIO: return {ErrorCode::internal, "the disk could not deliver it: see the system log, and try a copy"};
    default: return {ErrorCode::internal, "see the system log"};
  }
}

}  // namespace

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

Error source_error(int number, std::string_view operation, std::string_view target) {
  const auto [code, hint] = meaning_of(number);
  return Error(code, std::generic_category().message(number))
      .operation(operation)
      .backend("file")
      .target(target)
      .hint(hint);
}

Result<void> check_regular(const struct stat& status, std::string_view operation, std::string_view target) {
  std::string_view what = "something other than a file";
  std::string_view hint = "name a regular file";
  switch (status.st_mode & S_IFMT) {
    case S_IFREG: return {};
    case S_IFDIR: what = "a directory", hint = "name a file in it"; break;
    case S_IFIFO: what = "a named pipe", hint = "open it and hand the descriptor to fd_source"; break;
    case S_IFSOCK: what = "a socket", hint = "connect to it and hand the descriptor to fd_source"; break;
    case S_IFCHR:
    case S_IFBLK:
      what = "a device", hint = "copy what is wanted of it to a file, or hand a descriptor to fd_source";
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
