#pragma once

#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include <docupilot/store/part_sender.h>

namespace docupilot::inline v1 {

/// The attempts of one sender that have not ended. They use what the sender has and own none of it, the transport least
/// of all: it must not end on its own thread. So the sender's end waits for theirs. Any thread.
class TransfersUnderWay {
 public:
  /// Keeps it until it has ended.
  void add(std::shared_ptr<PartTransfer> transfer);
  /// Its `done` has returned. From here on it uses nothing of the sender, and may be gone.
  void remove(const PartTransfer& transfer);
  /// Cancels all, and waits until each has ended. Not from a `done`. In a child after a fork there is nothing to wait
  /// for: the threads stayed behind.
  void end();

 private:
  const pid_t process_ = ::getpid();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<PartTransfer>> transfers_;  // some hundred at the most
};

}  // namespace docupilot::inline v1
