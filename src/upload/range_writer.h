#pragma once

#include <atomic>
#include <optional>
#include <utility>

#include "upload/download_file.h"
#include "upload/download_plan.h"
#include "upload/rate_limit.h"

namespace docupilot::inline v1 {

/// Takes the bytes of one range from a store: at the rate that is allowed, into their place in the file, with their
/// checksum. Looks at the context at each block and while it waits, whatever the store does.
class RangeWriter final : public Writer {
 public:
  /// `moving` counts the bytes of all writers that live and are not settled.
  RangeWriter(DownloadFile& file, const DownloadPlan::Range& range, RateLimit& limit,
              std::atomic<std::uint64_t>& moving, const Context& context) noexcept
      : file_(file), range_(range), limit_(limit), moving_(moving), context_(context) {}
  ~RangeWriter() override { settle(); }
  RangeWriter(const RangeWriter&) = delete;
  RangeWriter& operator=(const RangeWriter&) = delete;

  /// Errors: those of the disk; cancelled, timeout; corrupted when more comes than was asked for.
  [[nodiscard]] Result<void> write(ByteView bytes) override;
  /// Its own error, which stores should pass on unchanged.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  /// Its bytes no longer count as moving.
  void settle() noexcept { moving_ -= std::exchange(counted_, 0); }
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }
  [[nodiscard]] std::uint64_t crc64nvme() const noexcept { return crc_; }

 private:
  [[nodiscard]] Result<void> take(ByteView bytes);
  [[nodiscard]] Result<std::size_t> wait_for(std::size_t want) const;

  DownloadFile& file_;
  const DownloadPlan::Range range_;
  RateLimit& limit_;
  std::atomic<std::uint64_t>& moving_;
  const Context& context_;
  std::uint64_t taken_ = 0;
  std::uint64_t counted_ = 0;
  std::uint64_t crc_ = 0;
  std::optional<Error> error_;
};

}  // namespace docupilot::inline v1
