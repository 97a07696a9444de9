#include "store/local_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "base/try.h"
#include "store/local_io.h"

namespace docupilot::inline v1 {

namespace {

constexpr int pass_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int read_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t prune_levels = 16;
constexpr int maximum_races = 1000;             // with others that remove the folders which this call makes
constexpr std::size_t maximum_durable = 16384;  // remembered; about 1 MiB

FolderId id_of(int fd) {
  struct statx status = {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0) return {};
  FolderId id{.device = (std::uint64_t{status.stx_dev_major} << 32U) | status.stx_dev_minor, .inode = status.stx_ino};
  if ((status.stx_mask & STATX_BTIME) != 0) {
    id.born = static_cast<std::int64_t>(status.stx_btime.tv_sec) * 1'000'000'000 + status.stx_btime.tv_nsec;
  }
  return id;
}

Error open_error(const StoreCall& call, int error, std::string_view what) {
  if (error == ELOOP || error == ENOTDIR) {
    return call.error(ErrorCode::corrupted, "a symbolic link or file is in the place of a folder of the store",
                      "find out who put it there, then move it away");
  }
  return system_error(call, error, what);
}

Result<void> sync_fd(int fd, const StoreCall& call) {
  if (::fsync(fd) != 0) return system_error(call, errno, "cannot synchronise a folder");
  return {};
}

// Makes the root and the folders above it, each durable before the next.
Result<void> make_root(const std::filesystem::path& root, const StoreCall& call) {
  std::vector<std::filesystem::path> missing;
  std::error_code failed;
  for (auto path = root; !path.empty() && !std::filesystem::exists(path, failed) && !failed;
       path = path.parent_path()) {
    missing.push_back(path);
  }
  for (; !missing.empty(); missing.pop_back()) {
    const auto& path = missing.back();
    if (::mkdir(path.c_str(), path == root ? 0700 : 0777) != 0 && errno != EEXIST) {
      return system_error(call, errno, "cannot make the folder");
    }
    const auto above = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const FileDescriptor parent(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent) return system_error(call, errno, "cannot open the folder above");
    DOCUPILOT_CHECK(sync_fd(parent.get(), call));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LocalFolder>> LocalFolder::open(const LocalStoreOptions& options) {
  const Context context;
  const StoreCall call{"file", "open", options.root, context};
  if (options.root.empty() || options.root.find('\0') != std::string::npos) {
    return call.error(ErrorCode::invalid_argument, "this is no path", "name the folder that keeps the objects");
  }
  std::filesystem::path root(options.root);
  if (!root.has_filename() && root.has_relative_path()) root = root.parent_path();  // "library/"
  for (int attempt = 0;; ++attempt) {
    FileDescriptor fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd) {
      std::error_code ignored;
      std::string path = std::filesystem::canonical(root, ignored).string();
      if (path.empty()) path = root.string();
      return std::unique_ptr<LocalFolder>(new LocalFolder(std::move(fd), options.read_only, std::move(path)));
    }
    if (errno == ENOTDIR) {
      return call.error(ErrorCode::invalid_argument, "the path is something else than a folder",
                        "name a folder, or a path where one can be made");
    }
    if (errno != ENOENT || options.read_only || attempt > 0) return system_error(call, errno, "cannot open the folder");
    DOCUPILOT_CHECK(make_root(root, call));
  }
}

Result<FileDescriptor> LocalFolder::open_folder(std::span<const std::string> names, const StoreCall& call) const {
  FileDescriptor fd;
  int parent = root_.get();
  if (names.empty()) {
    fd = FileDescriptor(::openat(parent, ".", read_flags));
    if (!fd) return open_error(call, errno, "cannot open the folder");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    FileDescriptor next(::openat(parent, names[i].c_str(), i + 1 == names.size() ? read_flags : pass_flags));
    if (!next) return open_error(call, errno, "cannot open a folder of the store");
    fd = std::move(next);
    parent = fd.get();
  }
  return fd;
}

Result<FileDescriptor> LocalFolder::open_child(int parent, const std::string& name, const StoreCall& call) {
  FileDescriptor fd(::openat(parent, name.c_str(), read_flags));
  if (!fd) return open_error(call, errno, "cannot open a folder of the store");
  return fd;
}

Result<FileDescriptor> LocalFolder::make_folder(std::span<const std::string> names, UnsyncedFolders& unsynced,
                                                const StoreCall& call) {
  for (int race = 0; race < maximum_races; ++race) {
    FileDescriptor fd;
    int parent = root_.get();
    std::size_t i = 0;
    for (; i < names.size(); ++i) {
      const int flags = i + 1 == names.size() ? read_flags : pass_flags;
      FileDescriptor next(::openat(parent, names[i].c_str(), flags));
      if (!next && errno == ENOENT) {
        if (::mkdirat(parent, names[i].c_str(), 0777) != 0 && errno != EEXIST) {
          if (errno == ENOENT) break;  // the folder above was removed since it was opened
          return system_error(call, errno, "cannot make a folder of the store");
        }
        next = FileDescriptor(::openat(parent, names[i].c_str(), flags));
        if (!next && errno == ENOENT) break;
      }
      if (!next) return open_error(call, errno, "cannot open a folder of the store");
      fd = std::move(next);
      parent = fd.get();
      const FolderId id = id_of(parent);
      if (!is_durable(id)) {  // also when another call made it: that one may not have come to synchronise it
        unsynced.folders.emplace(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i));
        unsynced.children.insert(id);
      }
    }
    if (i == names.size()) return fd;
  }
  return call.error(ErrorCode::unavailable, "the folder disappears while it is used",
                    "look for a program that removes folders of the store");
}

Result<FileDescriptor> LocalFolder::open_file(const LocalNames& names, const StoreCall& call) const {
  DOCUPILOT_TRY(const FileDescriptor folder, open_folder(std::span(names).first(names.size() - 1), call));
  FileDescriptor fd(::openat(folder.get(), names.back().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return open_error(call, errno, "cannot open a file of the store");
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return system_error(call, errno, "cannot look at a file of the store");
  if (!S_ISREG(status.st_mode)) return open_error(call, ENOTDIR, "");
  return fd;
}

bool LocalFolder::is_durable(const FolderId& id) const {
  const std::scoped_lock lock(mutex_);
  return durable_.contains(id);
}

Result<void> LocalFolder::sync(const UnsyncedFolders& unsynced, const StoreCall& call) {
  if (unsynced.folders.size() > few) {
    DOCUPILOT_CHECK(sync_all(call));
  } else {
    for (const LocalNames& names : unsynced.folders) {
      auto fd = open_folder(names, call);
      if (!fd && fd.error().code() == ErrorCode::not_found) continue;  // pruned, so nothing in it is to be kept
      if (!fd) return std::move(fd).error();
      DOCUPILOT_CHECK(sync_fd(fd->get(), call));
    }
  }
  const std::scoped_lock lock(mutex_);
  if (durable_.size() > maximum_durable) durable_.clear();
  for (const FolderId& id : unsynced.children) {
    if (id.born != 0) durable_.insert(id);
  }
  return {};
}

Result<void> LocalFolder::sync_all(const StoreCall& call) const {
  if (::syncfs(root_.get()) != 0) return system_error(call, errno, "cannot synchronise the file system");
  return {};
}

Result<void> LocalFolder::prune(LocalNames names, std::size_t keep, const StoreCall& call) {
  for (;;) {
    // Some levels at a time: their folders stay open, so that a deep one is not walked to anew for each level.
    const std::size_t top = std::max(keep, names.size() - std::min(names.size(), prune_levels));
    std::vector<FileDescriptor> levels;
    auto first = open_folder(std::span(names).first(top), call);
    if (!first && first.error().code() == ErrorCode::not_found && top > keep) {
      names.resize(top - 1);  // somebody else has pruned it
      continue;
    }
    if (!first) return std::move(first).error();
    levels.push_back(*std::move(first));
    while (top + levels.size() <= names.size()) {
      auto next = open_child(levels.back().get(), names[top + levels.size() - 1], call);
      if (!next && next.error().code() == ErrorCode::not_found) break;
      if (!next) return std::move(next).error();
      levels.push_back(*std::move(next));
    }
    names.resize(top + levels.size() - 1);
    for (; levels.size() > 1; levels.pop_back(), names.pop_back()) {
      const int removed = ::unlinkat(levels[levels.size() - 2].get(), names.back().c_str(), AT_REMOVEDIR);
      if (removed != 0 && errno != ENOENT) return sync_fd(levels.back().get(), call);
    }
    if (names.size() <= keep) return sync_fd(levels.back().get(), call);
  }
}

}  // namespace docupilot::inline v1
