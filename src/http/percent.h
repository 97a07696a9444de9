#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace docupilot::inline v1::http {

/// Percent-encodes every byte but the unreserved ones of RFC 3986 (letters, digits, "-._~"), in upper-case
/// hexadecimal: the one form that a signature and the wire can agree on.
[[nodiscard]] std::string percent_encode(std::string_view text);
/// Likewise, and leaves '/' alone.
[[nodiscard]] std::string percent_encode_path(std::string_view text);
/// Likewise, behind what is there.
void append_percent_encoded(std::string& out, std::string_view text);
void append_percent_encoded_path(std::string& out, std::string_view text);
/// What is percent-encoded somehow, in that form. False when an escape is broken.
[[nodiscard]] bool append_encoded_anew(std::string& out, std::string_view text);
/// The bytes behind the escapes; '+' stays '+'. Nothing when an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace docupilot::inline v1::http
