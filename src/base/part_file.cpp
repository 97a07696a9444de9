#include "base/part_file.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errno_error.h"
#include "base/safe_name.h"
#include "base/try.h"
#include "crypto/digest.h"
#include "crypto/random.h"

namespace docupilot::inline v1 {

namespace {

constexpr int folder_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr int file_flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
constexpr int most_races = 100;  // with runs that end just now, and with whoever puts things in the way

constexpr std::string_view part_ending = ".part";
constexpr std::string_view record_ending = ".record";
constexpr std::size_t digest_digits = 16;

/// Hidden, short enough for any file system, different for different names, and still to be recognised by a person.
std::string hidden_name(const std::string& name) {
  constexpr std::size_t longest = 100;
  std::size_t length = std::min(name.size(), longest);
  while (length > 0 && length < name.size() && (static_cast<unsigned char>(name[length]) & 0xc0U) == 0x80) --length;
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string hidden = '.' + name.substr(0, length) + '.';
  const auto digest = crypto::sha256(as_bytes(name));
  for (std::size_t i = 0; i < digest_digits / 2; ++i) {
    const auto byte = std::to_integer<unsigned>(digest[i]);
    hidden += digits[byte >> 4U];
    hidden += digits[byte & 15U];
  }
  return hidden;
}

/// Whether it could be a hidden name with its ending, in any case of letters: the next run would believe what is
/// there.
bool is_hidden_name(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  std::string_view rest = name;
  if (rest.ends_with(part_ending)) rest.remove_suffix(part_ending.size());
  else if (rest.ends_with(record_ending)) rest.remove_suffix(record_ending.size());
  else return false;
  if (!rest.starts_with('.') || rest.size() < digest_digits + 3) return false;
  rest.remove_prefix(rest.size() - digest_digits - 1);
  return rest.front() == '.' && rest.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

bool is_of_this_user_alone(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == ::geteuid() && status.st_nlink == 1 &&
         (status.st_mode & 077U) == 0;
}

}  // namespace

PartFile::PartFile(std::string target) : target_(std::move(target)) {}

PartFile::PartFile(std::string folder, std::string name)
    : target_(std::move(folder)), stranger_(std::move(name)), is_below_(true) {}

PartFile::~PartFile() {
  if (file_ && !kept_ && !is_left_ && (!is_again_ || is_named(file_.get(), part_))) {
    if (!record_.empty()) ::unlinkat(folder_.get(), record_.c_str(), 0);
    ::unlinkat(folder_.get(), part_.c_str(), 0);
  }
  // Closing is not enough when a child process has inherited the descriptor.
  if (file_ && is_again_) ::flock(file_.get(), LOCK_UN);
}

Error PartFile::unusable(std::string_view what, std::string_view hint) const {
  return Error(ErrorCode::invalid_argument, std::string(what)).operation("download").target(target_).hint(hint);
}

Result<void> PartFile::find_target() {
  std::error_code error;
  std::filesystem::path path = target_;
  if (const auto real = std::filesystem::canonical(path, error); !error) path = real;
  target_ = path.string();
  name_ = path.filename().string();
  if (name_.empty() || name_ == "." || name_ == "..") return unusable("this is a folder", "name the file to write");
  const std::string above = path.has_parent_path() ? path.parent_path().string() : ".";
  folder_ = FileDescriptor(::open(above.c_str(), folder_flags));
  if (!folder_) return failed("cannot open the folder");
  return {};
}

Result<void> PartFile::find_below() {
  auto parts = safe_components(stranger_);
  if (!parts) return std::move(parts).error().operation("download");
  if (std::ranges::any_of(*parts, is_hidden_name)) {
    return Error(ErrorCode::invalid_argument, "this is the name of what a download that is not whole leaves")
        .operation("download")
        .target(stranger_)
        .hint("name the file to write yourself");
  }
  folder_ = FileDescriptor(::open(target_.c_str(), folder_flags));
  if (!folder_) return failed("cannot open the folder");
  (target_ += target_.ends_with('/') ? "" : "/") += stranger_;
  name_ = parts->back();
  parts->pop_back();
  for (const std::string& part : *parts) {
    if (::mkdirat(folder_.get(), part.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot make a folder");
    FileDescriptor next(::openat(folder_.get(), part.c_str(), folder_flags | O_NOFOLLOW));
    if (!next && (errno == ENOTDIR || errno == ELOOP)) {
      return Error(ErrorCode::permission_denied, "a symbolic link or file is in the place of a folder")
          .operation("download")
          .target(target_)
          .hint("move it away, or choose another folder");
    }
    if (!next) return failed("cannot open a folder");
    folder_ = std::move(next);
  }
  return {};
}

Result<void> PartFile::find() {
  if (target_.empty() || target_.find('\0') != std::string::npos) {
    return unusable("this is not a file name", "name the file to write");
  }
  DOCUPILOT_CHECK(is_below_ ? find_below() : find_target());
  struct stat there{};
  const int flags = is_below_ ? AT_SYMLINK_NOFOLLOW : 0;
  if (::fstatat(folder_.get(), name_.c_str(), &there, flags) != 0) return {};
  if (S_ISDIR(there.st_mode)) return unusable("this is a folder", "name the file to write");
  if (S_ISLNK(there.st_mode)) {
    return Error(ErrorCode::permission_denied, "a symbolic link is in the place of the file")
        .operation("download")
        .target(target_)
        .hint("move it away, or choose another folder");
  }
  if (!S_ISREG(there.st_mode)) {
    return unusable("this is no regular file", "write to standard output and redirect that");
  }
  mode_ = there.st_mode & 0777U;
  return {};
}

Result<void> PartFile::open() {
  DOCUPILOT_CHECK(find());
  part_ = name_ + ".part-" + crypto::random_hex(8);
  file_ = FileDescriptor(::openat(folder_.get(), part_.c_str(), file_flags | O_CREAT | O_EXCL, 0600));
  if (!file_) return failed("cannot make the file");
  return {};
}

Result<bool> PartFile::open_again() {
  DOCUPILOT_CHECK(find());
  part_ = hidden_name(name_).append(part_ending);
  for (int race = 0; race < most_races; ++race) {
    DOCUPILOT_TRY(FileDescriptor file, open_own(part_, was_there_));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return is_held();
      return failed("cannot lock the file");
    }
    if (!is_named(file.get(), part_)) continue;  // the run that held it has just ended
    file_ = std::move(file);
    is_again_ = true;
    return was_there_;
  }
  return is_held();
}

Result<FileDescriptor> PartFile::open_record() {
  record_ = hidden_name(name_).append(record_ending);
  bool record_was_there = false;
  DOCUPILOT_TRY(FileDescriptor record, open_own(record_, record_was_there));
  if (record_was_there && !was_there_ && ::ftruncate(record.get(), 0) != 0) return failed("cannot empty the record");
  return record;
}

Result<FileDescriptor> PartFile::open_own(const std::string& name, bool& was_there) const {
  for (int race = 0; race < most_races; ++race) {
    FileDescriptor made(::openat(folder_.get(), name.c_str(), file_flags | O_CREAT | O_EXCL, 0600));
    was_there = !made;
    if (made) return made;
    if (errno != EEXIST) return failed("cannot make the file");
    // It may be a pipe, at which one would wait.
    FileDescriptor found(::openat(folder_.get(), name.c_str(), file_flags | O_NONBLOCK | O_NOCTTY));
    if (!found && errno == ENOENT) continue;
    if (!found && errno != ELOOP && errno != ENXIO && errno != EACCES && errno != EPERM) {
      return failed("cannot open what an earlier download left");
    }
    struct stat status{};
    if (found && ::fstat(found.get(), &status) != 0) return failed("cannot look at the file");
    if (found && is_of_this_user_alone(status)) return found;
    if (found && status.st_nlink == 0) continue;
    if (::unlinkat(folder_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return failed("cannot take away what is in the way");
    }
  }
  return is_held();
}

bool PartFile::is_named(int file, const std::string& name) const {
  struct stat open{};
  struct stat named{};
  return ::fstat(file, &open) == 0 && ::fstatat(folder_.get(), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

Result<void> PartFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("cannot write the file");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> PartFile::keep() {
  if (mode_ && ::fchmod(file_.get(), *mode_) != 0) return failed("cannot set the file's mode");
  if (::fsync(file_.get()) != 0) return failed("cannot make the file durable");
  // Its name can be guessed: somebody may have put another file there.
  if (is_again_ && !is_named(file_.get(), part_)) return is_held();
  if (::renameat(folder_.get(), part_.c_str(), folder_.get(), name_.c_str()) != 0) {
    return failed("cannot put the file in its place");
  }
  kept_ = true;
  if (!record_.empty()) ::unlinkat(folder_.get(), record_.c_str(), 0);
  return sync_folder();
}

Result<void> PartFile::sync_folder() const {
  const FileDescriptor readable(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable && errno == EACCES) return {};  // a folder that may be written, not read
  if (readable && (::fsync(readable.get()) == 0 || errno == EINVAL)) return {};
  return Error(ErrorCode::outcome_unknown, "the file is there but may not survive a loss of power")
      .operation("download")
      .target(target_)
      .hint("check the disk, then download the file again")
      .cause(failed("cannot make the folder durable"));
}

Error PartFile::is_held() const {
  return Error(ErrorCode::conflict, "another download to this file is under way")
      .operation("download")
      .target(target_)
      .hint("wait for its end, or choose another file");
}

Error PartFile::failed(std::string_view what) const {
  return errno_error(errno, what).operation("download").target(target_);
}

}  // namespace docupilot::inline v1
