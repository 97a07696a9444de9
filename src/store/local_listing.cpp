#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/try.h"
#include "store/local_directory.h"
#include "store/local_object_store.h"
#include "store/page_builder.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t levels_kept_open = 16;  // deeper ones are walked to again when the walk comes back to them

struct ListedEntry {
  std::string beginning;  ///< What its keys begin with behind those of its folder; for an object, all of it.
  std::string name;
  bool is_object = false;
  ObjectInfo info;  ///< Of an object.
};

/// The entries of one folder, read a batch at a time, so that a page costs memory for a page however large it is.
struct ListedFolder {
  LocalNames names;
  std::string prefix;      ///< What all keys in it begin with.
  FileDescriptor fd = {};  ///< Empty when it has to be walked to.
  std::vector<ListedEntry> batch = {};
  std::size_t next = 0;
  bool more = true;         ///< There are entries behind the batch.
  std::string behind = {};  ///< The last one's beginning.
};

// Whether an entry can have keys that are not below `from`.
bool reaches(const std::string& beginning, bool is_object, const std::string& from) {
  return beginning >= from || (!is_object && from.starts_with(beginning));
}

void keep_smallest(std::vector<ListedEntry>& entries, std::size_t count) {
  if (entries.size() <= count) return;
  const auto end = entries.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(entries.begin(), end, entries.end(),
                   [](const auto& a, const auto& b) { return a.beginning < b.beginning; });
  entries.erase(end, entries.end());
}

// Reads the least `count` entries behind the last batch that reach `from`.
Result<void> read_batch(const LocalFolder& root, ListedFolder& folder, const std::string& from, std::size_t count,
                        const StoreCall& call) {
  folder.batch.clear();
  folder.next = 0;
  folder.more = false;
  if (!folder.fd) {
    auto opened = root.open_folder(folder.names, call);
    if (!opened && opened.error().code() == ErrorCode::not_found) return {};  // pruned since it was listed
    if (!opened) return std::move(opened).error();
    folder.fd = *std::move(opened);
  }
  const int fd = folder.fd.get();
  std::size_t seen = 0;
  auto visited = visit_directory(fd, call, [&](const std::string& name, unsigned char type) -> Result<void> {
    if (++seen % 1024 == 0) {
      if (auto go_on = call.check(); !go_on) return go_on;
    }
    if (type != DT_REG && type != DT_DIR) return {};
    const auto entry = entry_of_name(name, type == DT_DIR);
    if (!entry) return {};
    ListedEntry listed{.beginning = entry->beginning(), .name = name, .is_object = type == DT_REG, .info = {}};
    if (!folder.behind.empty() && listed.beginning <= folder.behind) return {};
    if (!reaches(folder.prefix + listed.beginning, listed.is_object, from)) return {};
    folder.batch.push_back(std::move(listed));
    if (folder.batch.size() > 2 * count) {
      keep_smallest(folder.batch, count);
      folder.more = true;
    }
    return {};
  });
  if (!visited) return visited;
  folder.more = folder.more || folder.batch.size() > count;
  keep_smallest(folder.batch, count);
  std::sort(folder.batch.begin(), folder.batch.end(),
            [](const auto& a, const auto& b) { return a.beginning < b.beginning; });
  if (!folder.batch.empty()) folder.behind = folder.batch.back().beginning;
  std::erase_if(folder.batch, [&](ListedEntry& entry) {
    if (!entry.is_object) return false;
    struct stat status = {};
    if (::fstatat(fd, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return true;  // removed since
    entry.info = info_of(folder.prefix + entry.beginning, status);
    return !S_ISREG(status.st_mode) || !check_object_key(entry.info.key);
  });
  return {};
}

}  // namespace

Result<ObjectPage> LocalStore::list(const ListOptions& options, const Context& context) {
  const StoreCall call{"file", "list", options.prefix, context};
  DOCUPILOT_CHECK(call.named(check_list_options(options)));
  PageBuilder page(options);
  std::vector<ListedFolder> open;  // from the root of the tree down to where the walk is
  open.push_back({.names = {"objects"}, .prefix = {}});
  while (!open.empty()) {
    DOCUPILOT_CHECK(call.check());
    ListedFolder& folder = open.back();
    if (folder.next == folder.batch.size()) {
      if (folder.more) DOCUPILOT_CHECK(read_batch(*folder_, folder, page.from(), options.limit + 1, call));
      else open.pop_back();
      continue;
    }
    ListedEntry& entry = folder.batch[folder.next++];
    std::string key = folder.prefix + entry.beginning;
    if (!reaches(key, entry.is_object, page.from())) continue;
    if (entry.is_object) {
      const auto step = page.offer(key);
      if (step == PageBuilder::Step::stop) break;
      if (step == PageBuilder::Step::take) page.add(std::move(entry.info));
      continue;
    }
    // Behind the prefix there is nothing to find: what it begins with is above it and does not go on from it.
    if (key > options.prefix && !key.starts_with(options.prefix)) break;
    ListedFolder below{.names = folder.names, .prefix = std::move(key)};
    below.names.push_back(entry.name);
    if (folder.fd) {
      auto opened = LocalFolder::open_child(folder.fd.get(), entry.name, call);
      if (!opened && opened.error().code() == ErrorCode::not_found) continue;  // pruned since it was listed
      if (!opened) return std::move(opened).error();
      below.fd = *std::move(opened);
    }
    if (open.size() > levels_kept_open) folder.fd.reset();
    open.push_back(std::move(below));
  }
  return std::move(page).finish();
}

}  // namespace docupilot::inline v1
