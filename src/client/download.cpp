#include "client/download.h"

#include <cerrno>
#include <filesystem>

#include <docupilot/source/content_hash.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errno_error.h"
#include "base/try.h"
#include "crypto/random.h"

namespace docupilot::inline v1 {

namespace {

class HashingWriter final : public Writer {
 public:
  explicit HashingWriter(Writer& next) : next_(next) {}
  Result<void> write(ByteView bytes) override {
    hash_.update(bytes);
    return next_.write(bytes);
  }
  [[nodiscard]] std::uint64_t size() const { return hash_.size(); }
  [[nodiscard]] std::string sha256() { return hash_.finish().sha256; }

 private:
  Writer& next_;
  ContentHash hash_{Hashes::sha256};
};

// A new file beside the target that goes away unless it is kept.
class TemporaryFile final : public Writer {
 public:
  explicit TemporaryFile(const std::string& target)
      : target_(target), path_(target + ".part-" + crypto::random_hex(8)) {}
  ~TemporaryFile() override {
    if (fd_ >= 0) ::close(fd_);
    if (!kept_) ::unlink(path_.c_str());
  }

  Result<void> open() {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd_ >= 0 ? Result<void>() : failed("cannot make the file");
  }
  Result<void> write(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed("cannot write the file");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }
  Result<void> keep() {
    if (::fsync(fd_) != 0) return failed("cannot make the file durable");
    if (::rename(path_.c_str(), target_.c_str()) != 0) return failed("cannot put the file in its place");
    kept_ = true;
    return {};
  }

 private:
  Error failed(std::string_view what) const { return errno_error(errno, what).operation("download").target(target_); }
  std::string target_;
  std::string path_;
  int fd_ = -1;
  bool kept_ = false;
};

}  // namespace

Result<void> download_checked(ObjectStore& store, const Document& document, Writer& into, const Context& context) {
  HashingWriter checked(into);
  DOCUPILOT_CHECK(store.get(document.object.key, checked, {}, context));
  const std::uint64_t size = checked.size();
  const std::string& expected = document.checksums.sha256;
  if (size != document.size || (!expected.empty() && checked.sha256() != expected)) {
    return Error(ErrorCode::corrupted, "the stored bytes are not those that were ingested")
        .operation("download")
        .backend(store.scheme())
        .target(document.id)
        .hint("ingest the document again from its source");
  }
  return {};
}

Result<void> download_file(ObjectStore& store, const Document& document, const std::string& path,
                           const Context& context) {
  std::error_code error;
  if (path.empty() || path.find('\0') != std::string::npos || std::filesystem::is_directory(path, error)) {
    return Error(ErrorCode::invalid_argument, "this is not a file name")
        .operation("download")
        .target(path)
        .hint("name the file to write");
  }
  TemporaryFile file(path);
  DOCUPILOT_CHECK(file.open());
  DOCUPILOT_CHECK(download_checked(store, document, file, context));
  return file.keep();
}

}  // namespace docupilot::inline v1
