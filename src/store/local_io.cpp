#include "store/local_io.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/try.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t copy_step = std::size_t{8} << 20U;  // between two looks at the deadline

std::unique_ptr<std::byte[]> make_block(std::size_t size) { return std::make_unique_for_overwrite<std::byte[]>(size); }

Result<std::size_t> read_some(int fd, MutableByteView into, const StoreCall& call) {
  for (;;) {
    const ssize_t count = ::read(fd, into.data(), into.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return system_error(call, errno, "cannot read the file");
  }
}

void append_hex(std::string& text, std::uint64_t number) {
  char digits[16];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, number, 16).ptr);
}

}  // namespace

Result<void> write_all(int fd, ByteView bytes, const StoreCall& call) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(call, errno, "cannot write the temporary file");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::uint64_t> write_body(int fd, Reader& body, const StoreCall& call) {
  BodyCounter counter(body);
  const std::size_t size = counter.block();
  const auto block = make_block(size);
  for (;;) {
    DOCUPILOT_CHECK(call.check());
    DOCUPILOT_TRY(const std::size_t count, body.read({block.get(), size}, call.context));
    DOCUPILOT_CHECK(call.named(counter.add(count, size)));
    if (count == 0) break;
    DOCUPILOT_CHECK(write_all(fd, {block.get(), count}, call));
  }
  return call.named(counter.finish());
}

Result<void> read_range(int fd, std::uint64_t begin, std::uint64_t end, Writer& into, const StoreCall& call) {
  if (begin == end) return {};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(store_block, end - begin));
  const auto block = make_block(size);
  for (std::uint64_t at = begin; at < end;) {
    DOCUPILOT_CHECK(call.check());
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(size, end - at));
    const ssize_t count = ::pread(fd, block.get(), room, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(call, errno, "cannot read the object");
    if (count == 0) {
      return call.error(ErrorCode::corrupted, "the object was cut short while it was read",
                        "something else than this store changes files in its folder");
    }
    DOCUPILOT_CHECK(into.write({block.get(), static_cast<std::size_t>(count)}));
    at += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> append_file(int from, int to, const StoreCall& call) {
  for (;;) {  // moves both descriptors on, so that the fallback goes on where this stopped
    DOCUPILOT_CHECK(call.check());
    const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, copy_step, 0);
    if (count > 0) continue;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP && errno != EBADF) {
      return system_error(call, errno, "cannot copy the object");
    }
    break;  // some file systems answer 0 where they cannot: the fallback reads the end itself
  }
  const auto block = make_block(store_block);
  for (;;) {
    DOCUPILOT_CHECK(call.check());
    DOCUPILOT_TRY(const std::size_t count, read_some(from, {block.get(), store_block}, call));
    if (count == 0) return {};
    DOCUPILOT_CHECK(write_all(to, {block.get(), count}, call));
  }
}

Result<std::string> read_small(int fd, std::size_t limit, const StoreCall& call) {
  std::string text(limit + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    DOCUPILOT_TRY(const std::size_t count,
                  read_some(fd, {reinterpret_cast<std::byte*>(text.data()) + filled, text.size() - filled}, call));
    if (count == 0) break;
    filled += count;
  }
  if (filled > limit) {
    return call.error(ErrorCode::corrupted, "a file of the store is larger than the store writes it",
                      "something else changed the folder: restore it from a backup");
  }
  text.resize(filled);
  return text;
}

std::int64_t modified_ns(const struct stat& status) noexcept {
  return static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
}

std::string etag_of(const struct stat& status) {
  const std::int64_t modified = modified_ns(status);
  std::string etag;
  append_hex(etag, static_cast<std::uint64_t>(modified));
  etag += '-';
  append_hex(etag, static_cast<std::uint64_t>(status.st_size));
  if (modified % 1000 == 0) {  // a file system with coarse times: tell versions apart by their files
    etag += '-';
    append_hex(etag, status.st_ino);
  }
  return etag;
}

ObjectInfo info_of(std::string key, const struct stat& status) {
  ObjectInfo info;
  info.key = std::move(key);
  info.size = static_cast<std::uint64_t>(status.st_size);
  info.etag = etag_of(status);
  info.modified = Timestamp{modified_ns(status) / 1000};
  return info;
}

}  // namespace docupilot::inline v1
