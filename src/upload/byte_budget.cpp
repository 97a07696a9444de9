#include "upload/byte_budget.h"

namespace docupilot::inline v1 {

ByteBudget::Lease ByteBudget::lease(std::size_t size, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto fits = [&] { return leased_ == 0 || leased_ + size <= most_; };
  if (!changed_.wait(lock, stop, fits)) return {};
  leased_ += size;
  const auto same = std::ranges::find(spare_, size, &std::pair<std::size_t, std::unique_ptr<std::byte[]>>::first);
  if (same != spare_.end()) {
    std::unique_ptr<std::byte[]> bytes = std::move(same->second);
    spare_bytes_ -= size;
    spare_.erase(same);
    return {*this, std::move(bytes), size};
  }
  // Those of another size make room for this one.
  while (!spare_.empty() && leased_ + spare_bytes_ > most_) {
    spare_bytes_ -= spare_.back().first;
    spare_.pop_back();
  }
  lock.unlock();
  return {*this, std::unique_ptr<std::byte[]>(new std::byte[size]), size};  // not touched before it is filled
}

void ByteBudget::take_back(std::unique_ptr<std::byte[]> bytes, std::size_t size) noexcept {
  {
    const std::lock_guard lock(mutex_);
    leased_ -= size;
    if (leased_ + spare_bytes_ + size <= most_) {
      spare_.emplace_back(size, std::move(bytes));
      spare_bytes_ += size;
    }
  }
  changed_.notify_all();
}

}  // namespace docupilot::inline v1
