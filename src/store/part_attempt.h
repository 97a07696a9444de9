#pragma once

#include <memory>
#include <optional>

#include "store/s3_part_body.h"
#include "store/store_call.h"
#include "store/transfer_slot.h"
#include "store/transfers_under_way.h"

namespace docupilot::inline v1 {

/// One attempt to send a body with one request, whoever has signed it. Any thread resumes or cancels it; it ends once,
/// on the transport's thread or before it was sent.
class PartAttempt : public PartTransfer {
 public:
  void resume() final { slot_.resume(); }
  void cancel() final { slot_.cancel(); }

 protected:
  /// `under_way` keeps this object until it has ended, and stays until `done` has returned.
  PartAttempt(std::string_view backend, TransfersUnderWay& under_way, PartRequest part, PartSender::Done done,
              const Context& context)
      : part_(std::move(part)), context_(context), backend_(backend), under_way_(under_way), done_(std::move(done)) {}

  [[nodiscard]] StoreCall call() const {
    return {backend_, part_.number == 0 ? "put" : "put_part", part_.key(), context_};
  }
  /// Sends the request, the part's body with it if it has a length. `judge` is what becomes of the reply.
  [[nodiscard]] Result<void> send(http::Transport& transport, http::Request wire,
                                  std::optional<http::ChunkFraming> framing, http::Signed seed);
  /// It ended before it was sent.
  void fail(Error error);

  /// What the reply means. The body's own errors do not come here.
  [[nodiscard]] virtual PartReply judge(const Result<http::Response>& result) = 0;

  PartRequest part_;
  const Context context_;

 private:
  void ended(const Result<http::Response>& result);
  void finish(PartReply reply);

  const std::string_view backend_;
  TransfersUnderWay& under_way_;
  PartSender::Done done_;
  std::optional<s3::PartBodySource> source_;
  TransferSlot slot_;
};

}  // namespace docupilot::inline v1
