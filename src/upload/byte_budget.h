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
 public:
  /// `bytes` at the most at a time, but always one buffer of whatever size.
  explicit ByteBudget(std::uint64_t bytes) : most_(bytes) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  /// A buffer on loan; goes back with this object, from any thread. The budget outlives it.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::move(other.bytes_)), size_(other.size_) {}
    Lease& operator=(Lease&& other) noexcept {
      if (this != &other) {
        give_back();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::move(other.bytes_);
        size_ = other.size_;
      }
      return *this;
    }
    ~Lease() { give_back(); }
    [[nodiscard]] bool is_set() const noexcept { return budget_ != nullptr; }
    [[nodiscard]] MutableByteView bytes() const noexcept { return {bytes_.get(), size_}; }

   private:
    friend class ByteBudget;
    Lease(ByteBudget& budget, std::unique_ptr<std::byte[]> bytes, std::size_t size)
        : budget_(&budget), bytes_(std::move(bytes)), size_(size) {}
    void give_back() noexcept {
      if (budget_ != nullptr) budget_->take_back(std::move(bytes_), size_);
      budget_ = nullptr;
    }
    ByteBudget* budget_ = nullptr;
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_ = 0;
  };

  /// Waits for room. An unset lease: stopped.
  [[nodiscard]] Lease lease(std::size_t size, const std::stop_token& stop);
  [[nodiscard]] std::uint64_t size() const noexcept { return most_; }

 private:
  void take_back(std::unique_ptr<std::byte[]> bytes, std::size_t size) noexcept;

  const std::uint64_t most_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t leased_ = 0;
  std::vector<std::pair<std::size_t, std::unique_ptr<std::byte[]>>> spare_;  // counted neither as leased nor as free
  std::uint64_t spare_bytes_ = 0;
};

}  // namespace docupilot::inline v1
