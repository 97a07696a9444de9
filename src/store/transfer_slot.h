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
    bool resumed = false;
    bool cancelled = false;
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return;
      transfer_ = transfer;
      resumed = resumed_;
      cancelled = cancelled_;
    }
    if (resumed) transfer->resume();
    if (cancelled) transfer->cancel();
  }
  void end() {
    std::shared_ptr<http::Transfer> transfer;  // goes without the lock
    const std::lock_guard lock(mutex_);
    ended_ = true;
    transfer = std::move(transfer_);
  }
  void resume() {
    if (const auto transfer = mark(resumed_)) transfer->resume();
  }
  void cancel() {
    if (const auto transfer = mark(cancelled_)) transfer->cancel();
  }
  [[nodiscard]] bool cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

 private:
  [[nodiscard]] std::shared_ptr<http::Transfer> mark(bool& asked) {
    const std::lock_guard lock(mutex_);
    asked = true;
    return transfer_;
  }

  mutable std::mutex mutex_;
  std::shared_ptr<http::Transfer> transfer_;
  bool resumed_ = false;
  bool cancelled_ = false;
  bool ended_ = false;
};

}  // namespace docupilot::inline v1
