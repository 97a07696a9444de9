#pragma once

#include "crypto/digest.h"
#include "store/s3_part_body.h"
#include "store/s3_part_sender.h"

namespace docupilot::inline v1 {

/// One attempt to send a body to S3. Begun by `start`, then moved on by the transport's thread and, while the bytes are
/// read ahead, by whoever resumes it.
class S3PartTransfer final : public PartTransfer, public std::enable_shared_from_this<S3PartTransfer> {
 public:
  S3PartTransfer(std::shared_ptr<S3SenderState> state, PartRequest part, PartSender::Done done, const Context& context);
  /// `store` is asked for what belongs into the request, before this returns.
  void start(S3ObjectStore& store);
  void resume() override;
  void cancel() override;

 private:
  enum class Phase { reading_ahead, waiting, sending, ended };

  [[nodiscard]] StoreCall call() const { return {"s3", part_.number == 0 ? "put" : "put_part", part_.key, context_}; }
  /// Describes the request; chooses what has to be known of the body before it is sent.
  [[nodiscard]] Result<void> describe(S3ObjectStore& store);
  /// Reads what must be known of the body beforehand. False: it has no bytes for now.
  [[nodiscard]] Result<bool> read_ahead();
  void go_on();
  [[nodiscard]] Result<void> send();
  void finish(PartReply reply);
  void fail(Error error);

  [[nodiscard]] PartReply judge(const Result<http::Response>& result);
  [[nodiscard]] PartReply stored(const http::Response& reply) const;
  [[nodiscard]] PartVerdict verdict(const S3Outcome& outcome, const Result<http::Response>& result, Error& error);
  [[nodiscard]] bool corrects_clock(const Result<http::Response>& result);
  /// Whether an optional part of the request is what was refused, and is left out from now on.
  [[nodiscard]] bool leaves_out(const S3Outcome& outcome, const Error& error);

  const std::shared_ptr<S3SenderState> state_;
  S3Client& client_;
  PartRequest part_;
  PartSender::Done done_;
  const Context context_;

  S3Request request_;
  std::shared_ptr<const S3Client::Place> place_;
  http::Credentials used_;
  Duration clock_offset_;
  Timestamp sent_;
  bool is_framed_signed_ = false;
  std::optional<s3::PartBodySource> source_;
  // Reading ahead.
  bool keeps_bytes_ = false;  // all of them, in memory_; else they are only hashed
  std::string memory_;
  std::uint64_t ahead_ = 0;
  std::optional<crypto::Digest> hash_;

  std::mutex mutex_;  // of what follows
  Phase phase_ = Phase::reading_ahead;
  bool resumed_ = false;
  bool cancelled_ = false;
  std::shared_ptr<http::Transfer> transfer_;
};

}  // namespace docupilot::inline v1
