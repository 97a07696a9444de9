#include "upload/download_file.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <docupilot/source/content_hash.h>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t block = std::size_t{256} << 10U;

/// Reads until `into` is full or the file ends; -1 as pread.
ssize_t read_at(int file, MutableByteView into, std::uint64_t offset) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const ssize_t count =
        ::pread(file, into.data() + filled, into.size() - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(filled);
}

}  // namespace

Error DownloadFile::failed(std::string_view what) {
  failed_ = true;
  return file_->failed(what);
}

Result<std::vector<DownloadRecord::Entry>> DownloadFile::open(const DownloadIdentity& identity, std::uint64_t ranges) {
  DOCUPILOT_TRY(const bool was_there, file_->open_again());
  record_.emplace(identity);
  DOCUPILOT_TRY(record_file_, file_->open_record());
  std::vector<std::byte> text(DownloadRecord::offset_of(ranges));
  const ssize_t length = was_there ? read_at(record_file_.get(), text, 0) : 0;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, length)));
  if (!record_->matches(text)) {
    text.clear();
    // In this order: a record without bytes would be looked at in vain, bytes without a record are only overwritten.
    if (::ftruncate(record_file_.get(), 0) != 0) return failed("cannot empty the record");
    if (::ftruncate(file_->fd(), 0) != 0) return failed("cannot empty the file");
    DOCUPILOT_CHECK(reserve(identity.size));
    DOCUPILOT_CHECK(write_at(record_file_.get(), 0, record_->head()));
  } else {
    DOCUPILOT_CHECK(reserve(identity.size));
  }
  return record_->read(text, ranges);
}

Result<void> DownloadFile::reserve(std::uint64_t size) {
  const auto length = static_cast<off_t>(size);
  if (size > INT64_MAX) {
    errno = EFBIG;
    return failed("cannot make room for the file");
  }
  int outcome = 0;
  if (size > 0) {
    do outcome = ::fallocate(file_->fd(), 0, 0, length);
    while (outcome != 0 && errno == EINTR);
  }
  // A file system that cannot set room aside tells of a full disk later.
  if (outcome != 0 && errno != EOPNOTSUPP && errno != ENOSYS) return failed("cannot make room for the file");
  if (::ftruncate(file_->fd(), length) != 0) return failed("cannot make room for the file");
  return {};
}

Result<void> DownloadFile::write_at(int file, std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("cannot write the file");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> DownloadFile::write(std::uint64_t offset, ByteView bytes) { return write_at(file_->fd(), offset, bytes); }

Result<void> DownloadFile::came(std::uint64_t offset, std::uint64_t length, const DownloadRecord::Entry& entry) {
  // Begins to write it to the disk without waiting, so that little is left to do at the end. An error shows there.
  if (length > 0) {
    static_cast<void>(
        ::sync_file_range(file_->fd(), static_cast<off_t>(offset), static_cast<off_t>(length), SYNC_FILE_RANGE_WRITE));
  }
  return write_at(record_file_.get(), DownloadRecord::offset_of(entry.index), record_->write(entry));
}

Result<std::optional<std::uint64_t>> DownloadFile::checksum(std::uint64_t offset, std::uint64_t length,
                                                            const Context& context) const {
  std::vector<std::byte> bytes(static_cast<std::size_t>(std::min<std::uint64_t>(length, block)));
  std::uint64_t crc = 0;
  while (length > 0) {
    DOCUPILOT_CHECK(context.check("download"));
    const MutableByteView part(bytes.data(), static_cast<std::size_t>(std::min<std::uint64_t>(length, bytes.size())));
    if (read_at(file_->fd(), part, offset) != static_cast<ssize_t>(part.size())) return std::optional<std::uint64_t>();
    crc = crc64nvme(part, crc);
    offset += part.size();
    length -= part.size();
  }
  return std::optional(crc);
}

Result<std::string> DownloadFile::sha256(std::uint64_t size, const Context& context) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size, block)));
  ContentHash hash(Hashes::sha256);
  while (hash.size() < size) {
    DOCUPILOT_CHECK(context.check("download"));
    const MutableByteView part(bytes.data(),
                               static_cast<std::size_t>(std::min<std::uint64_t>(size - hash.size(), bytes.size())));
    if (read_at(file_->fd(), part, hash.size()) != static_cast<ssize_t>(part.size())) {
      return failed("cannot read the file back");
    }
    hash.update(part);
  }
  return hash.finish().sha256;
}

Result<void> DownloadFile::forget() {
  if (::ftruncate(record_file_.get(), static_cast<off_t>(DownloadRecord::head_size)) != 0) {
    return failed("cannot empty the record");
  }
  return {};
}

Result<void> DownloadFile::keep() {
  auto kept = file_->keep();
  if (!kept) failed_ = true;
  return kept;
}

void DownloadFile::leave() noexcept {
  if (!failed_) file_->leave();
}

}  // namespace docupilot::inline v1
