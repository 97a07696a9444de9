#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <docupilot/base/stream.h>

namespace docupilot::inline v1 {

/// What tells one state of a source from another without reading it: a changed file has another identity.
struct SourceIdentity {
  /// Absolute path of a file, links in its folder followed but not in its own name; empty for memory and streams.
  std::string uri = {};
  std::uint64_t size = 0;        ///< Bytes; 0 when not known.
  std::int64_t modified_ns = 0;  ///< Modification time, nanoseconds since 1970.
  std::int64_t changed_ns = 0;   ///< Inode change time (st_ctim): cannot be set back by touch.
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  /// True when there is something to compare, that is, for files.
  [[nodiscard]] bool is_set() const noexcept { return !uri.empty(); }
  bool operator==(const SourceIdentity&) const = default;
};

/// Where a document's bytes come from. One thread at a time, except that `read_at` may be called from several.
class DOCUPILOT_EXPORT Source : public Reader {
 public:
  ~Source() override;
  /// Whether `rewind` and `read_at` work.
  [[nodiscard]] virtual bool can_rewind() const = 0;
  /// Starts again at the front. Errors: unsupported for streams.
  [[nodiscard]] virtual Result<void> rewind() = 0;
  /// Reads at an offset without moving the place `read` is at (pread): returns less than asked for only at
  /// the end. Errors: unsupported for streams.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) = 0;
  /// The identity now; compare it with an earlier one to notice a file that changes while it is read.
  [[nodiscard]] virtual Result<SourceIdentity> identity() const = 0;
  /// File name, or what the caller named it; may be empty.
  [[nodiscard]] virtual std::string name() const = 0;
};

/// A regular file. Symbolic links are followed. Never blocks on a FIFO and never opens a device.
/// Errors: not_found; permission_denied; invalid_argument for directories, FIFOs, sockets and devices, and for
/// paths with a NUL byte.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<Source>> file_source(const std::string& path);

/// Memory that the caller keeps alive and unchanged until the source is gone.
[[nodiscard]] DOCUPILOT_EXPORT std::unique_ptr<Source> memory_source(ByteView bytes, std::string name = {});

/// Memory that the source owns.
[[nodiscard]] DOCUPILOT_EXPORT std::unique_ptr<Source> memory_source(std::string bytes, std::string name = {});

/// A descriptor that the caller keeps open: a file is read by pread from its present offset, a pipe or socket as a
/// stream of unknown length. Waiting for a pipe ends at the deadline or stop request.
/// Errors: invalid_argument for directories and closed descriptors.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<Source>> fd_source(int fd, std::string name = {});

/// Bytes that the caller's function makes: it fills the front of the view and returns the count, 0 at the end.
/// `size` when known: a function that ends earlier or gives more makes the read fail with `corrupted`.
[[nodiscard]] DOCUPILOT_EXPORT std::unique_ptr<Source> callback_source(
    std::function<Result<std::size_t>(MutableByteView)> fill, std::optional<std::uint64_t> size = {},
    std::string name = {});

}  // namespace docupilot::inline v1
