#include "store/local_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "base/try.h"
#include "store/local_io.h"

namespace docupilot::inline v1 {

namespace {

// FNV-1a, folded to one of 256 file names.
std::string lock_name(std::string_view key) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::uint32_t hash = 2166136261U;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  hash ^= hash >> 16U;
  return {digits[(hash >> 4U) & 15U], digits[hash & 15U]};
}

}  // namespace

Result<LocalLock> LocalLock::take(LocalFolder& folder, std::string_view key, const StoreCall& call) {
  UnsyncedFolders need_not_last;
  DOCUPILOT_TRY(const FileDescriptor parent, folder.make_folder(LocalNames{"locks"}, need_not_last, call));
  FileDescriptor fd(::openat(parent.get(), lock_name(key).c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd) return system_error(call, errno, "cannot open a lock file");
  auto pause = std::chrono::microseconds(50);
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error(call, errno, "cannot lock the key");
    DOCUPILOT_CHECK(call.check());
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::microseconds>(pause * 2, std::chrono::milliseconds(10));
  }
  return LocalLock(std::move(fd));
}

LocalLock::~LocalLock() {
  if (fd_) ::flock(fd_.get(), LOCK_UN);  // closing is not enough when a child process has inherited the descriptor
}

}  // namespace docupilot::inline v1
