#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include <docupilot/base/stream.h>

#include "base/file_descriptor.h"

namespace docupilot::inline v1 {

/// A new file of mode 0600 beside its target that takes the target's place, durably, when it is kept, and goes away
/// when it is not. A file that is replaced hands on its mode. The folder is opened once: what becomes of the path
/// meanwhile leads the file nowhere else.
class PartFile final : public Writer {
 public:
  /// Where the caller says. A symbolic link is followed: the file it leads to is replaced.
  explicit PartFile(std::string target);
  /// Below a folder of the caller's, under a name that a stranger may have chosen; folders in between are made, of mode
  /// 0700. No symbolic link below the folder is followed, and none is replaced that was there at the beginning.
  PartFile(std::string folder, std::string name);
  ~PartFile() override;
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  /// Errors: invalid_argument when the target is no file name, or there and no regular file, such as a folder or
  /// device, and for a stranger's name as safe_components and for one that is a hidden name of this class;
  /// permission_denied for a symbolic link in its way; those of the operating system.
  [[nodiscard]] Result<void> open();
  /// As open, but under a hidden name that follows from the target's, and locked until this object or process ends.
  /// True: it was there, as another run left it, and its bytes may be any. What is there and no regular file, or not
  /// this user's alone, is taken away. Errors besides: conflict while another run holds it.
  [[nodiscard]] Result<bool> open_again();
  /// After open_again: a second hidden file, which stays as long as the first. It is empty when the first is new.
  [[nodiscard]] Result<FileDescriptor> open_record();

  [[nodiscard]] Result<void> write(ByteView bytes) override;
  /// For reading and writing anywhere in it.
  [[nodiscard]] int fd() const noexcept { return file_.get(); }
  /// Errors besides those of the operating system: conflict when the file is no longer under its hidden name;
  /// outcome_unknown when the file is in its place, but perhaps not after a loss of power.
  [[nodiscard]] Result<void> keep();
  /// After open_again: lets it stay for the next run.
  void leave() noexcept { is_left_ = true; }
  /// The error that `errno` stands for.
  [[nodiscard]] Error failed(std::string_view what) const;

 private:
  [[nodiscard]] Result<void> find_target();
  [[nodiscard]] Result<void> find_below();
  [[nodiscard]] Result<void> find();
  [[nodiscard]] Result<FileDescriptor> open_own(const std::string& name, bool& was_there) const;
  [[nodiscard]] bool is_named(int file, const std::string& name) const;
  [[nodiscard]] Result<void> sync_folder() const;
  [[nodiscard]] Error unusable(std::string_view what, std::string_view hint) const;
  [[nodiscard]] Error is_held() const;

  std::string target_;  // for errors, and before it is opened
  std::string stranger_;
  bool is_below_ = false;
  FileDescriptor folder_;  // in which the next three are
  std::string name_;
  std::string part_;
  std::string record_;          // empty when there is none
  std::optional<mode_t> mode_;  // of the file that is replaced
  FileDescriptor file_;
  bool is_again_ = false;
  bool was_there_ = false;
  bool is_left_ = false;
  bool kept_ = false;
};

}  // namespace docupilot::inline v1
