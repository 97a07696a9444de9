#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include <docupilot/store/memory_store.h>

#include "crypto/random.h"
#include "store/store_call.h"

namespace docupilot::inline v1 {

/// Bytes are shared and never changed, so that readers copy them without holding the lock.
class MemoryStore final : public ObjectStore {
 public:
  [[nodiscard]] std::string scheme() const override;
  [[nodiscard]] StoreCapabilities capabilities() const override;
  [[nodiscard]] std::string location() const override;
  [[nodiscard]] Result<ObjectInfo> put(const std::string& key, Reader& body, const PutOptions& options,
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
  using Bytes = std::shared_ptr<const std::string>;
  struct Object {
    ObjectInfo info;
    Bytes bytes;
  };
  struct Part {
    PartInfo info;
    Bytes bytes;
  };
  struct Upload {
    MultipartUpload upload;
    PutOptions options;
    std::map<int, Part> parts;
  };

  [[nodiscard]] std::string next_etag();
  [[nodiscard]] std::optional<Object> find(const std::string& key) const;
  /// The upload, or null when it is unknown. The caller holds the lock.
  [[nodiscard]] Upload* find_upload(const MultipartUpload& upload);
  [[nodiscard]] Result<ObjectInfo> publish(const std::string& key, Bytes bytes, const PutOptions& options,
                                           const StoreCall& call);

  const std::string name_ = crypto::random_hex(32);  // no other has it, in this process or the next
  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;  // guarded by mutex_, and so is the next
  std::map<std::string, Upload> uploads_;
  std::atomic<std::uint64_t> sequence_ = 0;
};

}  // namespace docupilot::inline v1
