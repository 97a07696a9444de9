#pragma once

#include <sys/types.h>

#include <mutex>
#include <string>

#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// Shows other processes on this machine that this one is alive: a locked file of the holder's name in a folder.
class OwnerLock {
 public:
  /// Nothing is made before `hold`. An empty folder: no files, everybody else is dead.
  explicit OwnerLock(std::string folder);
  ~OwnerLock();
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Makes and locks our file, once.
  [[nodiscard]] Result<void> hold();
  /// Whether the holder of this name is alive. When in doubt, it is.
  [[nodiscard]] bool alive(const std::string& name) const;
  /// Removes the files of the dead.
  void tidy() const;

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const { return folder_ + '/' + name; }
  std::string folder_;
  std::string name_;
  std::mutex mutex_;  // guards the following
  int fd_ = -1;
  pid_t holder_ = 0;  // a forked child leaves its parent's file alone
};

}  // namespace docupilot::inline v1
