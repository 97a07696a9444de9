#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <tuple>

#include "base/try.h"
#include "crypto/random.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "store/local_directory.h"
#include "store/local_object_store.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::string_view backend = "file";
constexpr const char* description_name = "upload";
constexpr std::size_t maximum_description = std::size_t{32} << 10U;
constexpr std::size_t id_digits = 32;
LocalNames uploads_folder() { return {"uploads"}; }

bool is_upload_id(std::string_view text) noexcept {
  return text.size() == id_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string part_name(int number) {
  std::array<char, 8> name = {};
  std::snprintf(name.data(), name.size(), "%05d", number);
  return name.data();
}

// The number of a part's file, 0 when it is none.
int part_number(std::string_view name) noexcept {
  if (name.size() != 5) return 0;
  int number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::string describe(const MultipartUpload& upload, const PutOptions& options) {
  json::Writer writer;
  writer.begin_object();
  writer.member("key", upload.key);
  writer.member("started", upload.started.to_string());
  if (options.if_absent) writer.member("if_absent", true);
  if (!options.if_match.empty()) writer.member("if_match", options.if_match);
  writer.member("object", LocalAttributes::encode(options.content_type, options.attributes));
  writer.end_object();
  return std::move(writer).text();
}

PartInfo part_info(int number, const struct stat& status) {
  return {.number = number, .size = static_cast<std::uint64_t>(status.st_size), .etag = etag_of(status)};
}

}  // namespace

Result<LocalStore::Upload> LocalStore::open_upload(const std::string& upload_id, const StoreCall& call) const {
  if (!is_upload_id(upload_id)) return call.no_upload();
  LocalNames names = uploads_folder();
  names.push_back(upload_id);
  auto folder = folder_->open_folder(names, call);
  if (!folder && folder.error().code() == ErrorCode::not_found) return call.no_upload();
  if (!folder) return std::move(folder).error();
  names.emplace_back(description_name);
  auto file = folder_->open_file(names, call);
  if (!file && file.error().code() == ErrorCode::not_found) return call.no_upload();
  if (!file) return std::move(file).error();
  DOCUPILOT_TRY(const std::string text, read_small(file->get(), maximum_description, call));

  const auto damaged = [&] {
    return call.error(ErrorCode::corrupted, "the description of the multipart upload " + upload_id + " is damaged",
                      "abort the upload and begin anew");
  };
  const auto value = json::parse(text);
  const auto* members = value ? value->get_if<Value::Map>() : nullptr;
  if (members == nullptr) return damaged();
  const auto member = [&](const char* name) -> const Value* {
    const auto found = members->find(name);
    return found == members->end() ? nullptr : &found->second;
  };
  const auto text_of = [&](const char* name) {
    const Value* found = member(name);
    return found == nullptr ? nullptr : found->get_if<std::string>();
  };
  const auto* key = text_of("key");
  const auto* started = text_of("started");
  const auto* object = text_of("object");
  if (key == nullptr || started == nullptr || object == nullptr || !check_object_key(*key)) return damaged();
  const auto time = Timestamp::parse(*started);
  if (!time) return damaged();
  ObjectInfo attributes;
  DOCUPILOT_CHECK(LocalAttributes::decode(*object, attributes, call));
  Upload upload;
  upload.folder = *std::move(folder);
  upload.upload = {.key = *key, .upload_id = upload_id, .started = *time};
  upload.options.content_type = attributes.content_type;
  upload.options.attributes = attributes.attributes;
  if (const Value* flag = member("if_absent")) upload.options.if_absent = *flag == Value(true);
  if (const auto* etag = text_of("if_match")) upload.options.if_match = *etag;
  return upload;
}

Result<LocalStore::Upload> LocalStore::open_upload(const MultipartUpload& upload, const StoreCall& call) const {
  DOCUPILOT_TRY(Upload opened, open_upload(upload.upload_id, call));
  if (opened.upload.key != upload.key) return call.no_upload();
  return opened;
}

Result<MultipartUpload> LocalStore::begin_multipart(const std::string& key, const PutOptions& options,
                                                    const Context& context) {
  const StoreCall call{backend, "begin_multipart", key, context};
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  DOCUPILOT_CHECK(call.named(check_put_options(options)));
  DOCUPILOT_CHECK(check_writable(call));
  DOCUPILOT_CHECK(call.check());
  MultipartUpload upload{.key = key, .upload_id = crypto::random_hex(id_digits), .started = Timestamp::now()};
  // The folder is made beside and moved, so that an upload is there with its description or not at all.
  DOCUPILOT_TRY(LocalTempEntry entry, temp_.make_folder(call));
  const FileDescriptor folder(
      ::openat(entry.session->fd(), entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return system_error(call, errno, "cannot open a temporary folder");
  const FileDescriptor file(
      ::openat(folder.get(), description_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file) return system_error(call, errno, "cannot make a temporary file");
  DOCUPILOT_CHECK(write_all(file.get(), as_bytes(describe(upload, options)), call));
  if (::fsync(file.get()) != 0 || ::fsync(folder.get()) != 0) {
    return system_error(call, errno, "cannot synchronise the upload");
  }
  UnsyncedFolders unsynced;
  DOCUPILOT_TRY(const FileDescriptor uploads, folder_->make_folder(uploads_folder(), unsynced, call));
  if (::renameat(entry.session->fd(), entry.name.c_str(), uploads.get(), upload.upload_id.c_str()) != 0) {
    return system_error(call, errno, "cannot begin the upload");
  }
  entry.release();
  unsynced.folders.insert(uploads_folder());
  DOCUPILOT_CHECK(folder_->sync(unsynced, call));
  return upload;
}

Result<PartInfo> LocalStore::put_part(const MultipartUpload& upload, int number, Reader& body, const Context& context) {
  const StoreCall call{backend, "put_part", upload.key, context};
  DOCUPILOT_CHECK(call.named(check_part_number(number)));
  DOCUPILOT_CHECK(check_writable(call));
  DOCUPILOT_TRY(const Upload opened, open_upload(upload, call));
  DOCUPILOT_TRY(LocalTempFile file, temp_.make_file(call));
  DOCUPILOT_CHECK(write_body(file.fd.get(), body, call));
  DOCUPILOT_CHECK(temp_.write_time(file.fd.get(), call));
  struct stat status = {};
  if (::fstat(file.fd.get(), &status) != 0) return system_error(call, errno, "cannot look at the part");
  if (::fsync(file.fd.get()) != 0) return system_error(call, errno, "cannot synchronise the part");
  if (::renameat(file.entry.session->fd(), file.entry.name.c_str(), opened.folder.get(), part_name(number).c_str()) !=
      0) {
    if (errno == ENOENT) return call.no_upload();  // aborted meanwhile
    return system_error(call, errno, "cannot put the part in its place");
  }
  file.entry.release();
  if (::fsync(opened.folder.get()) != 0) return system_error(call, errno, "cannot synchronise the upload");
  return part_info(number, status);
}

Result<std::vector<PartInfo>> LocalStore::list_parts(const MultipartUpload& upload, const Context& context) {
  const StoreCall call{backend, "list_parts", upload.key, context};
  DOCUPILOT_CHECK(call.check());
  DOCUPILOT_TRY(const Upload opened, open_upload(upload, call));
  std::vector<PartInfo> parts;
  DOCUPILOT_CHECK(visit_directory(opened.folder.get(), call, [&](const std::string& name, unsigned char type) {
    const int number = part_number(name);
    struct stat status = {};
    if (type == DT_REG && number > 0 &&
        ::fstatat(opened.folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      parts.push_back(part_info(number, status));
    }
    return Result<void>();
  }));
  std::sort(parts.begin(), parts.end(), [](const PartInfo& a, const PartInfo& b) { return a.number < b.number; });
  return parts;
}

Result<ObjectInfo> LocalStore::complete_multipart(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                                  const Context& context) {
  const StoreCall call{backend, "complete_multipart", upload.key, context};
  DOCUPILOT_TRY(const auto ordered, call.named(parts_in_order(parts)));
  DOCUPILOT_CHECK(check_writable(call));
  DOCUPILOT_TRY(const Upload opened, open_upload(upload, call));
  DOCUPILOT_TRY(LocalTempFile file, temp_.make_file(call));
  for (const PartInfo& part : ordered) {
    const FileDescriptor from(
        ::openat(opened.folder.get(), part_name(part.number).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status = {};
    if (!from && errno != ENOENT) return system_error(call, errno, "cannot open a part");
    if (!from || ::fstat(from.get(), &status) != 0 || etag_of(status) != part.etag) {
      return call.wrong_part(part.number);
    }
    DOCUPILOT_CHECK(append_file(from.get(), file.fd.get(), call));
  }
  DOCUPILOT_TRY(ObjectInfo info, publish(std::move(file), upload.key, opened.options, call));
  // The object is there. What cannot be removed now is listed as an upload and can be aborted.
  static_cast<void>(remove_upload(upload.upload_id, call));
  return info;
}

Result<void> LocalStore::abort_multipart(const MultipartUpload& upload, const Context& context) {
  const StoreCall call{backend, "abort_multipart", upload.key, context};
  DOCUPILOT_CHECK(check_writable(call));
  DOCUPILOT_CHECK(call.check());
  if (!is_upload_id(upload.upload_id)) return {};
  return remove_upload(upload.upload_id, call);
}

Result<void> LocalStore::remove_upload(const std::string& upload_id, const StoreCall& call) {
  auto uploads = folder_->open_folder(uploads_folder(), call);
  if (!uploads && uploads.error().code() == ErrorCode::not_found) return {};
  if (!uploads) return std::move(uploads).error();
  // Moved away first: it is gone at once, and a sweep finds what a crash leaves behind.
  DOCUPILOT_TRY(LocalTempEntry entry, temp_.unused(call));
  if (::renameat(uploads->get(), upload_id.c_str(), entry.session->fd(), entry.name.c_str()) != 0) {
    entry.release();
    if (errno == ENOENT) return {};
    return system_error(call, errno, "cannot remove the upload");
  }
  entry.remove();
  return {};
}

Result<std::vector<MultipartUpload>> LocalStore::list_multipart(const std::string& prefix, const Context& context) {
  const StoreCall call{backend, "list_multipart", prefix, context};
  std::vector<MultipartUpload> found;
  auto uploads = folder_->open_folder(uploads_folder(), call);
  if (!uploads && uploads.error().code() == ErrorCode::not_found) return found;
  if (!uploads) return std::move(uploads).error();
  auto visited = visit_directory(uploads->get(), call, [&](const std::string& name, unsigned char) -> Result<void> {
    auto opened = open_upload(name, call);
    if (opened && opened->upload.key.starts_with(prefix)) found.push_back(std::move(opened->upload));
    if (!opened && opened.error().code() != ErrorCode::not_found) return std::move(opened).error();
    return call.check();
  });
  if (!visited) return std::move(visited).error();
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return std::tie(a.key, a.upload_id) < std::tie(b.key, b.upload_id); });
  return found;
}

}  // namespace docupilot::inline v1
