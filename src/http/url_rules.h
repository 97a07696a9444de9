#pragma once

#include <docupilot/http/transport.h>

#include "http/url_guard.h"

struct sockaddr;

namespace docupilot::inline v1::http {

/// Whether a URL from outside obeys the rules, as far as it tells by itself. Errors: invalid_argument.
[[nodiscard]] Result<void> check_url_rules(const GuardedUrl& url, const UrlRules& rules);

/// Whether connections of this request are for public addresses alone.
[[nodiscard]] inline bool needs_public_address(const Request& request) noexcept {
  return request.url_rules && !request.url_rules->allow_private_addresses;
}

/// Whether this is an address of the public internet: none of this machine, of a private or shared network, of one
/// link, of documentation or tests, of groups, or kept for later. Of an IPv6 address that stands for an IPv4 one
/// (mapped, NAT64, 6to4), the IPv4 one counts. False for what is no internet address.
[[nodiscard]] bool is_public_address(const sockaddr& address) noexcept;

}  // namespace docupilot::inline v1::http
