#include "client/library.h"

#include <filesystem>

#include "base/errno_error.h"
#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

namespace fs = std::filesystem;

}  // namespace

Library::Library(Config config, ClientOptions options)
    : config_(std::move(config)),
      registry_(std::move(options.registry)),
      hooks_(std::move(options.hooks)),
      clock_(options.clock != nullptr ? *options.clock : Clock::system()),
      extractor_(make_extractor(config_.extract)) {}

bool Library::exists() const {
  // A database file that is there tells; any other backend is taken to be there.
  for (const std::string* name : {&config_.metadata, &config_.journal}) {
    const auto url = BackendUrl::parse(*name);
    std::error_code error;
    if (!url || url->scheme != "sqlite" || fs::exists(url->path, error)) return true;
  }
  return false;
}

Result<void> Library::prepare(Access access) const {
  if (access == Access::read) {
    if (exists()) return {};
    return Error(ErrorCode::not_found, "there is no library in this folder")
        .operation("open")
        .target(config_.library)
        .hint("ingest something first, or name the right folder");
  }
  if (config_.read_only) {
    return Error(ErrorCode::permission_denied, "this library was opened read-only")
        .operation("write")
        .target(config_.library)
        .hint("open it without read_only");
  }
  if (config_.library.empty()) return {};
  std::error_code error;
  fs::create_directories(config_.library, error);
  if (error)
    return errno_error(error.value(), "cannot make the library's folder").operation("open").target(config_.library);
  return {};
}

template <class Role, class Open>
Result<Role*> Library::take(Slot<Role>& slot, Access access, Open open) {
  const std::lock_guard lock(mutex_);
  if (slot.role && (slot.writable || access == Access::read)) return slot.role.get();
  DOCUPILOT_CHECK(prepare(access));
  Result<std::unique_ptr<Role>> opened = open({.read_only = config_.read_only, .hooks = hooks_});
  bool writable = !config_.read_only;
  if (!opened && access == Access::read && opened.error().code() == ErrorCode::permission_denied) {
    opened = open({.read_only = true, .hooks = hooks_});
    writable = false;
  }
  if (!opened) return std::move(opened).error();
  if (slot.role) replaced_.push_back(std::shared_ptr<Role>(std::move(slot.role)));
  slot = {.role = *std::move(opened), .writable = writable};
  return slot.role.get();
}

Result<ObjectStore*> Library::store(Access access) {
  return take(store_, access, [this](const OpenMode& mode) { return registry_.open_store(config_.store, mode); });
}
Result<std::unique_ptr<ObjectStore>> Library::open_store() const {
  return registry_.open_store(config_.store, {.read_only = config_.read_only, .hooks = hooks_});
}
Result<MetadataStore*> Library::metadata(Access access) {
  return take(metadata_, access,
              [this](const OpenMode& mode) { return registry_.open_metadata(config_.metadata, mode); });
}
Result<SearchIndex*> Library::search(Access access) {
  return take(search_, access, [this](const OpenMode& mode) { return registry_.open_search(config_.search, mode); });
}
Result<Summarizer*> Library::summarizer() {
  const std::lock_guard lock(mutex_);
  if (summarizer_) return summarizer_.get();
  DOCUPILOT_TRY(summarizer_, registry_.open_summary(config_.summary));
  return summarizer_.get();
}

Result<Journal*> Library::journal(Access access) {
  DOCUPILOT_TRY(const BackendUrl url, BackendUrl::parse(config_.journal));
  const bool in_memory = url.scheme == "memory";
  if (!in_memory && url.scheme != "sqlite") {
    return Error(ErrorCode::unsupported, "no journal has the scheme '" + url.scheme + "'")
        .operation("open")
        .target(BackendUrl::redacted(config_.journal))
        .hint("known schemes: memory, sqlite");
  }
  std::error_code error;
  if (access == Access::read && !in_memory && !fs::exists(url.path, error)) return nullptr;
  return take(journal_, access, [&](const OpenMode& mode) {
    return open_sqlite_journal(
        {.path = in_memory ? ":memory:" : url.path, .read_only = mode.read_only, .clock = &clock_});
  });
}

Result<Uploader*> Library::uploader() {
  const std::lock_guard lock(mutex_);
  DOCUPILOT_TRY(ObjectStore * store, this->store(Access::write));
  const StoreCapabilities can = store->capabilities();
  if (uploader_ || !can.remote || !can.multipart) return uploader_.get();
  // Beside the journal of jobs: who shares the one shares the other.
  DOCUPILOT_TRY(const BackendUrl url, BackendUrl::parse(config_.journal));
  UploaderOptions options{.hooks = hooks_};
  if (url.scheme == "sqlite") options.journal = fs::path(url.path).replace_filename("uploads.db").string();
  DOCUPILOT_TRY(uploader_, make_uploader({std::shared_ptr<ObjectStore>(), store}, std::move(options)));
  return uploader_.get();
}

Result<Roles> Library::roles() {
  DOCUPILOT_TRY(Journal * journal, this->journal(Access::write));
  DOCUPILOT_TRY(ObjectStore * store, this->store(Access::write));
  DOCUPILOT_TRY(MetadataStore * metadata, this->metadata(Access::write));
  DOCUPILOT_TRY(SearchIndex * search, this->search(Access::write));
  DOCUPILOT_TRY(Summarizer * summarizer, this->summarizer());
  DOCUPILOT_TRY(Uploader * uploader, this->uploader());
  return Roles{*store, *extractor_, *metadata, *search, *summarizer, *journal, clock_, hooks_, uploader};
}

}  // namespace docupilot::inline v1
