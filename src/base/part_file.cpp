#include "base/part_file.h"

#include <cerrno>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errno_error.h"
#include "base/safe_name.h"
#include "base/try.h"
#include "crypto/random.h"

namespace docupilot::inline v1 {

namespace {

constexpr int folder_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

}  // namespace

PartFile::PartFile(std::string target) : target_(std::move(target)) {}

PartFile::PartFile(std::string folder, std::string name)
    : target_(std::move(folder)), stranger_(std::move(name)), is_below_(true) {}

PartFile::~PartFile() {
  if (file_ && !kept_) ::unlinkat(folder_.get(), part_.c_str(), 0);
}

Error PartFile::unusable(std::string_view what, std::string_view hint) const {
  return Error(ErrorCode::invalid_argument, std::string(what)).operation("download").target(target_).hint(hint);
}

Result<void> PartFile::find_target() {
  std::error_code error;
  std::filesystem::path path = target_;
  if (const auto real = std::filesystem::canonical(path, error); !error) path = real;
  target_ = path.string();
  name_ = path.filename().string();
  if (name_.empty() || name_ == "." || name_ == "..") return unusable("this is a folder", "name the file to write");
  const std::string above = path.has_parent_path() ? path.parent_path().string() : ".";
  folder_ = FileDescriptor(::open(above.c_str(), folder_flags));
  if (!folder_) return failed("cannot open the folder");
  return {};
}

Result<void> PartFile::find_below() {
  auto parts = safe_components(stranger_);
  if (!parts) return std::move(parts).error().operation("download");
  folder_ = FileDescriptor(::open(target_.c_str(), folder_flags));
  if (!folder_) return failed("cannot open the folder");
  (target_ += target_.ends_with('/') ? "" : "/") += stranger_;
  name_ = parts->back();
  parts->pop_back();
  for (const std::string& part : *parts) {
    if (::mkdirat(folder_.get(), part.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot make a folder");
    FileDescriptor next(::openat(folder_.get(), part.c_str(), folder_flags | O_NOFOLLOW));
    if (!next && (errno == ENOTDIR || errno == ELOOP)) {
      return Error(ErrorCode::permission_denied, "a symbolic link or file is in the place of a folder")
          .operation("download")
          .target(target_)
          .hint("move it away, or choose another folder");
    }
    if (!next) return failed("cannot open a folder");
    folder_ = std::move(next);
  }
  return {};
}

Result<void> PartFile::open() {
  if (target_.empty() || target_.find('\0') != std::string::npos) {
    return unusable("this is not a file name", "name the file to write");
  }
  DOCUPILOT_CHECK(is_below_ ? find_below() : find_target());
  struct stat there{};
  const int flags = is_below_ ? AT_SYMLINK_NOFOLLOW : 0;
  const bool replaces = ::fstatat(folder_.get(), name_.c_str(), &there, flags) == 0;
  if (replaces && S_ISDIR(there.st_mode)) return unusable("this is a folder", "name the file to write");
  if (replaces && S_ISLNK(there.st_mode)) {
    return Error(ErrorCode::permission_denied, "a symbolic link is in the place of the file")
        .operation("download")
        .target(target_)
        .hint("move it away, or choose another folder");
  }
  if (replaces && !S_ISREG(there.st_mode)) {
    return unusable("this is no regular file", "write to standard output and redirect that");
  }
  part_ = name_ + ".part-" + crypto::random_hex(8);
  file_ = FileDescriptor(
      ::openat(folder_.get(), part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_) return failed("cannot make the file");
  if (replaces && ::fchmod(file_.get(), there.st_mode & 0777U) != 0) return failed("cannot set the file's mode");
  return {};
}

Result<void> PartFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("cannot write the file");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> PartFile::keep() {
  if (::fsync(file_.get()) != 0) return failed("cannot make the file durable");
  if (::renameat(folder_.get(), part_.c_str(), folder_.get(), name_.c_str()) != 0) {
    return failed("cannot put the file in its place");
  }
  kept_ = true;
  return {};
}

Error PartFile::failed(std::string_view what) const {
  return errno_error(errno, what).operation("download").target(target_);
}

}  // namespace docupilot::inline v1
