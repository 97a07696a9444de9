#pragma once

#include "store/local_folder.h"

namespace docupilot::inline v1 {

/// Keeps every other thread and process from changing the same key, for as long as it lives. Held only while a finished
/// file is put in its place, never while bytes are moved. Many keys share one of 256 lock files, so nobody may hold
/// two.
class LocalLock {
 public:
  /// Waits until the deadline. Errors: timeout, cancelled.
  [[nodiscard]] static Result<LocalLock> take(LocalFolder& folder, std::string_view key, const StoreCall& call);
  ~LocalLock();
  LocalLock(LocalLock&&) noexcept = default;
  LocalLock& operator=(LocalLock&&) = delete;

 private:
  explicit LocalLock(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

}  // namespace docupilot::inline v1
