#pragma once

#include "store/local_folder.h"

namespace docupilot::inline v1 {

/// Content type and user metadata of an object: an extended attribute of its file, so that both appear together. Where
/// the file system takes none, a file of their own, named after the key and the etag of the very version they belong
/// to.
class LocalAttributes {
 public:
  LocalAttributes(LocalFolder& folder, bool extended) : folder_(folder), extended_(extended) {}

  /// What is kept for these; empty when there is nothing to keep.
  [[nodiscard]] static std::string encode(const std::string& content_type,
                                          const std::map<std::string, std::string>& attributes);
  /// The reverse, into `info`. Errors: corrupted.
  [[nodiscard]] static Result<void> decode(std::string_view text, ObjectInfo& info, const StoreCall& call);

  /// Keeps the text with the file. False when the file system cannot: then `write_beside` has to.
  [[nodiscard]] Result<bool> attach(int fd, const std::string& text, const StoreCall& call) const;
  /// Keeps the text for the version with this etag, durable once `unsynced` is. The caller holds the key's lock until
  /// that version is in its place.
  [[nodiscard]] Result<void> write_beside(const std::string& key, const std::string& etag, const std::string& text,
                                          UnsyncedFolders& unsynced, const StoreCall& call);
  /// The text for this version, empty when there is none.
  [[nodiscard]] Result<std::string> read(int fd, const std::string& key, const std::string& etag,
                                         const StoreCall& call) const;
  /// Forgets what is kept beside for other versions than `etag`. The caller holds the key's lock.
  [[nodiscard]] Result<void> forget_others(const std::string& key, const std::string& etag, const StoreCall& call);

 private:
  LocalFolder& folder_;
  bool extended_;
};

}  // namespace docupilot::inline v1
