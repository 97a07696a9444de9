#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace docupilot::inline v1 {

/// Which ranges of an object have come, which are to be fetched or looked at, and what the checksum of all is. No I/O,
/// no clock, no thread.
class DownloadPlan {
 public:
  struct Range {
    std::uint64_t index = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };
  struct Task {
    Range range;
    bool look = false;  ///< It is said to be on the disk: read it back and compare, else fetch it.
  };

  /// The size of the ranges, all but the last: as asked for, or as much larger as it takes for 65,536 of them.
  [[nodiscard]] static std::uint64_t range_size_for(std::uint64_t size, std::uint64_t wanted) noexcept;

  /// An object of no bytes is one range of none.
  DownloadPlan(std::uint64_t size, std::uint64_t range_size);

  /// A record of an earlier run says that the range is on the disk and has this checksum.
  void recorded(std::uint64_t index, std::uint64_t crc64nvme);
  /// The next thing to do, which then counts as begun; nothing while nothing is open.
  [[nodiscard]] std::optional<Task> next();
  /// After a look, with what is on the disk, if it can be read: done, or to be fetched after all.
  void looked(std::uint64_t index, std::optional<std::uint64_t> crc64nvme);
  void fetched(std::uint64_t index, std::uint64_t crc64nvme);
  /// The range came damaged. True: it is to be fetched again, which is so once.
  [[nodiscard]] bool damaged(std::uint64_t index);
  /// The whole is not what the store says, and nobody knows which range is to blame. True: all are to be fetched again,
  /// which is so once.
  [[nodiscard]] bool start_over();

  [[nodiscard]] std::uint64_t ranges() const noexcept { return states_.size(); }
  [[nodiscard]] std::uint64_t range_size() const noexcept { return range_size_; }
  [[nodiscard]] Range range(std::uint64_t index) const noexcept;
  [[nodiscard]] bool complete() const noexcept { return ranges_done_ == ranges(); }
  /// Whether another run could make use of what has come.
  [[nodiscard]] bool has_any() const noexcept;
  /// Of the whole, once complete.
  [[nodiscard]] std::uint64_t crc64nvme() const noexcept;
  [[nodiscard]] std::uint64_t ranges_done() const noexcept { return ranges_done_; }
  [[nodiscard]] std::uint64_t bytes_done() const noexcept { return bytes_done_; }
  [[nodiscard]] std::uint64_t bytes_resumed() const noexcept { return bytes_resumed_; }

 private:
  enum class State : unsigned char { missing, recorded, begun, looking, done };

  std::uint64_t size_;
  std::uint64_t range_size_;
  std::vector<State> states_;
  std::vector<bool> was_damaged_;
  std::vector<std::uint64_t> crcs_;
  std::uint64_t cursor_ = 0;  // nothing before it is open
  std::uint64_t ranges_done_ = 0;
  std::uint64_t bytes_done_ = 0;
  std::uint64_t bytes_resumed_ = 0;
  bool started_over_ = false;
};

}  // namespace docupilot::inline v1
