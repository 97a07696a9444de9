#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <docupilot/source/content_hash.h>
#include <docupilot/upload/downloader.h>

#include "support/object_calls.h"
#include "support/scripted_store.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"

namespace docupilot_test {

constexpr std::uint64_t small_range = 65'536;

inline std::unique_ptr<docupilot::Downloader> downloader_for(std::shared_ptr<docupilot::ObjectStore> store,
                                                             docupilot::DownloaderOptions options = {}) {
  options.range_size = std::min(options.range_size, small_range);
  return docupilot::make_downloader(std::move(store), options).value();
}

inline std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All names in a folder, in order; hidden ones too.
inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

/// The file in a folder whose name ends so, or an empty text.
inline std::string path_ending(const std::filesystem::path& folder, const std::string& ending) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(ending)) return entry.path();
  }
  return {};
}

using Names = std::vector<std::string>;
using Offsets = std::vector<std::uint64_t>;

}  // namespace docupilot_test
