#include "walk.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include <docupilot/base/url.h>

#include "text.h"

namespace docupilot_command {

namespace {

using docupilot::Error;
using docupilot::ErrorCode;
using Identity = std::pair<dev_t, ino_t>;

constexpr int deepest = 1000;  // folders in folders

Error folder_error(int error_number, const std::string& path) {
  const ErrorCode code = error_number == ENOENT                             ? ErrorCode::not_found
                         : error_number == EACCES || error_number == EPERM  ? ErrorCode::permission_denied
                         : error_number == EMFILE || error_number == ENFILE ? ErrorCode::exhausted
                                                                            : ErrorCode::internal;
  return Error(code, std::string("the folder cannot be read: ") + std::strerror(error_number))
      .operation("ingest")
      .target(path)
      .hint("check its permissions, or leave it out with --exclude");
}

class Walker {
 public:
  Walker(const WalkOptions& options, const std::stop_token& stop) : options_(options), stop_(stop) {
    for (const std::string& path : options.own) {
      struct stat info{};
      if (stat(path.c_str(), &info) == 0) own_.insert({info.st_dev, info.st_ino});
    }
  }

  /// The folder that the walk begins in: not to be reached again by a link.
  void begin(const std::string& folder, const struct stat& info) {
    seen_.insert({info.st_dev, info.st_ino});
    if (!is_own(info)) enter(folder, "", 0);
  }

  Walk walk;

 private:
  void enter(const std::string& folder, const std::string& prefix, int depth) {
    if (stop_.stop_requested()) return;
    const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(folder.c_str()), &closedir);
    if (!opened) {
      walk.failures.emplace_back(folder, folder_error(errno, folder));
      return;
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(opened.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != ".." && (options_.hidden || name[0] != '.')) names.push_back(name);
      errno = 0;
    }
    if (errno != 0) walk.failures.emplace_back(folder, folder_error(errno, folder));
    std::ranges::sort(names);
    for (const std::string& name : names) {
      visit(folder.ends_with('/') ? folder + name : folder + '/' + name, prefix + name, depth);
    }
  }

  bool is_own(const struct stat& info) const { return own_.contains({info.st_dev, info.st_ino}); }

  void visit(const std::string& path, const std::string& name, int depth) {
    if (matches_any(options_.exclude, name)) return;
    struct stat link{};
    struct stat info{};
    if (lstat(path.c_str(), &link) != 0) return;  // gone meanwhile
    const bool is_link = S_ISLNK(link.st_mode);
    if (!is_link) info = link;
    const bool dangles = is_link && stat(path.c_str(), &info) != 0;
    if (!dangles && is_own(info)) return;
    if (!dangles && S_ISDIR(info.st_mode)) {
      if (is_link && !options_.follow) return;
      // A folder reached again by a link would be taken twice, or for ever.
      if (options_.follow && !seen_.insert({info.st_dev, info.st_ino}).second) return;
      if (depth >= deepest) {
        walk.failures.emplace_back(path, Error(ErrorCode::too_large, "folders are nested too deep").target(path));
        return;
      }
      enter(path, name + '/', depth + 1);
      return;
    }
    if (!options_.include.empty() && !matches_any(options_.include, name)) return;
    // A link to nothing is reported like any other file that cannot be read.
    if (dangles || S_ISREG(info.st_mode)) {
      walk.files.push_back({path, valid_utf8(name), dangles ? 0 : static_cast<std::uint64_t>(info.st_size)});
    } else {
      walk.skipped.push_back(path);
    }
  }

  static bool matches_any(const std::vector<std::string>& globs, const std::string& name) {
    return std::ranges::any_of(globs, [&](const std::string& glob) { return glob_matches(glob, name); });
  }

  const WalkOptions& options_;
  const std::stop_token& stop_;
  std::set<Identity> own_;
  std::set<Identity> seen_;
};

}  // namespace

bool glob_matches(const std::string& glob, const std::string& name) {
  if (glob.find('/') != std::string::npos) return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
  const std::size_t slash = name.rfind('/');
  return fnmatch(glob.c_str(), name.c_str() + (slash == std::string::npos ? 0 : slash + 1), 0) == 0;
}

Walk walk_folder(const std::string& folder, const WalkOptions& options, const std::stop_token& stop) {
  Walker walker(options, stop);
  struct stat info{};
  if (stat(folder.c_str(), &info) == 0) {
    walker.begin(folder, info);
  } else {
    walker.walk.failures.emplace_back(folder, folder_error(errno, folder));
  }
  return std::move(walker.walk);
}

std::vector<std::string> paths_of_library(const docupilot::Config& config) {
  std::vector<std::string> paths;
  if (!config.library.empty()) paths.push_back(config.library);
  for (const std::string* role : {&config.store, &config.metadata, &config.search, &config.journal}) {
    const docupilot::Result<docupilot::BackendUrl> url = docupilot::BackendUrl::parse(*role);
    if (!url || (url->scheme != "file" && url->scheme != "sqlite") || url->path.empty()) continue;
    paths.push_back(url->path);
    if (url->scheme != "sqlite") continue;
    for (const char* ending : {"-wal", "-shm", "-journal"}) paths.push_back(url->path + ending);
  }
  return paths;
}

}  // namespace docupilot_command
