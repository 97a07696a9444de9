#include "store/transfers_under_way.h"

#include <vector>

namespace docupilot::inline v1 {

void TransfersUnderWay::add(const std::shared_ptr<PartTransfer>& transfer) {
  const std::lock_guard lock(mutex_);
  transfers_[transfer.get()] = transfer;
}

void TransfersUnderWay::remove(const PartTransfer& transfer) {
  const std::lock_guard lock(mutex_);
  transfers_.erase(&transfer);
  changed_.notify_all();  // under the lock: whoever waits may end this object next
}

void TransfersUnderWay::end() {
  if (::getpid() != process_) return;
  std::vector<std::shared_ptr<PartTransfer>> all;
  std::unique_lock lock(mutex_);
  for (const auto& [address, transfer] : transfers_) {
    if (auto alive = transfer.lock()) all.push_back(std::move(alive));
  }
  lock.unlock();
  for (const auto& transfer : all) transfer->cancel();
  lock.lock();
  changed_.wait(lock, [this] { return transfers_.empty(); });
}

}  // namespace docupilot::inline v1
