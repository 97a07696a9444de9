#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include <docupilot/base/error.h>
#include <docupilot/config.h>

namespace docupilot_command {

/// A file to be ingested.
struct FoundFile {
  std::string path;
  std::string name;  ///< Relative to the folder that was asked for; UTF-8.
  std::uint64_t size = 0;
};

struct WalkOptions {
  std::vector<std::string> include;  ///< Globs; a file must match one. Empty: all do.
  std::vector<std::string> exclude;  ///< Globs; what matches is left out, folders with all below.
  bool hidden = false;
  bool follow = false;
  std::vector<std::string> own;  ///< Files and folders of the library itself, never taken.
};

struct Walk {
  std::vector<FoundFile> files;  ///< Folder by folder, in the order of the bytes of their names.
  std::vector<std::pair<std::string, docupilot::Error>> failures;  ///< Folders that could not be read, by path.
  std::vector<std::string> skipped;                                ///< Devices, pipes and sockets, by path.
};

/// Whether the glob matches: one without `/` is compared with the file name, else with the whole relative path.
/// `*` matches `/` too.
[[nodiscard]] bool glob_matches(const std::string& glob, const std::string& name);

/// All regular files below a folder, as far as the options let.
[[nodiscard]] Walk walk_folder(const std::string& folder, const WalkOptions& options, const std::stop_token& stop);

/// The paths that a library of this configuration lives in.
[[nodiscard]] std::vector<std::string> paths_of_library(const docupilot::Config& config);

}  // namespace docupilot_command
