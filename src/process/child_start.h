#pragma once

#include <sys/types.h>

#include <utility>

#include "base/file_descriptor.h"
#include "process/child_process.h"

namespace docupilot::inline v1 {

/// A running program and our ends of its standard streams, which do not block. When this goes, the program and all that
/// it has started go.
class StartedChild {
 public:
  StartedChild(pid_t id, FileDescriptor to_input, FileDescriptor from_output, FileDescriptor from_errors) noexcept
      : input(std::move(to_input)), output(std::move(from_output)), errors(std::move(from_errors)), id_(id) {}
  ~StartedChild();
  StartedChild(StartedChild&& other) noexcept
      : input(std::move(other.input)),
        output(std::move(other.output)),
        errors(std::move(other.errors)),
        id_(std::exchange(other.id_, -1)) {}
  StartedChild& operator=(StartedChild&&) = delete;

  /// Whether it has ended; it keeps its id until it is collected.
  [[nodiscard]] bool has_exited() const noexcept;
  /// Ends it, with its whole group, and tells how it ended. -1 and 0 when the host has collected it before us.
  void collect(int& exit_code, int& signal) noexcept;

  FileDescriptor input;
  FileDescriptor output;
  FileDescriptor errors;

 private:
  pid_t id_;
};

/// Errors: unsupported when the program cannot be run; exhausted without descriptors, memory or processes.
[[nodiscard]] Result<StartedChild> start_child(const ChildCommand& command);

}  // namespace docupilot::inline v1
