#include "crypto/sha256_many.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "crypto/digest.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::array<std::uint32_t, 8> start_value = {0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                                      0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};

/// Keeps the lanes busy: one that has finished its input takes the next, and when there is none, the others go on
/// without it.
class Interleaver {
 public:
  Interleaver(std::span<const ByteView> blocks, std::span<std::array<std::byte, 32>> digests,
              std::span<const Sha256Kernel> kernels)
      : blocks_(blocks), digests_(digests), kernels_(kernels) {}

  void run(std::size_t lanes) noexcept {
    while (busy_ < lanes && next_ < blocks_.size()) {
      jobs_[busy_].tail = tails_[busy_].data();
      start(busy_++);
    }
    while (busy_ > 0) {
      std::size_t count = jobs_[0].left;
      for (std::size_t i = 1; i < busy_; ++i) count = std::min(count, jobs_[i].left);
      compress(count);
      for (std::size_t i = busy_; i-- > 0;) {
        jobs_[i].left -= count;
        if (jobs_[i].left == 0) go_on(i);
      }
    }
  }

 private:
  /// So many blocks into each lane.
  void compress(std::size_t count) noexcept {
    const Sha256Kernel* best = sha256_kernel_for(busy_, kernels_);
    const Sha256Kernel& kernel = best == nullptr ? kernels_.front() : *best;
    for (std::size_t i = 0; i < busy_; i += kernel.lanes) {
      kernel.compress(lanes_ + i, std::min(kernel.lanes, busy_ - i), count);
    }
  }

  struct Job {
    std::size_t index;  // of the input
    std::size_t left;   // blocks up to the tail, or of it
    bool in_tail;       // the last, padded blocks are being hashed
    std::byte* tail;    // room for them
  };

  void start(std::size_t i) noexcept {
    const ByteView input = blocks_[next_];
    lanes_[i] = {start_value, input.data()};
    jobs_[i].index = next_++;
    jobs_[i].left = input.size() / 64;
    jobs_[i].in_tail = false;
    if (jobs_[i].left == 0) enter_tail(i);
  }

  /// Pads what is behind the last whole block (FIPS 180-4, 5.1.1).
  void enter_tail(std::size_t i) noexcept {
    Job& job = jobs_[i];
    const std::uint64_t size = blocks_[job.index].size();
    const std::size_t rest = size % 64;
    const std::size_t padded = rest < 56 ? 64 : 128;
    if (rest > 0) std::memcpy(job.tail, lanes_[i].data, rest);
    std::memset(job.tail + rest, 0, padded - rest);
    job.tail[rest] = std::byte{0x80};
    for (std::size_t k = 0; k < 8; ++k) job.tail[padded - 1 - k] = static_cast<std::byte>((size * 8) >> (8 * k));
    lanes_[i].data = job.tail;
    job.left = padded / 64;
    job.in_tail = true;
  }

  void go_on(std::size_t i) noexcept {
    if (!jobs_[i].in_tail) return enter_tail(i);
    std::array<std::byte, 32>& digest = digests_[jobs_[i].index];
    for (std::size_t w = 0; w < 8; ++w) {
      for (std::size_t k = 0; k < 4; ++k) {
        digest[4 * w + k] = static_cast<std::byte>(lanes_[i].state[w] >> (24 - 8 * k));
      }
    }
    if (next_ < blocks_.size()) return start(i);
    --busy_;
    std::swap(lanes_[i], lanes_[busy_]);
    std::swap(jobs_[i], jobs_[busy_]);
  }

  std::span<const ByteView> blocks_;
  std::span<std::array<std::byte, 32>> digests_;
  std::span<const Sha256Kernel> kernels_;
  std::size_t next_ = 0;
  std::size_t busy_ = 0;
  Sha256Lane lanes_[sha256_most_lanes];
  Job jobs_[sha256_most_lanes];
  std::array<std::byte, 128> tails_[sha256_most_lanes];
};

}  // namespace

void sha256_interleaved(std::span<const ByteView> blocks, std::span<std::array<std::byte, 32>> digests,
                        std::span<const Sha256Kernel> kernels, std::size_t lanes) noexcept {
  Interleaver(blocks, digests, kernels).run(lanes);
}

std::size_t crypto::sha256_lanes() noexcept {
  const Sha256Kernel* best = sha256_kernel_for(sha256_most_lanes, sha256_kernels());
  return best == nullptr ? 1 : best->lanes;
}

void crypto::sha256_many(std::span<const ByteView> blocks, std::span<std::array<std::byte, 32>> digests) {
  blocks = blocks.first(std::min(blocks.size(), digests.size()));
  const auto kernels = sha256_kernels();
  if (sha256_kernel_for(blocks.size(), kernels) != nullptr) {
    return sha256_interleaved(blocks, digests, kernels, sha256_lanes());
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) digests[i] = crypto::sha256(blocks[i]);
}

}  // namespace docupilot::inline v1
