#include "base/errno_error.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace docupilot::inline v1 {

namespace {

struct Meaning {
  ErrorCode code;
  std::string_view hint;
};

Meaning meaning_of(int error) noexcept {
  switch (error) {
    case ENOENT: return {ErrorCode::not_found, "check the path"};
    case EEXIST: return {ErrorCode::already_exists, "choose another name or remove what is there"};
    case ENOSPC: return {ErrorCode::exhausted, "free space or inodes on this file system, then try again"};
    case EDQUOT: return {ErrorCode::exhausted, "free space or raise the disk quota, then try again"};
    case ENOMEM: return {ErrorCode::exhausted, "free memory, then try again"};
    case EMFILE: return {ErrorCode::exhausted, "close files or raise the limit of open files (ulimit -n)"};
    case ENFILE: return {ErrorCode::exhausted, "close files or raise the system's limit of open files (fs.file-max)"};
    case ENOLCK: return {ErrorCode::exhausted, "the system has no more file locks; close programs that hold some"};
    case EROFS: return {ErrorCode::permission_denied, "mount the file system for writing or choose another folder"};
    case EACCES:
    case EPERM: return {ErrorCode::permission_denied, "check the owner and the mode of the path and its folders"};
    case EFBIG: return {ErrorCode::too_large, "raise the file size limit (ulimit -f) or use another file system"};
    case EOVERFLOW: return {ErrorCode::too_large, "the file is larger than this program can handle"};
    case ENAMETOOLONG: return {ErrorCode::invalid_argument, "use a shorter path"};
    case ELOOP: return {ErrorCode::invalid_argument, "replace the symbolic link in the path by what it points to"};
    case ENOTDIR: return {ErrorCode::invalid_argument, "a part of the path is a file where a folder has to be"};
    case EISDIR: return {ErrorCode::invalid_argument, "the path names a folder where a file has to be"};
    case EINVAL: return {ErrorCode::invalid_argument, "this file system does not accept the call or the name"};
    case ENOTSUP:
    case ENOSYS: return {ErrorCode::unsupported, "use another file system"};
    case EBUSY:
    case ETXTBSY:
    case ENOTEMPTY: return {ErrorCode::conflict, "somebody else is using it; try again later"};
    case EAGAIN:
    case EINTR:
    case ESTALE: return {ErrorCode::unavailable, "try again later"};
    case ETIMEDOUT: return {ErrorCode::timeout, "check the network file system"};
    case EIO: return {ErrorCode::internal, "the device reports a fault: check the system log and the disk"};
    default: return {ErrorCode::internal, ""};
  }
}

}  // namespace

Error errno_error(int error, std::string_view what) {
  const Meaning meaning = meaning_of(error);
  return Error(meaning.code, std::string(what) + ": " + std::generic_category().message(error)).hint(meaning.hint);
}

}  // namespace docupilot::inline v1
