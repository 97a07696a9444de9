#pragma once

#include <atomic>
#include <mutex>

#include "store/s3_object_store.h"
#include "store/transfers_under_way.h"

namespace docupilot::inline v1 {

/// What the attempts of one sender learn from each other. Any thread.
struct S3SenderState {
  explicit S3SenderState(S3Client& given) : client(given) {}

  S3Client& client;
  TransfersUnderWay under_way;
  /// The last reply was a success: large bodies go out without asking first.
  std::atomic<bool> proven = false;
  /// The keys were good once, so that a wrong signature of a body means wrong bytes.
  std::atomic<bool> trusted = false;
  /// A request was refused, perhaps for its checksum: the next goes without, and shows whether it was that.
  std::atomic<bool> tries_without_checksum = false;

  /// The service said that these credentials have expired.
  void refuse(const http::Credentials& used, Error why);
  /// Why not to send with these: they are those that were refused last. Said once, then they may be tried again.
  [[nodiscard]] std::optional<Error> take_refusal(const http::Credentials& fresh);

 private:
  std::mutex mutex_;
  http::Credentials refused_;
  std::optional<Error> why_;
};

/// Sends to S3, signed with the store's credentials.
class S3PartSender final : public PartSender {
 public:
  /// The store owns this object, and the client outlives it.
  S3PartSender(S3ObjectStore& store, S3Client& client) : store_(store), state_(client) {}
  ~S3PartSender() override { state_.under_way.end(); }

  [[nodiscard]] MultipartUpload begin_whole(const std::string& key, const PutOptions& options) override;
  std::shared_ptr<PartTransfer> send(PartRequest request, Done done, const Context& context) override;

 private:
  S3ObjectStore& store_;
  S3SenderState state_;
};

}  // namespace docupilot::inline v1
