#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace docupilot::inline v1::testing {

/// A folder that is made with its first file, readable for its owner alone, and goes away with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() = default;
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// Returns the path. Throws std::runtime_error.
  [[nodiscard]] std::string write(std::string_view name, std::string_view text);

 private:
  std::mutex mutex_;
  std::string path_;
};

}  // namespace docupilot::inline v1::testing
