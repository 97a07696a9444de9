#include "base/part_file.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "base/errno_error.h"
#include "crypto/random.h"

namespace docupilot::inline v1 {

PartFile::PartFile(std::string target)
    : target_(std::move(target)), path_(target_ + ".part-" + crypto::random_hex(8)) {}

PartFile::~PartFile() {
  if (file_ && !kept_) ::unlink(path_.c_str());
}

Result<void> PartFile::open() {
  std::error_code error;
  if (target_.empty() || target_.find('\0') != std::string::npos || std::filesystem::is_directory(target_, error)) {
    return Error(ErrorCode::invalid_argument, "this is not a file name")
        .operation("download")
        .target(target_)
        .hint("name the file to write");
  }
  file_ = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  return file_ ? Result<void>() : failed("cannot make the file");
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
