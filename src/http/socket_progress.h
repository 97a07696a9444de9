#pragma once

#include <cstdint>

namespace docupilot::inline v1::http {

/// A number that grows with every byte that came in on a TCP connection or was taken by its other end, down to the last
/// one: libcurl counts lines of a header block, and what it handed to the system. Only differences mean something, and
/// only while the caller adds to what he sends (`handed`) as it goes.
[[nodiscard]] std::int64_t socket_progress(int fd, std::int64_t handed) noexcept;

}  // namespace docupilot::inline v1::http
