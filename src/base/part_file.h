#pragma once

#include <string>

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
  /// device, and for a stranger's name as safe_components; permission_denied for a symbolic link in its way; those of
  /// the operating system.
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<void> write(ByteView bytes) override;
  [[nodiscard]] Result<void> keep();

 private:
  [[nodiscard]] Result<void> find_target();
  [[nodiscard]] Result<void> find_below();
  [[nodiscard]] Error failed(std::string_view what) const;
  [[nodiscard]] Error unusable(std::string_view what, std::string_view hint) const;

  std::string target_;  // for errors, and before it is opened
  std::string stranger_;
  bool is_below_ = false;
  FileDescriptor folder_;  // in which the next two are
  std::string name_;
  std::string part_;
  FileDescriptor file_;
  bool kept_ = false;
};

}  // namespace docupilot::inline v1
