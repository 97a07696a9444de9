#pragma once

#include <string>

#include <docupilot/base/stream.h>

#include "base/file_descriptor.h"

namespace docupilot::inline v1 {

/// A new file of mode 0600 beside its target that takes the target's place, durably, when it is kept, and goes away
/// when it is not. A symbolic link is followed: the file it leads to is replaced. A file that is replaced hands on its
/// mode.
class PartFile final : public Writer {
 public:
  explicit PartFile(std::string target);
  ~PartFile() override;
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  /// Errors: invalid_argument when the target is no file name, or there and no regular file, such as a folder or
  /// device; those of the operating system.
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<void> write(ByteView bytes) override;
  [[nodiscard]] Result<void> keep();

 private:
  [[nodiscard]] Error failed(std::string_view what) const;

  std::string target_;
  std::string path_;
  FileDescriptor file_;
  bool kept_ = false;
};

}  // namespace docupilot::inline v1
