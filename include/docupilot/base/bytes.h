#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace docupilot::inline v1 {

/// A view of bytes that somebody else owns. No call of this library keeps one after it has returned.
using ByteView = std::span<const std::byte>;

/// Room for bytes that somebody else owns.
using MutableByteView = std::span<std::byte>;

/// The bytes of a text, without a copy and without a terminating zero.
[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// Bytes seen as text, without a copy and without a check: they may not be UTF-8.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace docupilot::inline v1
