#include "testing/temporary_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace docupilot::inline v1::testing {

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(std::string_view name, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (path_.empty()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "docupilot-testing-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make the folder " + pattern);
    path_ = pattern;  // mkdtemp lets nobody else into it
  }
  std::string path = path_ + "/" + std::string(name);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
  return path;
}

}  // namespace docupilot::inline v1::testing
