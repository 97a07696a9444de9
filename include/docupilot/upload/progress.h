#pragma once

#include <cstdint>
#include <optional>

#include <docupilot/base/error.h>
#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// How far a transfer has come.
struct TransferProgress {
  std::optional<std::uint64_t> bytes_total = {};  ///< Nothing while a stream has not ended.
  std::uint64_t bytes_done = 0;                   ///< Acknowledged by the store, or verified on the disk.
  std::uint64_t bytes_resumed = 0;                ///< Of these, those that an earlier run had moved.
  std::uint64_t bytes_moving = 0;                 ///< On their way in attempts that have not ended.
  std::uint64_t parts_done = 0;
  std::optional<std::uint64_t> parts_total = {};
  unsigned attempts_failed = 0;            ///< So far; each was or will be made again, or the transfer fails.
  double bytes_per_second = 0;             ///< Over the last few seconds.
  std::optional<Duration> remaining = {};  ///< At that rate; nothing while there is none.
  bool paused = false;                     ///< By the caller.
  bool waiting = false;                    ///< For a store that is out of reach; it is asked now and then.
  std::optional<Error> trouble = {};       ///< While waiting: what it was last refused with.
};

/// What became of one part.
struct PartProgress {
  int number = 0;  ///< From 1; 0: the whole, in one request.
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  unsigned attempt = 0;             ///< From 1; 0: an earlier run had sent it.
  std::optional<Error> error = {};  ///< Why this attempt failed. It is made again, or the upload fails.
};

}  // namespace docupilot::inline v1
