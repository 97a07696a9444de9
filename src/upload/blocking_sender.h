#pragma once

#include "docupilot/store/part_sender.h"

#include "upload/worker_pool.h"

namespace docupilot::inline v1 {

/// Sends by the blocking calls of any store, a thread for each attempt under way. What the store itself tried again
/// counts as one attempt.
class BlockingSender final : public PartSender {
 public:
  /// The store must stay until the sender is gone.
  BlockingSender(ObjectStore& store, unsigned threads) : store_(store), workers_(threads) {}

  [[nodiscard]] bool may_wait(const PartRequest&) const override { return false; }
  std::shared_ptr<PartTransfer> send(PartRequest request, Done done, const Context& context) override;

 private:
  class Transfer;

  ObjectStore& store_;
  WorkerPool workers_;
};

}  // namespace docupilot::inline v1
