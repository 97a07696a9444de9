#pragma once

#include "crypto/digest.h"
#include "store/s3_part_body.h"
#include "store/s3_part_sender.h"
#include "store/transfer_slot.h"

namespace docupilot::inline v1 {

/// One attempt to send a body to S3. Begun by `start`, then moved on by the transport's thread and, while the bytes are
/// read ahead, by whoever resumes it.
class S3PartTransfer final : public PartTransfer, public std::enable_shared_from_this<S3PartTransfer> {
 public:
  S3PartTransfer(S3SenderState& state, PartRequest part, PartSender::Done done, const Context& context);
  /// `store` is asked for what belongs into the request, before this returns.
  void start(S3ObjectStore& store);
  void resume() override;
  void cancel() override;

 private:
  [[nodiscard]] StoreCall call() const { return {"s3", part_.number == 0 ? "put" : "put_part", part_.key, context_}; }
  /// Describes the request; chooses what has to be known of the body before it is sent.
  [[nodiscard]] Result<void> describe(S3ObjectStore& store);
  /// Reads what must be known of the body beforehand. False: it has no bytes for now.
  [[nodiscard]] Result<bool> read_ahead();
  void go_on();
  [[nodiscard]] Result<void> send();
  void finish(PartReply reply);
  void fail(Error error, PartVerdict verdict = PartVerdict::final);
  /// Whether it waited for bytes to be read ahead, and whoever asks is to go on with it.
  [[nodiscard]] bool stops_waiting();
  [[nodiscard]] Error cancelled() const {
    return call().name(Error(ErrorCode::cancelled, "the attempt was cancelled"));
  }

  [[nodiscard]] PartReply judge(const Result<http::Response>& result);
  /// Sees to the cause of a refusal where it can.
  void mend(const S3Outcome& outcome, const http::Response& result, PartReply& reply);
  [[nodiscard]] bool corrects_clock(http::Verdict verdict, const http::Response& result);
  [[nodiscard]] bool drops_credentials(http::Verdict verdict, const Error& error);
  /// Whether an optional part of the request is what was refused, and is left out from now on.
  [[nodiscard]] bool leaves_out(const S3Outcome& outcome, const Error& error);

  S3SenderState& state_;  // stays until `done` has returned
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

  std::mutex mutex_;      // of the next two
  bool waits_ = false;    // for bytes that are to be read ahead
  bool resumed_ = false;  // while it did not wait
  TransferSlot slot_;
};

}  // namespace docupilot::inline v1
