#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <thread>

#include <doctest/doctest.h>

namespace docupilot_test {

/// How many descriptors and threads this program has, to see that a test leaves none behind.
class Footprint {
 public:
  bool operator==(const Footprint&) const = default;
  /// A sanitizer starts a thread of its own with the program's first one, which is waited for, and for its going.
  static Footprint settled() {
    static const bool begun =
        (std::thread([] {}).join(), std::this_thread::sleep_for(std::chrono::milliseconds(200)), true);
    static_cast<void>(begun);
    return now();
  }
  /// A thread that was joined may be seen for another moment.
  void check_same() const {
    Footprint after = now();
    for (int i = 0; i < 2000 && after != *this; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      after = now();
    }
    CHECK_MESSAGE(after.descriptors_ == descriptors_, "I4");
    CHECK_MESSAGE(after.threads_ == threads_, "I4");
  }

 private:
  static Footprint now() {
    Footprint made;
    made.descriptors_ = count("/proc/self/fd");
    made.threads_ = count("/proc/self/task");
    return made;
  }
  static std::ptrdiff_t count(const char* folder) {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
  }

  std::ptrdiff_t descriptors_ = 0, threads_ = 0;
};

}  // namespace docupilot_test
