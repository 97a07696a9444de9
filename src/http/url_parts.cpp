#include "http/url_parts.h"

#include <algorithm>

#include "http/header_text.h"

namespace docupilot::inline v1::http {

namespace {

Error bad(const char* what) {
  return Error(ErrorCode::invalid_argument, what)
      .operation("sign")
      .hint("give a complete, percent-encoded http or https URL without user and password");
}

}  // namespace

Result<UrlParts> UrlParts::split(std::string_view url) {
  // Nothing but printable ASCII can be sent as it stands, and a '#' would cut the URL.
  if (std::ranges::any_of(url, [](char c) { return c <= ' ' || c >= '\x7f' || c == '#'; })) {
    return bad("the URL has characters that cannot be sent");
  }
  UrlParts parts;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return bad("the URL has no scheme");
  parts.scheme = to_lower(url.substr(0, colon));
  if (parts.scheme != "http" && parts.scheme != "https") return bad("the URL is neither http nor https");
  url.remove_prefix(colon + 3);

  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  parts.host = to_lower(url.substr(0, end));
  if (parts.host.empty() || parts.host.find('@') != std::string::npos) return bad("the URL's host is missing or bad");
  const std::string_view own_port = parts.scheme == "https" ? ":443" : ":80";
  if (parts.host.ends_with(own_port)) parts.host.resize(parts.host.size() - own_port.size());
  url.remove_prefix(end);

  const std::size_t question = std::min(url.find('?'), url.size());
  parts.path = question == 0 ? std::string_view("/") : url.substr(0, question);
  if (question < url.size()) parts.query = url.substr(question + 1);
  return parts;
}

}  // namespace docupilot::inline v1::http
