#include "source/file_source.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

/// One system call reads no more, so that deadline and stop request are looked at in time on a slow disk. Larger reads
/// are not faster.
constexpr std::size_t most_at_once = std::size_t{1} << 20U;

std::int64_t nanoseconds(const struct timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Links resolved in the folder but not in the file's own name: "latest.pdf" stays the same document whatever it points
/// to.
std::string resolved(const std::filesystem::path& path) {
  std::error_code failed;
  const auto folder = std::filesystem::canonical(path.parent_path(), failed);
  return failed ? path.string() : (folder / path.filename()).string();
}

std::string absolute(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::error_code failed;
  const auto full = std::filesystem::absolute(path, failed);
  return failed ? path : full.string();
}

}  // namespace

FileSource::FileSource(UniqueFd owned, int fd, std::uint64_t start, std::uint64_t size, std::string path,
                       std::string name)
    : owned_(std::move(owned)),
      fd_(fd),
      start_(start),
      size_(size - std::min(start, size)),
      path_(std::move(path)),
      name_(std::move(name)) {
  if (size_ > most_at_once) ::posix_fadvise(fd, static_cast<off_t>(start), 0, POSIX_FADV_SEQUENTIAL);
}

Result<std::size_t> FileSource::read_once(std::uint64_t offset, MutableByteView into) const {
  for (;;) {
    const ssize_t count =
        ::pread(fd_, into.data(), std::min(into.size(), most_at_once), static_cast<off_t>(start_ + offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return source_error(errno, "read", path_);
  }
}

Error FileSource::changed(std::string message) const {
  return Error(ErrorCode::corrupted, std::move(message))
      .operation("read")
      .backend("file")
      .target(path_)
      .hint("it is being written to: wait until it is complete, or read a copy");
}

Result<std::size_t> FileSource::read(MutableByteView into, const Context& context) {
  DOCUPILOT_CHECK(check_read(into, context));
  DOCUPILOT_TRY(const std::size_t count, read_once(place_, into));
  if (count == 0 && place_ < size_) {
    return changed("the file ended after " + std::to_string(place_) + " of " + std::to_string(size_) + " bytes");
  }
  if (count > size_ - place_) return changed("the file has more than its " + std::to_string(size_) + " bytes");
  place_ += count;
  return count;
}

Result<void> FileSource::rewind() {
  place_ = 0;
  return {};
}

Result<std::size_t> FileSource::read_at(std::uint64_t offset, MutableByteView into) {
  if (offset >= size_) return std::size_t{0};
  into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset)));
  std::size_t filled = 0;
  while (filled < into.size()) {
    DOCUPILOT_TRY(const std::size_t count, read_once(offset + filled, into.subspan(filled)));
    if (count == 0) {
      return changed("the file ended after " + std::to_string(offset + filled) + " of " + std::to_string(size_) +
                     " bytes");
    }
    filled += count;
  }
  return filled;
}

Result<SourceIdentity> FileSource::identity() const {
  struct stat status{};
  if (::fstat(fd_, &status) != 0) return source_error(errno, "identify", path_);
  std::call_once(identified_, [this] { uri_ = owned_.get() >= 0 ? resolved(path_) : path_; });
  const auto whole = static_cast<std::uint64_t>(status.st_size);
  return SourceIdentity{.uri = uri_,
                        .size = whole - std::min(start_, whole),
                        .modified_ns = nanoseconds(status.st_mtim),
                        .changed_ns = nanoseconds(status.st_ctim),
                        .device = status.st_dev,
                        .inode = status.st_ino};
}

Result<std::unique_ptr<Source>> file_source(const std::string& path) {
  if (path.find('\0') != std::string::npos) {
    return Error(ErrorCode::invalid_argument, "the path has a NUL byte")
        .operation("open")
        .backend("file")
        .target(path)
        .hint("no file can have such a name: check where the path comes from");
  }
  // Looked at before it is opened, since opening a device can act on it, and again afterwards, since something else may
  // have taken its place; O_NONBLOCK keeps even that from waiting for a FIFO's writer.
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return source_error(errno, "open", path);
  DOCUPILOT_CHECK(check_regular(status, "open", path));
  int opened = -1;
  do {
    opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } while (opened < 0 && errno == EINTR);
  if (opened < 0) return source_error(errno, "open", path);
  UniqueFd fd(opened);
  if (::fstat(opened, &status) != 0) return source_error(errno, "open", path);
  DOCUPILOT_CHECK(check_regular(status, "open", path));
  return std::make_unique<FileSource>(std::move(fd), opened, 0, static_cast<std::uint64_t>(status.st_size),
                                      absolute(path), path.substr(path.rfind('/') + 1));
}

}  // namespace docupilot::inline v1
