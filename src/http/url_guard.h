#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <docupilot/base/result.h>

namespace docupilot::inline v1::http {

/// A URL that may be asked for.
struct GuardedUrl {
  std::string url;         ///< As given, its scheme and host in lower case.
  std::string target;      ///< For errors: without the query, which may hold a signature.
  std::string host;        ///< Lower case; an IPv6 address in brackets.
  std::uint16_t port = 0;  ///< As given, else that of the scheme.
  bool secure = false;
  bool loopback = false;  ///< The host is this machine by its name or number, whatever the resolver says.
};

/// Lets a URL through that is complete, percent-encoded and http or https, and that means the same to every reader.
///
/// Refused with `invalid_argument`: other schemes, user or password, a fragment, characters that RFC 3986 does not
/// allow in the place they stand, hosts that are numbers written in an unusual way (0x7f.1), ports out of range, and
/// http:// to another machine unless `allow_plaintext`. The parser is libcurl's own, so nothing that passes here is
/// read differently when it is sent.
[[nodiscard]] Result<GuardedUrl> guard_url(std::string_view url, bool allow_plaintext);

/// The URL without its query and fragment, and without user and password, to be shown to people.
[[nodiscard]] std::string shown_url(std::string_view url);

}  // namespace docupilot::inline v1::http
