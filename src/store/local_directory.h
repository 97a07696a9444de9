#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "store/local_io.h"

namespace docupilot::inline v1 {

/// Calls `visit(name, type)` for each entry but "." and ".."; `type` is a DT_ value, never DT_UNKNOWN. `visit` returns
/// a Result<void>, whose error ends it.
template <class Visit>
[[nodiscard]] Result<void> visit_directory(int fd, const StoreCall& call, Visit&& visit) {
  FileDescriptor own(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));  // a position of its own
  if (!own) return errno == ENOENT ? Result<void>() : system_error(call, errno, "cannot read a folder");
  const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> directory(::fdopendir(own.get()));
  if (!directory) return system_error(call, errno, "cannot read a folder");
  static_cast<void>(own.release());
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) return errno == 0 ? Result<void>() : system_error(call, errno, "cannot read a folder");
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {
      struct stat status = {};
      if (::fstatat(fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
      type = static_cast<unsigned char>(IFTODT(status.st_mode));
    }
    if (auto visited = visit(name, type); !visited) return visited;
  }
}

}  // namespace docupilot::inline v1
