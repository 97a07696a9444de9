#pragma once

#include "store/part_attempt.h"
#include "store/s3_part_sender.h"

namespace docupilot::inline v1 {

/// One attempt to send a body to S3, signed with the store's credentials.
class S3PartTransfer final : public PartAttempt {
 public:
  S3PartTransfer(S3SenderState& state, PartRequest part, PartSender::Done done, const Context& context);
  /// `store` is asked for what belongs into the request, before this returns.
  void start(S3ObjectStore& store);

 private:
  [[nodiscard]] Result<void> send(S3ObjectStore& store);
  /// Describes the request.
  [[nodiscard]] Result<void> describe(S3ObjectStore& store);
  /// Takes a small body into memory, whose hash can then be signed: it goes without frames. A body that has no bytes
  /// for now is streamed.
  [[nodiscard]] Result<void> read_small();
  /// The body's bytes are here.
  void send_from(ByteView memory);

  PartReply judge(const Result<http::Response>& result) override;
  /// Sees to the cause of a refusal where it can.
  void mend(const S3Outcome& outcome, const http::Response& result, PartReply& reply);
  [[nodiscard]] bool corrects_clock(http::Verdict verdict, const http::Response& result);
  [[nodiscard]] bool drops_credentials(http::Verdict verdict, const Error& error);
  /// Whether an optional part of the request is what was refused, and is left out from now on.
  [[nodiscard]] bool leaves_out(const S3Outcome& outcome, const Error& error);
  /// Whether a refusal says that the bytes which arrived are not those that were sent.
  [[nodiscard]] bool is_damage(const Error& error) const;

  S3SenderState& state_;  // stays until `done` has returned
  S3Client& client_;
  S3Request request_;
  std::string memory_;  // of a small body
  std::shared_ptr<const S3Client::Place> place_;
  http::SharedCredentials used_;  // null while there are none
  Duration clock_offset_;
  Timestamp sent_;
  bool is_framed_ = false;
};

}  // namespace docupilot::inline v1
