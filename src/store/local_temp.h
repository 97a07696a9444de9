#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>

#include "store/local_folder.h"

namespace docupilot::inline v1 {

/// The folder `tmp/<name>` of one open store. It is locked as long as the store is open, which is how a sweep by
/// another process knows that somebody uses it; the system takes the lock away when the process dies.
class LocalSession {
 public:
  [[nodiscard]] static Result<std::shared_ptr<LocalSession>> begin(LocalFolder& folder, const StoreCall& call);
  /// Removes the folder with all that is left in it, unless this is a child process that inherited it.
  ~LocalSession();
  LocalSession(const LocalSession&) = delete;
  LocalSession& operator=(const LocalSession&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::string next_name() { return std::to_string(++count_); }

 private:
  LocalSession(FileDescriptor tmp, FileDescriptor fd, std::string name);

  FileDescriptor tmp_;
  FileDescriptor fd_;
  std::string name_;
  pid_t owner_;
  std::atomic<std::uint64_t> count_ = 0;
};

/// A file or folder in a session that goes away with this object, unless it was moved to its place before.
struct LocalTempEntry {
  std::shared_ptr<LocalSession> session;
  std::string name;

  LocalTempEntry(std::shared_ptr<LocalSession> owner, std::string entry)
      : session(std::move(owner)), name(std::move(entry)) {}
  LocalTempEntry(LocalTempEntry&&) noexcept = default;
  LocalTempEntry& operator=(LocalTempEntry&& other) noexcept;
  ~LocalTempEntry() { remove(); }
  void remove() noexcept;
  /// It has been moved: there is nothing to remove any more.
  void release() noexcept { session.reset(); }
};

/// A temporary file that is being written.
struct LocalTempFile {
  LocalTempEntry entry;
  FileDescriptor fd;
};

/// Makes temporary files and folders, and sweeps those of dead processes. Thread-safe.
class LocalTemp {
 public:
  explicit LocalTemp(LocalFolder& folder) : folder_(folder) {}

  [[nodiscard]] Result<LocalTempFile> make_file(const StoreCall& call);
  [[nodiscard]] Result<LocalTempEntry> make_folder(const StoreCall& call);
  /// A name in the session where something can be moved to be removed.
  [[nodiscard]] Result<LocalTempEntry> unused(const StoreCall& call);
  /// Gives the finished file a modification time that no other put has: its etag follows from it.
  [[nodiscard]] Result<void> write_time(int fd, const StoreCall& call);
  [[nodiscard]] Result<std::vector<std::string>> sweep(Duration older_than, bool dry_run, const StoreCall& call);

 private:
  [[nodiscard]] Result<std::shared_ptr<LocalSession>> session(const StoreCall& call);
  void forget(const std::shared_ptr<LocalSession>& lost);

  LocalFolder& folder_;
  std::mutex mutex_;
  std::shared_ptr<LocalSession> session_;  // guarded by mutex_; begun by the first write
  std::atomic<std::int64_t> last_time_ = 0;
};

}  // namespace docupilot::inline v1
