#pragma once

#include <docupilot/store/part_sender.h>

#include "store/s3_client.h"
#include "store/store_call.h"

namespace docupilot::inline v1 {

[[nodiscard]] Result<std::unique_ptr<S3Store>> open_s3_store(S3Options options, const S3Tuning& tuning);

/// The calls are in s3_store.cpp (reading), s3_store_put.cpp, s3_store_copy.cpp, s3_store_multipart.cpp,
/// s3_store_bucket.cpp, s3_store_keys.cpp (what the server makes of unusual ones) and s3_examine.cpp.
class S3ObjectStore final : public S3Store {
 public:
  explicit S3ObjectStore(std::unique_ptr<S3Client> client);

  [[nodiscard]] std::string scheme() const override { return "s3"; }
  [[nodiscard]] StoreCapabilities capabilities() const override;
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
  [[nodiscard]] Result<std::optional<ObjectInfo>> find_completed(const MultipartUpload& upload,
                                                                 const std::vector<PartInfo>& parts,
                                                                 const Context& context) override;
  [[nodiscard]] PartSender* part_sender() override { return sender_.get(); }
  [[nodiscard]] std::string location() const override;
  [[nodiscard]] Result<Secret> presign(const std::string& key, const PresignOptions& options,
                                       const Context& context) override;
  [[nodiscard]] std::vector<Finding> examine(const Context& context) override;

  [[nodiscard]] Result<std::vector<S3RemoveFailure>> remove_many(const std::vector<std::string>& keys,
                                                                 const Context& context) override;
  [[nodiscard]] Result<void> set_tags(const std::string& key, const std::map<std::string, std::string>& tags,
                                      const Context& context) override;
  [[nodiscard]] Result<std::map<std::string, std::string>> tags(const std::string& key,
                                                                const Context& context) override;
  [[nodiscard]] Result<void> create_bucket(const Context& context) override;
  [[nodiscard]] Result<bool> bucket_exists(const Context& context) override;
  [[nodiscard]] Result<std::string> bucket_policy(const Context& context) override;
  [[nodiscard]] Result<void> set_bucket_policy(std::string_view json, const Context& context) override;
  [[nodiscard]] Result<S3PostForm> presign_post(const std::string& key, const S3PostOptions& options,
                                                const Context& context) override;

  /// The request that sends this part or whole object, its body to be streamed. May look at the object first, where a
  /// condition is given that the server cannot hold to.
  [[nodiscard]] Result<S3Request> part_request(const PartRequest& part, const StoreCall& call);
  /// The error of a conditional write: when the condition is what failed, it says so.
  [[nodiscard]] static Error told_condition(const PutOptions& condition, Error error, const StoreCall& call);

 private:
  /// What a put needs beside its bytes.
  struct Write {
    const std::string& key;
    const PutOptions& options;
    std::string mark = {};
  };

  /// The rules that all stores share, and the key with the prefix.
  [[nodiscard]] Result<std::string> full_key(const std::string& key, const StoreCall& call) const;
  /// Whether the server keeps this full key as it is, tried out where it is not known. Errors: invalid_argument.
  [[nodiscard]] Result<void> check_kept(const std::string& full, const StoreCall& call) const;
  [[nodiscard]] Result<bool> try_out(KeyOddity oddity, const std::string& full, const StoreCall& call) const;
  [[nodiscard]] Result<bool> is_listed(const std::string& full, const StoreCall& call) const;
  [[nodiscard]] Result<ObjectInfo> head_of(const std::string& key, const StoreCall& call);
  /// An object, and the mark of the write that made it.
  struct Marked {
    ObjectInfo object;
    std::string mark;
  };
  [[nodiscard]] Result<Marked> marked_head(const std::string& key, const StoreCall& call);
  [[nodiscard]] static Error unknown_outcome(Error why, const StoreCall& call);
  /// Whether it is what the upload with this mark makes of these parts.
  [[nodiscard]] static bool is_result(const Marked& there, std::string_view mark, const std::vector<PartInfo>& parts);
  /// How objects written here rest: storage class and encryption.
  void add_rest_headers(http::Headers& headers) const;
  void add_object_headers(http::Headers& headers, const PutOptions& options, std::string_view mark) const;
  /// Lets the request carry the condition, or where the server cannot hold to it, looks at it now.
  [[nodiscard]] Result<void> add_condition(S3Request& request, const std::string& key, const PutOptions& options,
                                           const StoreCall& call);
  [[nodiscard]] Result<void> check_condition(const std::string& key, const PutOptions& options, const StoreCall& call);
  [[nodiscard]] Result<ObjectInfo> put_memory(const Write& write, ByteView bytes, const StoreCall& call);
  [[nodiscard]] Result<ObjectInfo> put_stream(const Write& write, Reader& body, std::uint64_t size,
                                              const StoreCall& call);
  [[nodiscard]] Result<ObjectInfo> put_once(const Write& write, S3Request request, std::uint64_t size,
                                            const StoreCall& call);
  [[nodiscard]] Result<ObjectInfo> put_in_parts(const Write& write, std::string first, Reader& body,
                                                const StoreCall& call);
  /// The parts' checksums are announced where they are sent along: not of those that the server makes itself.
  enum class Parts { sent, copied };
  [[nodiscard]] Result<MultipartUpload> begin_upload(const std::string& key, const PutOptions& options, Parts parts,
                                                     const StoreCall& call);
  [[nodiscard]] Result<PartInfo> send_part(const MultipartUpload& upload, int number, S3Request request,
                                           std::uint64_t size, const StoreCall& call);
  [[nodiscard]] Result<ObjectInfo> copy_in_parts(const ObjectInfo& source, const std::string& to,
                                                 const StoreCall& call);
  [[nodiscard]] Result<std::vector<PartInfo>> copy_parts(const MultipartUpload& upload, const ObjectInfo& source,
                                                         const StoreCall& call);
  [[nodiscard]] Result<std::vector<PartInfo>> parts_of(const MultipartUpload& upload, const StoreCall& call);
  /// Asks the server for the checksums that it needs with a completion, where they are not known.
  [[nodiscard]] Result<void> add_checksums(const MultipartUpload& upload, std::vector<PartInfo>& parts,
                                           const StoreCall& call);
  /// `begun_with`: what the upload began with as far as the caller knows, for the answer alone.
  [[nodiscard]] Result<ObjectInfo> complete(const MultipartUpload& upload, std::vector<PartInfo> parts,
                                            const PutOptions& begun_with, const StoreCall& call);
  [[nodiscard]] Result<ObjectInfo> reconcile(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                             Error error, const StoreCall& call);
  /// After a failure: one try, in two seconds, whatever the call's own context says.
  void abort_quietly(const MultipartUpload& upload);
  [[nodiscard]] Result<void> remove_some(const std::vector<std::string>& keys, std::vector<S3RemoveFailure>& failures,
                                         const StoreCall& call);

  const std::unique_ptr<S3Client> client_;
  const std::unique_ptr<PartSender> sender_;
};

namespace s3 {
/// What the reply to a PUT tells: the ETag alone, or all of the object. Errors: corrupted without an ETag.
[[nodiscard]] Result<std::string> written_etag(const StoreCall& call, const http::Headers& reply);
[[nodiscard]] Result<ObjectInfo> written_object(const StoreCall& call, const http::Headers& reply, std::uint64_t size,
                                                const PutOptions& options);
}  // namespace s3

/// Fills `into` from the reader until it is full or the reader ends; `ended` says which.
[[nodiscard]] Result<std::string> read_up_to(Reader& body, std::uint64_t most, bool& ended, const StoreCall& call);

}  // namespace docupilot::inline v1
