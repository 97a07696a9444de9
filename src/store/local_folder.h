#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include <docupilot/store/local_store.h>

#include "base/file_descriptor.h"
#include "store/local_names.h"
#include "store/store_call.h"

namespace docupilot::inline v1 {

/// Tells one folder from another, also from a later one that got the same inode. `born` 0: the file system does not
/// say.
struct FolderId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t born = 0;

  auto operator<=>(const FolderId&) const = default;
};

/// Folders with new entries that a loss of power could still undo.
struct UnsyncedFolders {
  std::set<LocalNames> folders;  ///< To be synchronised.
  std::set<FolderId> children;   ///< Whose own entries are durable after that.
};

/// The root folder and the way to what is below it: one component at a time, following no symbolic link. Folders are
/// named by LocalNames, the empty one being the root. Thread-safe.
class LocalFolder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LocalFolder>> open(const LocalStoreOptions& options);

  /// Opens a folder for reading its entries. Errors: not_found; corrupted when something else is in its place.
  [[nodiscard]] Result<FileDescriptor> open_folder(std::span<const std::string> names, const StoreCall& call) const;
  /// The same for a folder in an open one.
  [[nodiscard]] static Result<FileDescriptor> open_child(int parent, const std::string& name, const StoreCall& call);
  /// As open_folder, making what is missing. Adds to `unsynced` what has to be synchronised to keep an entry in it.
  [[nodiscard]] Result<FileDescriptor> make_folder(std::span<const std::string> names, UnsyncedFolders& unsynced,
                                                   const StoreCall& call);
  /// Opens a regular file for reading. Errors: as open_folder.
  [[nodiscard]] Result<FileDescriptor> open_file(const LocalNames& names, const StoreCall& call) const;

  /// Makes the entries durable: few folders one by one, many by one call for the whole file system.
  [[nodiscard]] Result<void> sync(const UnsyncedFolders& unsynced, const StoreCall& call);
  /// Makes everything durable that was written to the file system.
  [[nodiscard]] Result<void> sync_all(const StoreCall& call) const;
  /// Removes the folder and those above it as long as they are empty, down to `keep` components, and synchronises the
  /// last one that stays.
  [[nodiscard]] Result<void> prune(LocalNames names, std::size_t keep, const StoreCall& call);

  [[nodiscard]] bool read_only() const noexcept { return read_only_; }
  /// Where it was when it was opened: absolute, its links followed.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// More of them than this are synchronised together.
  static constexpr std::size_t few = 4;

 private:
  LocalFolder(FileDescriptor root, bool read_only, std::string path)
      : root_(std::move(root)), read_only_(read_only), path_(std::move(path)) {}
  [[nodiscard]] bool is_durable(const FolderId& id) const;

  FileDescriptor root_;  // opened before any write, so that syncfs reports every write error since
  bool read_only_;
  const std::string path_;
  mutable std::mutex mutex_;
  std::set<FolderId> durable_;  // guarded by mutex_
};

}  // namespace docupilot::inline v1
