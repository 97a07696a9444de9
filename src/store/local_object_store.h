#pragma once

#include "store/local_attributes.h"
#include "store/local_lock.h"
#include "store/local_temp.h"

namespace docupilot::inline v1 {

/// What tests change to reach what this machine's file system does not do.
struct LocalStoreTuning {
  bool extended_attributes = true;  ///< False: as on a file system without them.
};
[[nodiscard]] Result<std::unique_ptr<ObjectStore>> open_local_store(const LocalStoreOptions& options,
                                                                    const LocalStoreTuning& tuning);

/// The calls are in local_store.cpp, local_listing.cpp and local_multipart.cpp, and how a finished file gets to its
/// place in local_publish.cpp.
class LocalStore final : public ObjectStore {
 public:
  LocalStore(std::unique_ptr<LocalFolder> folder, const LocalStoreTuning& tuning)
      : folder_(std::move(folder)), temp_(*folder_), attributes_(*folder_, tuning.extended_attributes) {}

  [[nodiscard]] std::string scheme() const override;
  [[nodiscard]] StoreCapabilities capabilities() const override;
  [[nodiscard]] std::string location() const override { return scheme() + ":" + folder_->path(); }
  [[nodiscard]] Result<ObjectInfo> put(const std::string& key, Reader& body, const PutOptions& options,
                                       const Context& context) override;
  [[nodiscard]] Result<void> flush(const Context& context) override;
  [[nodiscard]] Result<std::vector<std::string>> sweep_temporary(Duration older_than, bool dry_run,
                                                                 const Context& context) override;
  [[nodiscard]] Result<ObjectInfo> get(const std::string& key, Writer& into, const GetOptions& options,
                                       const Context& context) override;
  [[nodiscard]] Result<ObjectInfo> head(const std::string& key, const Context& context) override;
  [[nodiscard]] Result<ObjectPage> list(const ListOptions& options, const Context& context) override;
  [[nodiscard]] Result<void> remove(const std::string& key, const Context& context) override;
  [[nodiscard]] Result<ObjectInfo> copy(const std::string& from, const std::string& to,
                                        const Context& context) override;
  [[nodiscard]] Result<MultipartUpload> begin_multipart(const std::string& key, const PutOptions& options,
                                                        const Context& context) override;
  [[nodiscard]] Result<PartInfo> put_part(const MultipartUpload& upload, int number, Reader& body,
                                          const Context& context) override;
  [[nodiscard]] Result<std::vector<PartInfo>> list_parts(const MultipartUpload& upload,
                                                         const Context& context) override;
  [[nodiscard]] Result<ObjectInfo> complete_multipart(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                                      const Context& context) override;
  [[nodiscard]] Result<void> abort_multipart(const MultipartUpload& upload, const Context& context) override;
  [[nodiscard]] Result<std::vector<MultipartUpload>> list_multipart(const std::string& prefix,
                                                                    const Context& context) override;

 private:
  struct OpenObject {
    FileDescriptor fd;
    ObjectInfo info;
  };
  /// A multipart upload as its folder describes it.
  struct Upload {
    FileDescriptor folder;
    MultipartUpload upload;
    PutOptions options;
  };

  /// A file that a flush has taken.
  struct PendingFile {
    std::string key;
    std::shared_ptr<LocalSession> session;
    std::string name;
  };

  /// Errors: permission_denied when the store is read-only.
  [[nodiscard]] Result<void> check_writable(const StoreCall& call) const;
  /// Errors: not_found.
  [[nodiscard]] Result<OpenObject> open_object(const std::string& key, const StoreCall& call) const;

  /// Fixes the etag of a finished file and puts it under the key, under the conditions of the options.
  [[nodiscard]] Result<ObjectInfo> publish(LocalTempFile file, const std::string& key, const PutOptions& options,
                                           const StoreCall& call);
  /// Whether the object that is there lets a put happen. Certain only while the caller holds the key's lock.
  [[nodiscard]] Result<void> check_conditions(const std::string& key, const PutOptions& options,
                                              const StoreCall& call) const;
  /// Renames the file to its place. The caller holds the key's lock.
  [[nodiscard]] Result<void> place(LocalTempEntry& file, const std::string& key, bool if_absent,
                                   UnsyncedFolders& unsynced, const StoreCall& call);
  /// Drops puts of the key that wait for a flush: something newer has happened. The caller holds the key's lock.
  void supersede(const std::string& key);
  [[nodiscard]] Result<void> sync_files(const std::vector<PendingFile>& files, const StoreCall& call) const;
  [[nodiscard]] Result<void> place_pending(const std::string& key, UnsyncedFolders& unsynced, const StoreCall& call);

  [[nodiscard]] Result<Upload> open_upload(const std::string& upload_id, const StoreCall& call) const;
  [[nodiscard]] Result<Upload> open_upload(const MultipartUpload& upload, const StoreCall& call) const;
  [[nodiscard]] Result<void> remove_upload(const std::string& upload_id, const StoreCall& call);

  std::unique_ptr<LocalFolder> folder_;
  LocalTemp temp_;
  LocalAttributes attributes_;
  std::mutex flush_mutex_;    // one flush at a time; taken before pending_mutex_
  UnsyncedFolders unsynced_;  // of flushes that failed half-way; guarded by flush_mutex_
  std::mutex pending_mutex_;
  std::map<std::string, LocalTempEntry> pending_;   // waits for a flush; guarded by pending_mutex_, and so is the next
  std::map<std::string, LocalTempEntry> flushing_;  // taken by the flush that runs
};

}  // namespace docupilot::inline v1
