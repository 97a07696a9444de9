#include <docupilot/store/local_store.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/try.h"
#include "store/local_io.h"
#include "store/local_object_store.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::string_view backend = "file";

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_local_store(const LocalStoreOptions& options,
                                                      const LocalStoreTuning& tuning) {
  DOCUPILOT_TRY(auto folder, LocalFolder::open(options));
  return std::unique_ptr<ObjectStore>(std::make_unique<LocalStore>(std::move(folder), tuning));
}

Result<std::unique_ptr<ObjectStore>> open_local_store(LocalStoreOptions options) {
  return open_local_store(options, LocalStoreTuning());
}

std::string LocalStore::scheme() const { return std::string(backend); }

StoreCapabilities LocalStore::capabilities() const {
  return {.conditional_put = true,
          .attributes = true,
          .multipart = true,
          .deferred_put = true,
          .maximum_object_size = INT64_MAX};
}

Result<void> LocalStore::check_writable(const StoreCall& call) const {
  if (!folder_->read_only()) return {};
  return call.error(ErrorCode::permission_denied, "the store was opened read-only", "open it without read_only");
}

Result<LocalStore::OpenObject> LocalStore::open_object(const std::string& key, const StoreCall& call) const {
  const LocalNames names = names_of_key("objects", key);
  for (std::string before;;) {
    auto file = folder_->open_file(names, call);
    if (!file && file.error().code() == ErrorCode::not_found) return call.not_found();
    if (!file) return std::move(file).error();
    struct stat status = {};
    if (::fstat(file->get(), &status) != 0) return system_error(call, errno, "cannot look at the object");
    OpenObject object{.fd = *std::move(file), .info = info_of(key, status)};
    DOCUPILOT_TRY(const std::string text, attributes_.read(object.fd.get(), key, object.info.etag, call));
    // None: perhaps they were kept beside, and went when the object was replaced a moment ago. Then its file has no
    // name any more; look again.
    const bool replaced = text.empty() && ::fstat(object.fd.get(), &status) == 0 && status.st_nlink == 0;
    if (replaced && before != object.info.etag) {
      before = object.info.etag;
      continue;
    }
    DOCUPILOT_CHECK(LocalAttributes::decode(text, object.info, call));
    return object;
  }
}

Result<ObjectInfo> LocalStore::put(const std::string& key, Reader& body, const PutOptions& options,
                                   const Context& context) {
  const StoreCall call{backend, "put", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.named(check_put_options(options)));
  DOCUPILOT_CHECK(check_writable(call));
  DOCUPILOT_CHECK(call.check());
  DOCUPILOT_CHECK(check_conditions(key, options, call));  // before any byte is moved; certain only in publish
  DOCUPILOT_TRY(LocalTempFile file, temp_.make_file(call));
  DOCUPILOT_CHECK(write_body(file.fd.get(), body, call));
  return publish(std::move(file), key, options, call);
}

Result<ObjectInfo> LocalStore::get(const std::string& key, Writer& into, const GetOptions& options,
                                   const Context& context) {
  const StoreCall call{backend, "get", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.check());
  DOCUPILOT_TRY(OpenObject object, open_object(key, call));
  if (!options.if_match.empty() && options.if_match != object.info.etag) return call.precondition_failed();
  DOCUPILOT_TRY(const std::uint64_t end, call.named(end_of_range(options, object.info.size)));
  DOCUPILOT_CHECK(read_range(object.fd.get(), options.offset, end, into, call));
  return std::move(object.info);
}

Result<ObjectInfo> LocalStore::head(const std::string& key, const Context& context) {
  const StoreCall call{backend, "head", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.check());
  DOCUPILOT_TRY(OpenObject object, open_object(key, call));
  return std::move(object.info);
}

Result<void> LocalStore::remove(const std::string& key, const Context& context) {
  const StoreCall call{backend, "remove", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(check_writable(call));
  DOCUPILOT_CHECK(call.check());
  LocalNames names = names_of_key("objects", key);
  {
    DOCUPILOT_TRY(const LocalLock lock, LocalLock::take(*folder_, key, call));
    supersede(key);
    auto folder = folder_->open_folder(std::span(names).first(names.size() - 1), call);
    if (!folder && folder.error().code() == ErrorCode::not_found) return {};
    if (!folder) return std::move(folder).error();
    if (::unlinkat(folder->get(), names.back().c_str(), 0) != 0) {
      if (errno == ENOENT) return {};
      return system_error(call, errno, "cannot remove the object");
    }
    static_cast<void>(attributes_.forget_others(key, {}, call));  // harmless when left: nothing leads to it
  }
  names.pop_back();
  return folder_->prune(std::move(names), 1, call);
}

Result<ObjectInfo> LocalStore::copy(const std::string& from, const std::string& to, const Context& context) {
  const StoreCall call{backend, "copy", from, context};
  DOCUPILOT_CHECK(call.named(check_object_key(from)));
  DOCUPILOT_CHECK(call.named(check_object_key(to)));
  DOCUPILOT_CHECK(check_writable(call));
  DOCUPILOT_CHECK(call.check());
  DOCUPILOT_TRY(OpenObject object, open_object(from, call));
  DOCUPILOT_TRY(LocalTempFile file, temp_.make_file(call));
  DOCUPILOT_CHECK(append_file(object.fd.get(), file.fd.get(), call));
  return publish(std::move(file), to, {.content_type = object.info.content_type, .attributes = object.info.attributes},
                 call);
}

Result<std::vector<std::string>> LocalStore::sweep_temporary(Duration older_than, bool dry_run,
                                                             const Context& context) {
  const StoreCall call{backend, "sweep_temporary", {}, context};
  if (!dry_run) DOCUPILOT_CHECK(check_writable(call));
  return temp_.sweep(older_than, dry_run, call);
}

}  // namespace docupilot::inline v1
