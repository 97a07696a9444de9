#pragma once

#include <optional>
#include <vector>

#include <docupilot/store/object_store.h>

#include "upload/part_schedule.h"

namespace docupilot::inline v1 {

/// What an upload knows of one of its parts.
struct PartState {
  enum class Stage : std::uint8_t {
    fresh,    ///< To be sent.
    waiting,  ///< To be sent again, once it is due.
    sending,  ///< An attempt is under way.
    stored,   ///< Acknowledged.
  };

  PartInfo info;  ///< Number and size; ETag and checksum once it is stored.
  Duration due;   ///< Of a waiting part.
  Stage stage = Stage::fresh;
  bool resumed = false;      ///< Sent by another run.
  unsigned attempts = 0;     ///< In all.
  unsigned tries = 0;        ///< Attempts that count for RetryPolicy::attempts.
  unsigned waits = 0;        ///< How often the law of retries has made it wait since then.
  unsigned corrections = 0;  ///< How often it went again because the reason was mended.
  unsigned tokens = 0;       ///< What its last retry took from the bucket.
  unsigned pauses = 0;       ///< How many pauses there had been when the attempt under way began.

  /// The next attempt is as good as the first.
  void rest() noexcept { tries = waits = corrections = 0; }
};

/// The parts of one upload: which there are, and which of them the store has. Those of a source that can be read at any
/// place are all there from the start, those of a stream once they are produced. Part 0 is the whole source.
class PartBook {
 public:
  /// `size` of the source, if known.
  PartBook(PartSchedule schedule, std::optional<std::uint64_t> size, bool is_stream);

  /// The source goes in one request.
  void set_whole(bool whole) noexcept { whole_ = whole; }
  [[nodiscard]] bool is_whole() const noexcept { return whole_; }
  /// The next part of a stream. False: its size is none that the schedule has, or not what the source said.
  [[nodiscard]] bool produced(std::uint64_t size, bool last);
  [[nodiscard]] std::uint64_t produced_parts() const noexcept { return produced_parts_; }
  /// These are stored already. Those that do not fit the schedule are left out.
  void resume(const std::vector<PartInfo>& has);

  /// The fresh part with the lowest number; 0 is the whole.
  [[nodiscard]] std::optional<int> next_fresh();
  [[nodiscard]] bool has_fresh() { return next_fresh().has_value(); }
  /// A part that `next_fresh` has named. Null: there is none.
  [[nodiscard]] PartState* find(int number) noexcept;
  [[nodiscard]] const PartState* find(int number) const noexcept;
  void store(PartState& part, PartInfo info);
  /// The store has lost it after all.
  void lose(PartState& part);
  /// The numbers of stored parts that `has` lacks, or has otherwise, in order.
  [[nodiscard]] std::vector<int> missing_in(const std::vector<PartInfo>& has) const;
  /// Nothing is stored: the upload begins anew. What a stream has produced stays known.
  void begin_anew();

  /// All parts are known: of a stream, when it has ended.
  [[nodiscard]] bool is_complete() const noexcept { return total_parts().has_value(); }
  [[nodiscard]] bool all_stored() const noexcept { return total_parts() == parts_stored_; }
  [[nodiscard]] std::optional<std::uint64_t> total_parts() const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> total_bytes() const noexcept;
  [[nodiscard]] std::uint64_t parts_stored() const noexcept { return parts_stored_; }
  [[nodiscard]] std::uint64_t bytes_stored() const noexcept { return bytes_stored_; }
  [[nodiscard]] std::uint64_t parts_resumed() const noexcept { return parts_resumed_; }
  [[nodiscard]] std::uint64_t bytes_resumed() const noexcept { return bytes_resumed_; }
  [[nodiscard]] std::uint64_t offset_of(int number) const noexcept;
  [[nodiscard]] std::uint64_t size_of(int number) const noexcept;
  /// Stored parts in order.
  [[nodiscard]] std::vector<PartInfo> stored() const;
  /// Of all bytes, put together from the parts'. Nothing when one is not known.
  [[nodiscard]] std::optional<std::uint64_t> crc64nvme() const;

 private:
  [[nodiscard]] std::uint64_t known_parts() const noexcept;
  /// Makes the states up to this number.
  void grow(std::uint64_t count);

  PartSchedule schedule_;
  std::optional<std::uint64_t> size_;
  bool is_stream_;
  bool ended_ = false;  // the stream
  bool whole_ = false;
  std::uint64_t produced_bytes_ = 0;
  std::uint64_t produced_parts_ = 0;
  std::vector<PartState> parts_;  // up to the highest one begun
  std::size_t next_ = 0;          // no part before this index is fresh
  std::uint64_t parts_stored_ = 0;
  std::uint64_t bytes_stored_ = 0;
  std::uint64_t parts_resumed_ = 0;
  std::uint64_t bytes_resumed_ = 0;
};

}  // namespace docupilot::inline v1
