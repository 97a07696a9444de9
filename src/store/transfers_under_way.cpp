#include "store/transfers_under_way.h"

#include <algorithm>
#include <utility>

namespace docupilot::inline v1 {

void TransfersUnderWay::add(std::shared_ptr<PartTransfer> transfer) {
  const std::lock_guard lock(mutex_);
  transfers_.push_back(std::move(transfer));
}

void TransfersUnderWay::remove(const PartTransfer& transfer) {
  std::shared_ptr<PartTransfer> ended;  // goes without the lock
  const std::lock_guard lock(mutex_);
  const auto there = std::ranges::find(transfers_, &transfer, &std::shared_ptr<PartTransfer>::get);
  ended = std::exchange(*there, transfers_.back());
  transfers_.pop_back();
  changed_.notify_all();  // under the lock: whoever waits may end this object next
}

void TransfersUnderWay::end() {
  if (::getpid() != process_) return;
  std::unique_lock lock(mutex_);
  const std::vector<std::shared_ptr<PartTransfer>> all = transfers_;
  lock.unlock();
  for (const auto& transfer : all) transfer->cancel();
  lock.lock();
  changed_.wait(lock, [this] { return transfers_.empty(); });
}

}  // namespace docupilot::inline v1
