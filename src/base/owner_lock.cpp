#include "base/owner_lock.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errno_error.h"
#include "crypto/random.h"

namespace docupilot::inline v1 {

OwnerLock::OwnerLock(std::string folder) : folder_(std::move(folder)), name_(crypto::random_hex(16)) {}

OwnerLock::~OwnerLock() {
  if (fd_ < 0) return;
  if (holder_ == ::getpid()) {
    ::unlink(path_of(name_).c_str());
    ::rmdir(folder_.c_str());  // only when we were the last
  }
  ::close(fd_);
}

Result<void> OwnerLock::hold() {
  const std::lock_guard lock(mutex_);
  if (folder_.empty() || fd_ >= 0) return {};
  const std::string path = path_of(name_);
  // Another holder may leave and take the folder with it, or tidy away our file before it is locked: then once more.
  for (int attempt = 0; attempt < 100; ++attempt) {
    ::mkdir(folder_.c_str(), 0700);
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == ENOENT) continue;
    if (fd < 0) break;
    struct stat held{}, named{};
    if (::flock(fd, LOCK_EX) == 0 && ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino) {
      fd_ = fd;
      holder_ = ::getpid();
      return {};
    }
    ::close(fd);
  }
  return errno_error(errno, "lock the journal").target(path);
}

bool OwnerLock::alive(const std::string& name) const {
  if (name.empty()) return false;
  if (name == name_) return true;
  if (folder_.empty()) return false;
  const int fd = ::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno != ENOENT;
  const bool locked = ::flock(fd, LOCK_SH | LOCK_NB) != 0;  // shared: two who ask do not meet
  ::close(fd);
  return locked;
}

void OwnerLock::tidy() const {
  std::error_code error;
  if (folder_.empty()) return;
  for (std::filesystem::directory_iterator file(folder_, error), end; !error && file != end; file.increment(error)) {
    const std::string path = file->path().string();
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) continue;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
    ::close(fd);
  }
}

}  // namespace docupilot::inline v1
