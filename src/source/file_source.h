#pragma once

#include <mutex>

#include <docupilot/source/source.h>

#include "source/posix_io.h"

namespace docupilot::inline v1 {

/// A regular file from `start` to its end, through pread only: the descriptor's own offset is neither used nor moved.
class FileSource final : public Source {
 public:
  /// `owned` is closed with the source; `fd` is the same descriptor, or the caller's when `owned` is empty. `size` is
  /// that of the whole file. `path` is absolute; of a descriptor of the caller's, the one that the system knows.
  FileSource(UniqueFd owned, int fd, std::uint64_t start, std::uint64_t size, std::string path, std::string name);

  Result<std::size_t> read(MutableByteView into, const Context& context) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
  [[nodiscard]] bool can_rewind() const override { return true; }
  Result<void> rewind() override;
  Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) override;
  [[nodiscard]] Result<SourceIdentity> identity() const override;
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  [[nodiscard]] Result<std::size_t> read_once(std::uint64_t offset, MutableByteView into) const;
  [[nodiscard]] Error changed(std::string message) const;

  UniqueFd owned_;
  int fd_;
  std::uint64_t start_;
  std::uint64_t size_;  // from start_ to the end
  std::uint64_t place_ = 0;
  std::string path_;
  mutable std::once_flag identified_;
  mutable std::string uri_;  // once somebody asked: resolving links costs more than reading a small file
  std::string name_;
};

}  // namespace docupilot::inline v1
