#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/testing/reply.h>

namespace docupilot::inline v1::testing {

/// Whether two names are the same but for the case of ASCII letters.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;
/// The first value of that name, or "".
[[nodiscard]] std::string_view find_field(const std::vector<Field>& fields, std::string_view name) noexcept;
/// Whether a list of tokens ("a, b") in a field of that name holds `token`.
[[nodiscard]] bool has_token(const std::vector<Field>& fields, std::string_view name, std::string_view token) noexcept;

/// How the end of a body is known.
struct Framing {
  enum class Kind { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

/// The header block of a message, from its first byte to its empty line.
struct Head {
  std::string first, second, third;  ///< The words of the start line; the third may hold blanks.
  std::vector<Field> fields;
  bool malformed = false;
};

/// How many bytes the header block at the front of `bytes` has, its empty line included; nothing while it is not whole.
[[nodiscard]] std::optional<std::size_t> head_size(std::string_view bytes) noexcept;
[[nodiscard]] Head parse_head(std::string_view block);
/// For a request. Nothing when its fields contradict each other.
[[nodiscard]] std::optional<Framing> request_framing(const Head& head);
/// For a reply to a request of that method. Nothing likewise.
[[nodiscard]] std::optional<Framing> reply_framing(const Head& head, int status, std::string_view method);
/// The status of a reply's head, or 0.
[[nodiscard]] int status_of(const Head& head);

}  // namespace docupilot::inline v1::testing
