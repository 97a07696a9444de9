#include "base/part_file.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errno_error.h"
#include "crypto/random.h"

namespace docupilot::inline v1 {

PartFile::PartFile(std::string target) : target_(std::move(target)) {}

PartFile::~PartFile() {
  if (file_ && !kept_) ::unlink(path_.c_str());
}

Result<void> PartFile::open() {
  const auto unusable = [&](std::string_view what, std::string_view hint) {
    return Error(ErrorCode::invalid_argument, std::string(what)).operation("download").target(target_).hint(hint);
  };
  if (target_.empty() || target_.find('\0') != std::string::npos) {
    return unusable("this is not a file name", "name the file to write");
  }
  std::error_code error;
  if (const auto real = std::filesystem::canonical(target_, error); !error) target_ = real.string();
  struct stat there{};
  const bool replaces = ::stat(target_.c_str(), &there) == 0;
  if (replaces && S_ISDIR(there.st_mode)) return unusable("this is a folder", "name the file to write");
  if (replaces && !S_ISREG(there.st_mode)) {
    return unusable("this is no regular file", "write to standard output and redirect that");
  }
  path_ = target_ + ".part-" + crypto::random_hex(8);
  file_ = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
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
  if (::rename(path_.c_str(), target_.c_str()) != 0) return failed("cannot put the file in its place");
  kept_ = true;
  return {};
}

Error PartFile::failed(std::string_view what) const {
  return errno_error(errno, what).operation("download").target(target_);
}

}  // namespace docupilot::inline v1
