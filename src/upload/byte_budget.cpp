#include "upload/byte_budget.h"

namespace docupilot::inline v1 {

ByteBudget::Lease ByteBudget::lease(std::size_t size, const std::stop_token& stop) {
  Room& room = *room_;
  std::unique_lock lock(room.mutex);
  const auto fits = [&] { return room.leased == 0 || room.leased + size <= room.most; };
  if (!room.changed.wait(lock, stop, fits)) return {};
  room.leased += size;
  const auto same = std::ranges::find(room.spare, size, &std::pair<std::size_t, std::unique_ptr<std::byte[]>>::first);
  if (same != room.spare.end()) {
    std::unique_ptr<std::byte[]> bytes = std::move(same->second);
    room.spare_bytes -= size;
    room.spare.erase(same);
    return {room_, std::move(bytes), size};
  }
  // Those of another size make room for this one.
  while (!room.spare.empty() && room.leased + room.spare_bytes > room.most) {
    room.spare_bytes -= room.spare.back().first;
    room.spare.pop_back();
  }
  lock.unlock();
  return {room_, std::unique_ptr<std::byte[]>(new std::byte[size]), size};  // not touched before it is filled
}

void ByteBudget::Room::take_back(std::unique_ptr<std::byte[]> bytes, std::size_t size) noexcept {
  {
    const std::lock_guard lock(mutex);
    leased -= size;
    if (leased + spare_bytes + size <= most) {
      spare.emplace_back(size, std::move(bytes));
      spare_bytes += size;
    }
  }
  changed.notify_all();
}

}  // namespace docupilot::inline v1
