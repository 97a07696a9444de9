#pragma once

#include <atomic>

#include "support/forwarding_store.h"

namespace docupilot_test {

/// Fails one call with `unavailable`, before it reaches the store below; all others pass. Run a way once to count its
/// calls, then once for each of them, and no failure goes untested.
class FailingStore final : public ForwardingStore {
 public:
  /// `failing_call` counts from 1; 0 fails none.
  FailingStore(std::unique_ptr<docupilot::ObjectStore> inner, int failing_call)
      : ForwardingStore(std::move(inner)), failing_call_(failing_call) {}

  /// How many calls came so far, with the one that failed.
  [[nodiscard]] int calls() const { return calls_; }

 protected:
  [[nodiscard]] docupilot::Result<void> before(std::string_view operation) override {
    if (++calls_ != failing_call_) return {};
    return docupilot::Error(docupilot::ErrorCode::unavailable, "the test makes this call fail")
        .operation(operation)
        .backend(scheme())
        .hint("try again");
  }

 private:
  int failing_call_;
  std::atomic<int> calls_ = 0;
};

}  // namespace docupilot_test
