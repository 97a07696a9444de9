#include "http/url_rules.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace docupilot::inline v1::http {

namespace {

Error refused(const char* what, const char* hint) { return Error(ErrorCode::invalid_argument, what).hint(hint); }

bool matches(std::string_view host, std::string_view rule) {
  const auto same = [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b | 0x20) : b); };
  if (!rule.starts_with('.')) return std::ranges::equal(host, rule, same);
  return host.size() > rule.size() && std::ranges::equal(host.substr(host.size() - rule.size()), rule, same);
}

struct Block {
  std::uint32_t first;
  unsigned bits;
};
// IANA's registry of special IPv4 addresses, and what is no single host's.
constexpr std::array<Block, 15> special_v4 = {{{0x00000000U, 8},    // this network
                                               {0x0A000000U, 8},    // private
                                               {0x64400000U, 10},   // shared by a carrier's customers
                                               {0x7F000000U, 8},    // this machine
                                               {0xA9FE0000U, 16},   // one link, and metadata services
                                               {0xAC100000U, 12},   // private
                                               {0xC0000000U, 24},   // protocols
                                               {0xC0000200U, 24},   // documentation
                                               {0xC0586300U, 24},   // relays of 6to4
                                               {0xC0A80000U, 16},   // private
                                               {0xC6120000U, 15},   // benchmarks
                                               {0xC6336400U, 24},   // documentation
                                               {0xCB007100U, 24},   // documentation
                                               {0xE0000000U, 4},    // groups
                                               {0xF0000000U, 4}}};  // kept for later, and broadcast

bool is_public_v4(std::uint32_t address) noexcept {
  return std::ranges::none_of(special_v4,
                              [&](const Block& block) { return (address ^ block.first) >> (32 - block.bits) == 0; });
}

using Bytes16 = std::array<unsigned char, 16>;

bool is_public_v6(const Bytes16& bytes) noexcept {
  const auto word = [&](std::size_t at) {
    return (std::uint32_t{bytes[at]} << 24U) | (std::uint32_t{bytes[at + 1]} << 16U) |
           (std::uint32_t{bytes[at + 2]} << 8U) | bytes[at + 3];
  };
  const bool front_is_zero = word(0) == 0 && word(4) == 0;
  if (front_is_zero && (word(8) == 0 || word(8) == 0xFFFF)) return word(12) > 0xFF && is_public_v4(word(12));
  if (word(0) == 0x0064FF9BU && word(4) == 0 && word(8) == 0) return is_public_v4(word(12));  // NAT64
  if (bytes[0] >> 5U != 1) return false;                                   // all but 2000::/3 is special
  if (word(0) >> 9U == 0x20010000U >> 9U) return false;                    // 2001::/23: protocols, Teredo
  if (word(0) == 0x20010DB8U || word(0) >> 12U == 0x3FFF0U) return false;  // documentation
  if (word(0) >> 16U == 0x2002U) return is_public_v4((word(0) << 16U) | (word(4) >> 16U));  // 6to4
  return true;
}

}  // namespace

Result<void> check_url_rules(const GuardedUrl& url, const UrlRules& rules) {
  if (!url.secure) return refused("the URL does not begin with https", "ask whoever gave it for one over TLS");
  if (!rules.hosts.empty() &&
      std::ranges::none_of(rules.hosts, [&](const std::string& rule) { return matches(url.host, rule); })) {
    return refused("the URL leads to a host that is not allowed",
                   "name the host in the rules when it is to be trusted");
  }
  if (std::ranges::find(rules.ports, url.port) == rules.ports.end()) {
    return refused("the URL leads to a port that is not allowed", "name the port in the rules when it is to be used");
  }
  return {};
}

bool is_public_address(const sockaddr& address) noexcept {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return is_public_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  Bytes16 bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return is_public_v6(bytes);
}

}  // namespace docupilot::inline v1::http
