#include "faults/failing_disk.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>

#include <sys/syscall.h>
#include <unistd.h>

namespace docupilot_test {

namespace {

struct Plan {
  bool armed = false;
  FailingDisk::Call call = FailingDisk::Call::write;
  std::string path;
  int error = 0, times = 0, after = 0, fired = 0;
};

std::mutex mutex;
Plan& plan() {
  static Plan one;
  return one;
}

/// Whether this call is to fail; sets errno.
bool fails(FailingDisk::Call call, int fd) {
  const std::lock_guard lock(mutex);
  Plan& now = plan();
  if (!now.armed || now.call != call) return false;
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const auto size = ::readlink(link.c_str(), path.data(), path.size());
  if (size < 0 || std::string_view(path.data(), static_cast<std::size_t>(size)).find(now.path) == std::string::npos) {
    return false;
  }
  if (now.after-- > 0 || now.times-- <= 0) return false;
  ++now.fired;
  errno = now.error;
  return true;
}

}  // namespace

FailingDisk::FailingDisk(Call call, std::string path_holds, int error, int times, int after) {
  const std::lock_guard lock(mutex);
  plan() = {.armed = true, .call = call, .path = std::move(path_holds), .error = error, .times = times, .after = after};
}

FailingDisk::~FailingDisk() {
  const std::lock_guard lock(mutex);
  plan().armed = false;
}

int FailingDisk::fired() {
  const std::lock_guard lock(mutex);
  return plan().fired;
}

}  // namespace docupilot_test

using docupilot_test::FailingDisk;

// SQLite, which is linked dynamically, finds these before those of the C library.
extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t at) {
  if (docupilot_test::fails(FailingDisk::Call::write, fd)) return -1;
  return ::syscall(SYS_pwrite64, fd, bytes, count, at);
}
extern "C" ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }
extern "C" int fsync(int fd) {
  if (docupilot_test::fails(FailingDisk::Call::sync, fd)) return -1;
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
extern "C" int fdatasync(int fd) {
  if (docupilot_test::fails(FailingDisk::Call::sync, fd)) return -1;
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}
