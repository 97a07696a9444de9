#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include <docupilot/source/source.h>
#include <docupilot/store/part_sender.h>

#include "upload/byte_budget.h"
#include "upload/rate_limit.h"

namespace docupilot::inline v1 {

/// Of a file, so many bytes are read into memory before they are sent, and sent from there.
inline constexpr std::uint64_t small_body = std::uint64_t{256} << 10U;

/// What holds bytes back: the caller's pause, and the rate that all uploads share. Any thread.
struct UploadGate {
  RateLimit& rate;
  /// Called when a body gave nothing, on the thread of its reader, who now waits for PartTransfer::resume.
  std::function<void()> on_starved;
  std::atomic<bool> paused = false;

  /// How many bytes may go now; what is allowed counts as gone.
  [[nodiscard]] std::size_t allowed(std::size_t wanted) noexcept;
};

/// A body behind a gate, which counts what went through. The gate outlives each attempt to send it.
class UploadBody : public PartBody {
 public:
  UploadBody(UploadGate& gate, std::uint64_t size) : gate_(gate), size_(size) {}

  [[nodiscard]] std::uint64_t size() const final { return size_; }
  void rewind() final;
  [[nodiscard]] Result<std::optional<std::size_t>> read(MutableByteView into) final;

  /// Bytes given in this attempt. Any thread.
  [[nodiscard]] std::uint64_t given() const noexcept { return given_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_starved() const noexcept { return starved_; }
  /// It had no bytes for its reader, who waits to be told. Any thread; true once for each time.
  [[nodiscard]] bool take_starved() noexcept { return starved_.exchange(false); }

 protected:
  /// Whether all of them may go now; they count as given then.
  [[nodiscard]] bool give_all() noexcept;
  /// How many of the next `wanted` bytes may go now. 0: none, and the gate was told.
  [[nodiscard]] std::size_t pass(std::size_t wanted);
  void give(std::size_t count) noexcept { given_.store(given() + count, std::memory_order_relaxed); }
  /// Bytes from `offset` on, as many as there is room for but at the end.
  [[nodiscard]] virtual Result<std::size_t> fill(std::uint64_t offset, MutableByteView into) = 0;

 private:
  UploadGate& gate_;
  const std::uint64_t size_;
  std::atomic<std::uint64_t> given_ = 0;
  std::atomic<bool> starved_ = false;
};

/// A stretch of a source that can be read at any place: straight into the sender's buffer, hashed while it is in the
/// cache. Nothing is kept, so another attempt reads again, and must find the same bytes.
class SourcePart final : public UploadBody {
 public:
  SourcePart(UploadGate& gate, Source& source, std::uint64_t offset, std::uint64_t size)
      : UploadBody(gate, size), source_(source), offset_(offset) {}

  [[nodiscard]] std::optional<std::uint64_t> crc64nvme() const override { return whole_; }

 private:
  Result<std::size_t> fill(std::uint64_t offset, MutableByteView into) override;

  Source& source_;
  const std::uint64_t offset_;
  std::uint64_t sum_ = 0;
  std::optional<std::uint64_t> whole_;
};

/// Bytes in memory.
class MemoryPart final : public UploadBody {
 public:
  /// `size` bytes of the lease, whose CRC is known.
  MemoryPart(UploadGate& gate, ByteBudget::Lease lease, std::uint64_t size, std::uint64_t crc64nvme)
      : UploadBody(gate, size), lease_(std::move(lease)), bytes_(lease_.bytes().first(size)), sum_(crc64nvme) {}
  MemoryPart(UploadGate& gate, std::unique_ptr<std::byte[]> bytes, std::uint64_t size);

  [[nodiscard]] std::optional<ByteView> whole() override;
  [[nodiscard]] bool lends() const override { return true; }
  [[nodiscard]] std::optional<ByteView> lend(std::size_t most) override;

  [[nodiscard]] std::optional<std::uint64_t> crc64nvme() const override { return sum_; }

 private:
  Result<std::size_t> fill(std::uint64_t offset, MutableByteView into) override;

  const ByteBudget::Lease lease_;
  const std::unique_ptr<std::byte[]> own_;
  const ByteView bytes_;
  const std::uint64_t sum_;
};

}  // namespace docupilot::inline v1
