#pragma once

#include <sys/stat.h>

#include <docupilot/store/object_store.h>

#include "base/errno_error.h"
#include "store/store_call.h"

namespace docupilot::inline v1 {

/// The error of a failed system call, named after the call of the store.
[[nodiscard]] inline Error system_error(const StoreCall& call, int error, std::string_view what) {
  return call.name(errno_error(error, what));
}

/// Streams the body to the descriptor's end. Returns its size. Errors: the reader's, unchanged; corrupted.
[[nodiscard]] Result<std::uint64_t> write_body(int fd, Reader& body, const StoreCall& call);
/// Streams bytes [begin, end) to the writer. Errors: the writer's, unchanged; corrupted when the file ends before.
[[nodiscard]] Result<void> read_range(int fd, std::uint64_t begin, std::uint64_t end, Writer& into,
                                      const StoreCall& call);
/// Appends all of `from` to `to`, inside the kernel where it can.
[[nodiscard]] Result<void> append_file(int from, int to, const StoreCall& call);
[[nodiscard]] Result<void> write_all(int fd, ByteView bytes, const StoreCall& call);
/// A small file of the store's own. Errors: corrupted when it is larger than `limit`.
[[nodiscard]] Result<std::string> read_small(int fd, std::size_t limit, const StoreCall& call);

/// Nanoseconds since 1970 of the last change.
[[nodiscard]] std::int64_t modified_ns(const struct stat& status) noexcept;
/// Changes with each put, because each put gives the file a modification time of its own; see write_time.
[[nodiscard]] std::string etag_of(const struct stat& status);
/// All but content type and attributes.
[[nodiscard]] ObjectInfo info_of(std::string key, const struct stat& status);

}  // namespace docupilot::inline v1
