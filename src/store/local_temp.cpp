#include "store/local_temp.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/try.h"
#include "crypto/random.h"
#include "store/local_directory.h"

namespace docupilot::inline v1 {

namespace {

LocalNames tmp_folder() { return {"tmp"}; }
constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// Removes a file, or a folder with the files in it; deeper there is nothing.
void remove_entry(int parent, const std::string& name) noexcept {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || (errno != EISDIR && errno != EPERM)) return;
  const FileDescriptor fd(::openat(parent, name.c_str(), folder_flags));
  if (!fd) return;
  const Context context;
  const StoreCall call{"file", "sweep", name, context};
  // What cannot be read or removed stays for the next sweep.
  static_cast<void>(visit_directory(fd.get(), call, [&](const std::string& inner, unsigned char) {
    ::unlinkat(fd.get(), inner.c_str(), 0);
    return Result<void>();
  }));
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

bool is_linked(int fd) noexcept {
  struct stat status = {};
  return ::fstat(fd, &status) == 0 && status.st_nlink > 0;
}

Result<std::vector<std::string>> sweep_session(int fd, std::int64_t before, bool dry_run, const StoreCall& call) {
  std::vector<std::string> names;
  DOCUPILOT_CHECK(visit_directory(fd, call, [&](const std::string& name, unsigned char) -> Result<void> {
    struct stat status = {};
    if (::fstatat(fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || modified_ns(status) > before) return {};
    if (!dry_run) remove_entry(fd, name);
    names.push_back(name);
    return call.check();
  }));
  return names;
}

}  // namespace

LocalSession::LocalSession(FileDescriptor tmp, FileDescriptor fd, std::string name)
    : tmp_(std::move(tmp)), fd_(std::move(fd)), name_(std::move(name)), owner_(::getpid()) {}

Result<std::shared_ptr<LocalSession>> LocalSession::begin(LocalFolder& folder, const StoreCall& call) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    UnsyncedFolders need_not_last;
    DOCUPILOT_TRY(FileDescriptor tmp, folder.make_folder(tmp_folder(), need_not_last, call));
    std::string name = crypto::random_hex(16);
    if (::mkdirat(tmp.get(), name.c_str(), 0777) != 0) {
      if (errno == EEXIST || errno == ENOENT) continue;
      return system_error(call, errno, "cannot make a temporary folder");
    }
    FileDescriptor fd(::openat(tmp.get(), name.c_str(), folder_flags));
    // A sweep may have come between: then it has the lock or the folder is gone, and another is made.
    if (!fd || ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) {
      if (errno == ENOENT || errno == EWOULDBLOCK) continue;
      return system_error(call, errno, "cannot lock a temporary folder");
    }
    if (is_linked(fd.get())) {
      return std::shared_ptr<LocalSession>(new LocalSession(std::move(tmp), std::move(fd), std::move(name)));
    }
  }
  return call.error(ErrorCode::unavailable, "the temporary folder disappears while it is made",
                    "look for a program that removes folders of the store");
}

LocalSession::~LocalSession() {
  if (::getpid() != owner_) return;
  const Context context;
  const StoreCall call{"file", "close", name_, context};
  static_cast<void>(visit_directory(fd_.get(), call, [&](const std::string& name, unsigned char) {
    remove_entry(fd_.get(), name);
    return Result<void>();
  }));
  ::unlinkat(tmp_.get(), name_.c_str(), AT_REMOVEDIR);
}

LocalTempEntry& LocalTempEntry::operator=(LocalTempEntry&& other) noexcept {
  if (this != &other) {
    remove();
    session = std::move(other.session);
    name = std::move(other.name);
  }
  return *this;
}

void LocalTempEntry::remove() noexcept {
  if (session) remove_entry(session->fd(), name);
  session.reset();
}

Result<std::shared_ptr<LocalSession>> LocalTemp::session(const StoreCall& call) {
  const std::scoped_lock lock(mutex_);
  if (!session_) {
    DOCUPILOT_TRY(session_, LocalSession::begin(folder_, call));
  }
  return session_;
}

void LocalTemp::forget(const std::shared_ptr<LocalSession>& lost) {
  const std::scoped_lock lock(mutex_);
  if (session_ == lost) session_.reset();
}

Result<LocalTempFile> LocalTemp::make_file(const StoreCall& call) {
  for (bool again = false;; again = true) {
    DOCUPILOT_TRY(LocalTempEntry entry, unused(call));
    FileDescriptor fd(
        ::openat(entry.session->fd(), entry.name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (fd) return LocalTempFile{std::move(entry), std::move(fd)};
    const int error = errno;
    const auto lost = entry.session;
    entry.release();
    if (error != ENOENT || again) return system_error(call, error, "cannot make a temporary file");
    forget(lost);  // somebody has removed the folder: go on in a new one
  }
}

Result<LocalTempEntry> LocalTemp::make_folder(const StoreCall& call) {
  DOCUPILOT_TRY(LocalTempEntry entry, unused(call));
  if (::mkdirat(entry.session->fd(), entry.name.c_str(), 0777) == 0) return entry;
  const int error = errno;
  if (error == ENOENT) forget(entry.session);
  entry.release();
  return system_error(call, error, "cannot make a temporary folder");
}

Result<LocalTempEntry> LocalTemp::unused(const StoreCall& call) {
  DOCUPILOT_TRY(auto owner, session(call));
  std::string name = owner->next_name();
  return LocalTempEntry(std::move(owner), std::move(name));
}

Result<void> LocalTemp::write_time(int fd, const StoreCall& call) {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t clock = static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
  std::int64_t last = last_time_.load();
  std::int64_t mine = 0;
  do {
    mine = std::max(clock, last + 1);
    // Not 0 below the microsecond, even when the file system rounds to 100 ns: 0 there is how an etag tells that the
    // file system has coarse times.
    if (mine % 1000 < 100) mine += 100;
  } while (!last_time_.compare_exchange_weak(last, mine));
  const timespec time = {.tv_sec = static_cast<time_t>(mine / 1'000'000'000), .tv_nsec = mine % 1'000'000'000};
  const timespec times[2] = {time, time};
  if (::futimens(fd, times) != 0) return system_error(call, errno, "cannot set the time of the temporary file");
  return {};
}

Result<std::vector<std::string>> LocalTemp::sweep(Duration older_than, bool dry_run, const StoreCall& call) {
  std::vector<std::string> names;
  const std::int64_t before = Timestamp::now().microseconds * 1000 - older_than.nanoseconds();
  auto tmp = folder_.open_folder(tmp_folder(), call);
  if (!tmp && tmp.error().code() == ErrorCode::not_found) return names;
  if (!tmp) return std::move(tmp).error();
  auto visited = visit_directory(tmp->get(), call, [&](const std::string& session, unsigned char type) -> Result<void> {
    if (type != DT_DIR) return {};
    const FileDescriptor fd(::openat(tmp->get(), session.c_str(), folder_flags));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};  // gone, or in use
    DOCUPILOT_TRY(const auto swept, sweep_session(fd.get(), before, dry_run, call));
    if (!dry_run) ::unlinkat(tmp->get(), session.c_str(), AT_REMOVEDIR);
    for (const auto& name : swept) names.push_back("tmp/" + session + '/' + name);
    return {};
  });
  if (!visited) return std::move(visited).error();
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace docupilot::inline v1
