#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1 {

/// Memory that several uploads share: buffers are leased from it, and whoever wants one waits until there is room. So
/// reading is held back when sending is slow. Buffers that came back are leased again, since new ones cost a page fault
/// for every 4 KiB.
class ByteBudget {
  struct Room {
    explicit Room(std::uint64_t bytes) : most(bytes) {}
    void take_back(std::unique_ptr<std::byte[]> bytes, std::size_t size) noexcept;

    const std::uint64_t most;
    std::mutex mutex;
    std::condition_variable_any changed;
    std::uint64_t leased = 0;
    std::vector<std::pair<std::size_t, std::unique_ptr<std::byte[]>>> spare;  // counted neither as leased nor as free
    std::uint64_t spare_bytes = 0;
  };

 public:
  /// `bytes` at the most at a time, but always one buffer of whatever size.
  explicit ByteBudget(std::uint64_t bytes) : room_(std::make_shared<Room>(bytes)) {}

  /// A buffer on loan; goes back with this object, from any thread. It may outlive the budget: who sent a part lets go
  /// of it when he likes.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept {
      if (this != &other) {
        give_back();
        room_ = std::move(other.room_);
        bytes_ = std::move(other.bytes_);
        size_ = other.size_;
      }
      return *this;
    }
    ~Lease() { give_back(); }
    [[nodiscard]] bool is_set() const noexcept { return room_ != nullptr; }
    [[nodiscard]] MutableByteView bytes() const noexcept { return {bytes_.get(), size_}; }

   private:
    friend class ByteBudget;
    Lease(std::shared_ptr<Room> room, std::unique_ptr<std::byte[]> bytes, std::size_t size)
        : room_(std::move(room)), bytes_(std::move(bytes)), size_(size) {}
    void give_back() noexcept {
      if (const auto room = std::move(room_)) room->take_back(std::move(bytes_), size_);
    }
    std::shared_ptr<Room> room_;
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_ = 0;
  };

  /// Waits for room. An unset lease: stopped.
  [[nodiscard]] Lease lease(std::size_t size, const std::stop_token& stop);
  [[nodiscard]] std::uint64_t size() const noexcept { return room_->most; }

 private:
  const std::shared_ptr<Room> room_;
};

}  // namespace docupilot::inline v1
