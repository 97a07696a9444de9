#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include <docupilot/http/transport.h>

namespace docupilot::inline v1 {

/// The transfer of one attempt, to which others may call while it is being started and after it has ended. Any thread.
class TransferSlot {
 public:
  /// It was started; it may have ended by now. Passes on what was asked for meanwhile.
  void begin(std::shared_ptr<http::Transfer> transfer) {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    transfer_ = std::move(transfer);
    if (resumed_) transfer_->resume();
    if (cancelled_) transfer_->cancel();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    transfer_.reset();
  }
  void resume() {
    const std::lock_guard lock(mutex_);
    resumed_ = true;
    if (transfer_) transfer_->resume();
  }
  void cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (transfer_) transfer_->cancel();
  }
  [[nodiscard]] bool cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<http::Transfer> transfer_;
  bool resumed_ = false;
  bool cancelled_ = false;
  bool ended_ = false;
};

}  // namespace docupilot::inline v1
