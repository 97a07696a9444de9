#pragma once

#include <string>

namespace docupilot_test {

/// Lets the system's calls on files fail, in the whole program, for files whose path holds a given text.
class FailingDisk {
 public:
  enum class Call { write, sync };

  /// From now on, of the calls on such files `after` more succeed, and the next `times` fail with `error`.
  FailingDisk(Call call, std::string path_holds, int error, int times, int after = 0);
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;
  /// How many failed.
  [[nodiscard]] static int fired();
};

}  // namespace docupilot_test
