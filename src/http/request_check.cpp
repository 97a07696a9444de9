#include "http/request_check.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/try.h"
#include "http/header_text.h"
#include "http/url_guard.h"
#include "http/url_rules.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t most_header_bytes = 64U << 10U;

// What the transport itself decides, or what belongs to one connection and not to a request (RFC 9110, 7.6.1).
constexpr std::array<std::string_view, 11> reserved_names = {
    "Connection",        "Transfer-Encoding", "TE",         "Trailer",        "Expect",
    "Upgrade",           "Proxy-Connection",  "Keep-Alive", "HTTP2-Settings", "Proxy-Authorization",
    "Proxy-Authenticate"};

Error wrong(std::string message, const char* hint) {
  return Error(ErrorCode::invalid_argument, std::move(message)).hint(hint);
}

// Path and query of a URL that has an escape in small letters, else nothing.
std::string path_of_small_escapes(std::string_view url) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'f'; };
  const std::size_t start = url.find_first_of("/?", url.find("://") + 3);
  for (std::size_t at = url.find('%', start); at < url.size(); at = url.find('%', at + 1)) {  // they are whole
    if (is_small(url[at + 1]) || is_small(url[at + 2])) {
      return (url[start] == '/' ? "" : "/") + std::string(url.substr(start));
    }
  }
  return {};
}

Result<void> check_field(const Headers::Field& field, std::uint64_t length) {
  if (!is_token(field.name)) {
    return wrong("a header has a name that cannot be sent", "names are letters, digits and hyphens");
  }
  if (!is_field_value(field.value)) {
    return wrong("there is a control character in the header " + std::string(field.name),
                 "encode the value; a line break would start another header");
  }
  for (const std::string_view reserved : reserved_names) {
    if (same_name(field.name, reserved)) {
      return wrong("the header " + std::string(field.name) + " is decided by the transport", "leave it out");
    }
  }
  if (same_name(field.name, "Content-Length") && field.value != std::to_string(length)) {
    return wrong("the header Content-Length differs from the length of the body", "leave it out");
  }
  return {};
}

}  // namespace

void CheckedRequest::add_line(std::string_view name, std::string_view value) {
  lines_ += name;
  // libcurl drops "Name:" and sends "Name;" as a header without a value.
  if (trim_blanks(value).empty()) {
    lines_ += ';';
  } else {
    lines_ += ": ";
    lines_ += value;
  }
  lines_ += '\0';
}

curl_slist* CheckedRequest::header_list(const Request& request) {
  lines_.clear();
  const auto add_bare = [&](std::string_view line) { lines_.append(line).push_back('\0'); };
  // What libcurl would add: "Accept: */*", and "Expect: 100-continue" when it thinks best.
  if (!request.headers.find("Accept")) add_bare("Accept:");
  if (shape == Shape::body) add_bare(asks_first(request) ? "Expect: 100-continue" : "Expect:");
  for (const Headers::Field& field : request.headers.fields()) {
    if (!same_name(field.name, "Content-Length")) add_line(field.name, field.value);
  }
  chain_.resize(static_cast<std::size_t>(std::ranges::count(lines_, '\0')));
  char* line = lines_.data();
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    chain_[i].data = line;
    chain_[i].next = i + 1 < chain_.size() ? &chain_[i + 1] : nullptr;
    line += std::strlen(line) + 1;
  }
  return chain_.empty() ? nullptr : chain_.data();
}

Result<CheckedRequest> check_request(const Request& request, bool allow_plaintext) {
  DOCUPILOT_TRY(GuardedUrl url, guard_url(request.url, allow_plaintext || request.host_service));
  CheckedRequest checked;
  checked.url = std::move(url.url);
  checked.target = std::move(url.target);
  checked.path = path_of_small_escapes(checked.url);

  const auto refuse = [&](Error error) { return std::move(error).operation("request").target(checked.target); };
  if (request.url_rules) {
    if (request.host_service) return refuse(wrong("a service of the host has a URL from outside", "choose one"));
    if (auto fine = check_url_rules(url, *request.url_rules); !fine) return refuse(std::move(fine).error());
  }
  const std::string& method = request.method;
  if (!is_token(method) || method.size() > 32) return refuse(wrong("this is no HTTP method", "use GET, PUT, ..."));
  if (method == "CONNECT" || method == "TRACE")
    return refuse(wrong(method + " is not supported", "use another method"));
  const int bodies =
      (request.body.empty() ? 0 : 1) + (request.reader != nullptr ? 1 : 0) + (request.source != nullptr ? 1 : 0);
  if (bodies > 1) return refuse(wrong("the request has more than one body", "give one of body, reader and source"));
  if (request.writer != nullptr && request.sink != nullptr) {
    return refuse(wrong("the reply has more than one place to go", "give one of writer and sink"));
  }
  const bool streamed = request.reader != nullptr || request.source != nullptr;
  if (!streamed && request.length != 0 && request.length != request.body.size()) {
    return refuse(wrong("a length is given that is not the body's", "leave it out"));
  }
  checked.length = streamed ? request.length : request.body.size();
  if (checked.length > INT64_MAX) return refuse(wrong("the body is too long", "send at most 2^63 - 1 bytes"));
  if (method == "HEAD") {
    if (bodies > 0) return refuse(wrong("HEAD has no body", "leave it out"));
    checked.shape = CheckedRequest::Shape::head;
  } else if (bodies > 0 || method == "PUT" || method == "POST" || method == "PATCH") {
    checked.shape = CheckedRequest::Shape::body;  // of no bytes, perhaps: "Content-Length: 0" is sent
  }

  std::size_t bytes = 0;
  bool has_host = false;
  for (const Headers::Field& field : request.headers.fields()) {
    if (auto fine = check_field(field, checked.length); !fine) return refuse(std::move(fine).error());
    if (same_name(field.name, "Host") && std::exchange(has_host, true)) {
      return refuse(wrong("the header Host is given twice", "readers take either: leave one out"));
    }
    bytes += field.name.size() + field.value.size() + 4;
  }
  if (bytes > most_header_bytes) {
    return refuse(Error(ErrorCode::too_large, "the headers are larger than 64 KiB").hint("servers refuse that many"));
  }
  return checked;
}

}  // namespace docupilot::inline v1::http
