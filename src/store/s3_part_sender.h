#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "store/s3_object_store.h"
#include "store/transfers_under_way.h"

namespace docupilot::inline v1 {

/// What the attempts of one sender learn from each other. Any thread.
struct S3SenderState {
  explicit S3SenderState(S3Client& given) : client(given) {}

  S3Client& client;
  TransfersUnderWay under_way;
  enum class LastReply { none, success, failure };
  std::atomic<LastReply> last_reply = LastReply::none;
  /// An attempt with a checksum was accepted.
  std::atomic<bool> takes_checksums = false;
  /// Somebody on the way answered 417: nobody is asked before a large body.
  std::atomic<bool> never_asks = false;
  /// The credentials used last do not expire, so asking for them takes no time.
  std::atomic<bool> lasting_keys = false;

  /// Whether a large body waits until it is asked for. A whole object does until a reply was a success; a part after a
  /// failure alone, since the server has just begun or listed its upload.
  [[nodiscard]] bool asks_first(const PartRequest& part) const noexcept {
    if (never_asks) return false;
    return part.number == 0 ? last_reply != LastReply::success : last_reply == LastReply::failure;
  }
  /// This part was refused, perhaps for its checksum: its next attempt goes without. False: it cannot have been that.
  [[nodiscard]] bool leave_out_checksum(const PartRequest& part);
  void put_back_checksum(const PartRequest& part);
  [[nodiscard]] bool goes_without_checksum(const PartRequest& part) const;

  /// The service said that these credentials have expired.
  void refuse(http::SharedCredentials used, Error why);
  /// Why not to send with these: they are those that were refused last. Said once, then they may be tried again.
  [[nodiscard]] std::optional<Error> take_refusal(const http::Credentials& fresh);

 private:
  using Part = std::pair<std::string, int>;  // key and number

  mutable std::mutex mutex_;
  http::SharedCredentials refused_;  // null if there is no `why_`
  std::optional<Error> why_;
  std::set<Part> without_checksum_;
};

/// Sends to S3, signed with the store's credentials.
class S3PartSender final : public PartSender {
 public:
  /// The store owns this object, and the client outlives it.
  S3PartSender(S3ObjectStore& store, S3Client& client) : store_(store), state_(client) {}
  ~S3PartSender() override { state_.under_way.end(); }

  [[nodiscard]] bool may_wait(const PartRequest& request) const override;
  [[nodiscard]] MultipartUpload begin_whole(const std::string& key, const PutOptions& options) override;
  void expect(unsigned parts, const Context& context) override { state_.client.connect_ahead(parts, context); }
  std::shared_ptr<PartTransfer> send(PartRequest request, Done done, const Context& context) override;

 private:
  S3ObjectStore& store_;
  S3SenderState state_;
};

}  // namespace docupilot::inline v1
