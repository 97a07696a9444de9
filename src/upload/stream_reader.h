#pragma once

#include <functional>
#include <stop_token>
#include <thread>

#include <docupilot/source/source.h>

#include "upload/byte_budget.h"
#include "upload/part_schedule.h"

namespace docupilot::inline v1 {

/// Reads a source that can be read only once into leased buffers, one a part, on a thread of its own: it may block for
/// as long as the source does. Waits for a buffer before it reads, so memory stays within the budget.
class StreamReader {
 public:
  /// A part in memory.
  struct Part {
    ByteBudget::Lease lease;
    std::uint64_t size = 0;
    std::uint64_t crc64nvme = 0;
    bool last = false;
  };
  /// Called on the thread of the reader, for each part and once for an error, which ends it.
  using OnPart = std::function<void(Result<Part>)>;

  StreamReader(Source& source, const PartSchedule& schedule, ByteBudget& budget, OnPart on_part,
               const Context& context);
  ~StreamReader();
  /// Ends it and waits for its thread, which may be in the middle of a read: the source is not used any more. Any
  /// thread, again and again.
  void stop();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

 private:
  void run();
  [[nodiscard]] Result<Part> next(int number);
  /// The next bytes, the one that was read ahead first. 0: the end.
  [[nodiscard]] Result<std::size_t> read(MutableByteView into);

  Source& source_;
  const PartSchedule schedule_;
  ByteBudget& budget_;
  const OnPart on_part_;
  std::stop_source stop_;
  const Context outer_;
  std::uint64_t read_ = 0;
  std::once_flag joined_;
  std::optional<std::byte> ahead_;  // tells whether the stream goes on behind a full part
  std::thread thread_;
};

}  // namespace docupilot::inline v1
