#pragma once

#include <unistd.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

#include <docupilot/store/part_sender.h>

namespace docupilot::inline v1 {

/// The attempts of one sender that have not ended. They use what the sender has and own none of it, the transport least
/// of all: it must not end on its own thread. So the sender's end waits for theirs. Any thread.
class TransfersUnderWay {
 public:
  void add(const std::shared_ptr<PartTransfer>& transfer);
  /// Its `done` has returned. From here on it uses nothing of the sender.
  void remove(const PartTransfer& transfer);
  /// Cancels all, and waits until each has ended. Not from a `done`. In a child after a fork there is nothing to wait
  /// for: the threads stayed behind.
  void end();

 private:
  const pid_t process_ = ::getpid();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<const PartTransfer*, std::weak_ptr<PartTransfer>> transfers_;
};

}  // namespace docupilot::inline v1
