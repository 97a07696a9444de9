#include "http/url_guard.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "http/header_text.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t longest_url = 64U << 10U;

struct FreeCurlText {
  void operator()(char* text) const noexcept { curl_free(text); }
};
struct FreeCurlUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_hex(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Path and query: what RFC 3986 allows there, and whole percent escapes.
bool is_encoded(std::string_view rest) noexcept {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (is_alphanumeric(c)) continue;
    if (c == '%') {
      if (i + 2 >= rest.size() || !is_hex(rest[i + 1]) || !is_hex(rest[i + 2])) return false;
      i += 2;
    } else if (c == '\0' || std::string_view("-._~!$&'()*+,;=:@/?").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// A name or number of the plain kind, or an IPv6 address in brackets without a zone.
bool is_plain_host(std::string_view host) noexcept {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    return std::all_of(host.begin(), host.end(), [](char c) { return is_hex(c) || c == ':' || c == '.'; });
  }
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-') return false;
  if (host.find("..") != std::string_view::npos) return false;
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
}

// Digits and dots, or anything that a resolver may take for a number, such as 0x7f.1 or 017700000001.
bool looks_like_number(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  if (last.empty()) return true;
  if (last.starts_with("0x")) return true;
  return std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_dotted_quad(std::string_view host) noexcept {
  int parts = 0;
  while (!host.empty()) {
    const std::size_t dot = std::min(host.find('.'), host.size());
    const std::string_view part = host.substr(0, dot);
    int value = 0;
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
    for (const char c : part) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    if (value > 255) return false;
    ++parts;
    if (dot == host.size()) break;
    host.remove_prefix(dot + 1);
    if (host.empty()) return false;
  }
  return parts == 4;
}

bool is_loopback(std::string_view host) noexcept {
  if (host == "localhost" || host == "[::1]" || host.ends_with(".localhost")) return true;
  return is_dotted_quad(host) && host.starts_with("127.");
}

/// 0 for what is no port.
std::uint16_t port_in(std::string_view text) noexcept {
  unsigned value = 0;
  if (text.empty() || text.size() > 5) return 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65'535 ? static_cast<std::uint16_t>(value) : std::uint16_t{0};
}

// What libcurl takes for the host: the same text, or the guard and the sender disagree. Path and query, of which only
// harmless characters are left, have no say in it.
bool curl_reads_host(std::string_view authority, std::string_view host) {
  thread_local std::string last;  // that was fine: most requests go where the one before went
  if (authority == last) return true;
  const std::string url = "http://" + to_lower(authority) + '/';
  const std::unique_ptr<CURLU, FreeCurlUrl> parsed(curl_url());
  if (!parsed) return false;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) != CURLUE_OK) {
    return false;
  }
  char* text = nullptr;
  if (curl_url_get(parsed.get(), CURLUPART_HOST, &text, 0) != CURLUE_OK || text == nullptr) return false;
  const std::unique_ptr<char, FreeCurlText> kept(text);
  const bool same = host.front() == '[' || host == text;  // an IPv6 address may be spelled anew; it stays the same one
  if (same) last = authority;
  return same;
}

}  // namespace

std::string shown_url(std::string_view url) {
  url = url.substr(0, std::min(url.find_first_of("?#"), url.size()));
  const std::size_t scheme = url.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/\\", start), url.size());
  const std::size_t at = url.substr(start, end - start).rfind('@');
  std::string shown;
  shown.reserve(url.size());
  shown += url.substr(0, start);
  shown += url.substr(at == std::string_view::npos ? start : start + at + 1, 1'024);
  return shown;
}

Result<GuardedUrl> guard_url(std::string_view url, bool allow_plaintext) {
  const auto refuse = [&](const char* what, const char* hint) {
    return Error(ErrorCode::invalid_argument, what).operation("request").target(shown_url(url)).hint(hint);
  };
  if (url.size() > longest_url) return refuse("the URL is longer than 64 KiB", "shorten it");
  const std::size_t colon = url.find("://");
  const std::string scheme = to_lower(url.substr(0, std::min<std::size_t>(colon, 8)));
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return refuse("this is no http or https URL", "write it as https://host/path");
  }
  const std::size_t start = colon + 3;
  const std::size_t end = std::min(url.find_first_of("/?#\\", start), url.size());
  const std::string_view authority = url.substr(start, end - start);
  if (authority.find('@') != std::string_view::npos) {
    return refuse("there is a user or password in the URL", "credentials belong in the configuration, not in the URL");
  }
  if (url.find('#', end) != std::string_view::npos) {
    return refuse("there is a fragment in the URL", "a '#' in a name is written as %23");
  }
  if (!is_encoded(url.substr(end))) {
    return refuse("the URL is not percent-encoded", "write each byte RFC 3986 does not allow as %XX");
  }
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return refuse("the host of the URL is wrong", "close the bracket");
  const std::size_t port = authority.find(':', bracket);
  const std::string host = to_lower(authority.substr(0, port));
  if (!is_plain_host(host)) return refuse("the host of the URL is wrong", "write a name, or a usual IP address");
  GuardedUrl guarded;
  guarded.secure = scheme == "https";
  guarded.port = guarded.secure ? 443 : 80;
  if (port != std::string_view::npos) guarded.port = port_in(authority.substr(port + 1));
  if (guarded.port == 0) {
    return refuse("the port of the URL is wrong", "a port is a number from 1 to 65535");
  }
  if (host.front() != '[' && looks_like_number(host) && !is_dotted_quad(host)) {
    return refuse("the host of the URL is an address in an unusual spelling", "write it as 192.0.2.1");
  }
  guarded.loopback = is_loopback(host);
  if (!guarded.secure && !guarded.loopback && !allow_plaintext) {
    return refuse("without TLS everybody on the way can read and change this",
                  "use https, or set allow_plaintext (in a URL: allow_plaintext=true) when the network is trusted");
  }
  guarded.url.reserve(url.size());
  guarded.url.append(scheme).append("://").append(host);
  guarded.url += url.substr(port == std::string_view::npos ? end : start + port);
  if (!curl_reads_host(authority, host)) return refuse("this is no URL", "write it as https://host/path");
  guarded.target = shown_url(guarded.url);
  guarded.host = host;
  return guarded;
}

}  // namespace docupilot::inline v1::http
