#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/try.h"
#include "store/local_io.h"
#include "store/local_object_store.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr int maximum_races = 1000;  // with removals that prune the folder which the file is going to

// As rename, but an existing target is EEXIST. Others of this library are kept out by the key's lock, under which the
// caller has looked; where the file system can do it, the kernel keeps everybody else out.
int rename_no_replace(int from, const char* name, int to, const char* target) {
  if (::renameat2(from, name, to, target, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  return ::renameat(from, name, to, target);
}

Result<void> sync_file(int fd, const StoreCall& call) {
  if (::fsync(fd) != 0) return system_error(call, errno, "cannot synchronise the object");
  return {};
}

// The object is in its place, but may not survive a loss of power.
Error not_durable(Error cause, const StoreCall& call) {
  return call
      .error(ErrorCode::outcome_unknown, "the object is there but could not be made durable",
             "check the disk, then put the object again")
      .cause(std::move(cause));
}

}  // namespace

Result<ObjectInfo> LocalStore::publish(LocalTempFile file, const std::string& key, const PutOptions& options,
                                       const StoreCall& call) {
  const auto attributes = with_lower_names(options.attributes);
  const std::string text = LocalAttributes::encode(options.content_type, attributes);
  DOCUPILOT_TRY(const bool attached, attributes_.attach(file.fd.get(), text, call));
  DOCUPILOT_CHECK(temp_.write_time(file.fd.get(), call));
  struct stat status = {};
  if (::fstat(file.fd.get(), &status) != 0) return system_error(call, errno, "cannot look at the temporary file");
  ObjectInfo info = info_of(key, status);
  info.content_type = options.content_type;
  info.attributes = attributes;

  // A condition has to be decided now, and attributes beside have to appear with the object: neither can wait.
  if (options.durability == Durability::on_flush && !options.is_conditional() && attached) {
    const std::scoped_lock lock(pending_mutex_);
    pending_.insert_or_assign(key, std::move(file.entry));
    return info;
  }
  DOCUPILOT_CHECK(sync_file(file.fd.get(), call));
  UnsyncedFolders unsynced;
  {
    DOCUPILOT_TRY(const LocalLock lock, LocalLock::take(*folder_, key, call));
    DOCUPILOT_CHECK(check_conditions(key, options, call));
    if (!attached) {
      DOCUPILOT_CHECK(attributes_.write_beside(key, info.etag, text, unsynced, call));
      DOCUPILOT_CHECK(folder_->sync(std::exchange(unsynced, {}), call));
    }
    DOCUPILOT_CHECK(place(file.entry, key, options.if_absent, unsynced, call));
    supersede(key);
    // What is left of it does no harm: it belongs to a version that is gone.
    static_cast<void>(attributes_.forget_others(key, attached ? std::string() : info.etag, call));
  }
  if (auto synced = folder_->sync(unsynced, call); !synced) return not_durable(std::move(synced).error(), call);
  return info;
}

Result<void> LocalStore::check_conditions(const std::string& key, const PutOptions& options,
                                          const StoreCall& call) const {
  if (!options.if_absent && options.if_match.empty()) return {};
  const auto there = open_object(key, call);
  if (!there && there.error().code() != ErrorCode::not_found) return there.error();
  if (options.if_absent) return there ? Result<void>(call.already_exists()) : Result<void>();
  if (!there || there->info.etag != options.if_match) return call.precondition_failed();
  return {};
}

Result<void> LocalStore::place(LocalTempEntry& file, const std::string& key, bool if_absent, UnsyncedFolders& unsynced,
                               const StoreCall& call) {
  LocalNames names = names_of_key("objects", key);
  const std::string name = std::move(names.back());
  names.pop_back();
  for (int race = 0; race < maximum_races; ++race) {
    DOCUPILOT_TRY(const FileDescriptor folder, folder_->make_folder(names, unsynced, call));
    const int from = file.session->fd();
    const int renamed = if_absent ? rename_no_replace(from, file.name.c_str(), folder.get(), name.c_str())
                                  : ::renameat(from, file.name.c_str(), folder.get(), name.c_str());
    if (renamed == 0) {
      file.release();
      unsynced.folders.insert(std::move(names));
      return {};
    }
    if (errno == EEXIST) return call.already_exists();
    if (errno == EISDIR) {
      return call.error(ErrorCode::corrupted, "a folder is in the place of the object",
                        "find out who put it there, then move it away");
    }
    if (errno != ENOENT) return system_error(call, errno, "cannot put the object in its place");
  }
  return call.error(ErrorCode::unavailable, "the folder or the temporary file disappears while it is used",
                    "look for a program that removes files of the store");
}

void LocalStore::supersede(const std::string& key) {
  const std::scoped_lock lock(pending_mutex_);
  pending_.erase(key);
  flushing_.erase(key);
}

Result<void> LocalStore::flush(const Context& context) {
  const StoreCall call{"file", "flush", {}, context};
  DOCUPILOT_CHECK(call.check());
  const std::scoped_lock one_at_a_time(flush_mutex_);
  std::vector<PendingFile> files;
  {
    const std::scoped_lock lock(pending_mutex_);
    flushing_.swap(pending_);
    for (const auto& [key, entry] : flushing_) files.push_back({key, entry.session, entry.name});
  }
  auto outcome = sync_files(files, call);
  for (std::size_t i = 0; i < files.size() && outcome; ++i) outcome = place_pending(files[i].key, unsynced_, call);
  {
    // After a failed synchronisation the kernel may have dropped the bytes and tell of success the next time: what
    // could not be placed has to be put again.
    const std::scoped_lock lock(pending_mutex_);
    flushing_.clear();
  }
  if (!outcome) return outcome;
  if (unsynced_.folders.empty()) return {};
  DOCUPILOT_CHECK(folder_->sync(unsynced_, call));
  unsynced_ = {};
  return {};
}

Result<void> LocalStore::sync_files(const std::vector<PendingFile>& files, const StoreCall& call) const {
  if (files.size() > LocalFolder::few) return folder_->sync_all(call);
  for (const PendingFile& file : files) {
    const FileDescriptor fd(::openat(file.session->fd(), file.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd && errno == ENOENT) continue;  // superseded meanwhile
    if (!fd) return system_error(call, errno, "cannot open the temporary file");
    DOCUPILOT_CHECK(sync_file(fd.get(), call));
  }
  return {};
}

Result<void> LocalStore::place_pending(const std::string& key, UnsyncedFolders& unsynced, const StoreCall& call) {
  // Not the caller's deadline: stopping here would lose puts that have succeeded.
  const Context no_end;
  const StoreCall put{call.backend, call.operation, key, no_end};
  DOCUPILOT_TRY(const LocalLock lock, LocalLock::take(*folder_, key, put));
  std::optional<LocalTempEntry> entry;
  {
    const std::scoped_lock pending_lock(pending_mutex_);
    if (auto node = flushing_.extract(key)) entry = std::move(node.mapped());
  }
  if (!entry) return {};  // superseded meanwhile
  DOCUPILOT_CHECK(place(*entry, key, false, unsynced, put));
  static_cast<void>(attributes_.forget_others(key, {}, put));
  return {};
}

}  // namespace docupilot::inline v1
