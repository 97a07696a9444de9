#include "store/local_attributes.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/try.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "store/local_directory.h"
#include "store/local_io.h"

namespace docupilot::inline v1 {

namespace {

constexpr const char* attribute_name = "user.docupilot";
constexpr std::size_t maximum_text = std::size_t{16} << 10U;  // 2.3 KiB of text, escaped as JSON, with room

// The folder of a key has the name that a folder of the key's continuations would have.
LocalNames folder_of(const std::string& key) {
  LocalNames names = names_of_key("attributes", key + '/');
  names.pop_back();
  return names;
}

Error damaged(const StoreCall& call) {
  return call.error(ErrorCode::corrupted, "the content type and attributes of the object are damaged",
                    "put the object again");
}

}  // namespace

std::string LocalAttributes::encode(const std::string& content_type,
                                    const std::map<std::string, std::string>& attributes) {
  if (content_type.empty() && attributes.empty()) return {};
  json::Writer writer;
  writer.begin_object();
  if (!content_type.empty()) writer.member("content_type", content_type);
  if (!attributes.empty()) {
    writer.key("attributes");
    writer.begin_object();
    for (const auto& [name, value] : attributes) writer.member(name, value);
    writer.end_object();
  }
  writer.end_object();
  return std::move(writer).text();
}

Result<void> LocalAttributes::decode(std::string_view text, ObjectInfo& info, const StoreCall& call) {
  if (text.empty()) return {};
  const auto value = json::parse(text);
  const auto* object = value ? value->get_if<Value::Map>() : nullptr;
  if (object == nullptr) return damaged(call);
  for (const auto& [name, member] : *object) {
    if (name == "content_type") {
      const auto* content_type = member.get_if<std::string>();
      if (content_type == nullptr) return damaged(call);
      info.content_type = *content_type;
    } else if (name == "attributes") {
      const auto* attributes = member.get_if<Value::Map>();
      if (attributes == nullptr) return damaged(call);
      for (const auto& [attribute, held] : *attributes) {
        const auto* kept = held.get_if<std::string>();
        if (kept == nullptr) return damaged(call);
        info.attributes.emplace(attribute, *kept);
      }
    }
  }
  return {};
}

Result<bool> LocalAttributes::attach(int fd, const std::string& text, const StoreCall& call) const {
  if (text.empty()) return true;
  if (!extended_) return false;
  if (::fsetxattr(fd, attribute_name, text.data(), text.size(), 0) == 0) return true;
  // None at all, or none of this size: ext4 says ENOSPC to more than a block. On a full disk, the file beside fails
  // too.
  if (errno == ENOTSUP || errno == ENOSPC || errno == E2BIG || errno == ERANGE || errno == EPERM) return false;
  return system_error(call, errno, "cannot keep the attributes of the object");
}

Result<void> LocalAttributes::write_beside(const std::string& key, const std::string& etag, const std::string& text,
                                           UnsyncedFolders& unsynced, const StoreCall& call) {
  const LocalNames names = folder_of(key);
  DOCUPILOT_TRY(const FileDescriptor folder, folder_.make_folder(names, unsynced, call));
  unsynced.folders.insert(names);
  const FileDescriptor fd(
      ::openat(folder.get(), etag.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd) return system_error(call, errno, "cannot keep the attributes of the object");
  auto written = write_all(fd.get(), as_bytes(text), call);
  if (written && ::fsync(fd.get()) != 0) written = system_error(call, errno, "cannot synchronise a file");
  if (!written) ::unlinkat(folder.get(), etag.c_str(), 0);
  return written;
}

Result<std::string> LocalAttributes::read(int fd, const std::string& key, const std::string& etag,
                                          const StoreCall& call) const {
  if (extended_) {
    std::array<char, 512> most;
    const ssize_t size = ::fgetxattr(fd, attribute_name, most.data(), most.size());
    if (size >= 0) return std::string(most.data(), static_cast<std::size_t>(size));
    if (errno == ERANGE) {
      std::string text(maximum_text, '\0');
      const ssize_t long_size = ::fgetxattr(fd, attribute_name, text.data(), text.size());
      if (long_size < 0) return damaged(call);
      text.resize(static_cast<std::size_t>(long_size));
      return text;
    }
    if (errno != ENODATA && errno != ENOTSUP) return system_error(call, errno, "cannot read the attributes");
  }
  LocalNames names = folder_of(key);
  names.push_back(etag);
  auto file = folder_.open_file(names, call);
  if (!file && file.error().code() == ErrorCode::not_found) return std::string();
  if (!file) return std::move(file).error();
  return read_small(file->get(), maximum_text, call);
}

Result<void> LocalAttributes::forget_others(const std::string& key, const std::string& etag, const StoreCall& call) {
  const LocalNames names = folder_of(key);
  auto folder = folder_.open_folder(names, call);
  if (!folder && folder.error().code() == ErrorCode::not_found) return {};
  if (!folder) return std::move(folder).error();
  bool removed = false;
  DOCUPILOT_CHECK(visit_directory(folder->get(), call, [&](const std::string& name, unsigned char type) {
    if (type == DT_REG && name != etag) removed |= ::unlinkat(folder->get(), name.c_str(), 0) == 0;
    return Result<void>();
  }));
  return removed && etag.empty() ? folder_.prune(names, 1, call) : Result<void>();
}

}  // namespace docupilot::inline v1
