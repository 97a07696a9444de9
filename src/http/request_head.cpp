#include "http/request_head.h"

#include <algorithm>

#include "http/header_text.h"
#include "http/url_parts.h"

namespace docupilot::inline v1::http {

namespace {

void add_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string host_of(std::string_view endpoint) {
  const auto parts = UrlParts::split(endpoint);
  return parts ? parts->host : std::string(endpoint.substr(endpoint.find("://") + 3));
}

void write_request_head(std::string& head, const Request& request, const CheckedRequest& checked, std::string_view host,
                        std::string_view user_agent) {
  const std::string_view url = checked.url;
  const std::size_t path = std::min(url.find_first_of("/?", url.find("://") + 3), url.size());
  head.assign(request.method).append(path < url.size() && url[path] == '/' ? " " : " /");
  head.append(url.substr(path)).append(" HTTP/1.1\r\n");
  if (!request.headers.find("Host")) add_field(head, "Host", host);
  if (!request.headers.find("User-Agent")) add_field(head, "User-Agent", user_agent);
  for (const Headers::Field& field : request.headers.fields()) {
    if (!same_name(field.name, "Content-Length")) add_field(head, field.name, trim_blanks(field.value));
  }
  if (checked.asks_first(request)) add_field(head, "Expect", "100-continue");
  add_field(head, "Content-Length", std::to_string(checked.length));
  head.append("\r\n");
}

}  // namespace docupilot::inline v1::http
