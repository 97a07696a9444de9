#include "testing/encoded_reply.h"

#include <algorithm>
#include <charconv>

#include "testing/http_text.h"

namespace docupilot::inline v1::testing {

namespace {

std::string_view usual_reason(int status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 416: return "Range Not Satisfiable";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

std::string chunk(std::string_view bytes) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, bytes.size(), 16).ptr;
  return std::string(digits, end) + "\r\n" + std::string(bytes) + "\r\n";
}

EncodedReply encode_verbatim(const std::string& raw) {
  EncodedReply out;
  const std::size_t size = head_size(raw).value_or(raw.size());
  out.head = raw.substr(0, size);
  out.body = raw.substr(size);
  out.status = status_of(parse_head(out.head));
  return out;
}

}  // namespace

EncodedReply encode(const Reply& reply, std::string_view method) {
  if (reply.raw) return encode_verbatim(*reply.raw);
  EncodedReply out;
  out.status = reply.status;
  const bool no_length = reply.status == 204 || reply.status / 100 == 1;
  const bool no_body = no_length || method == "HEAD" || reply.status == 304;
  out.head = "HTTP/1.1 " + std::to_string(reply.status) + " " +
             (reply.reason.empty() ? std::string(usual_reason(reply.status)) : reply.reason) + "\r\n";
  for (const auto& [name, value] : reply.headers) out.head.append(name).append(": ").append(value).append("\r\n");

  const auto untold = [&](std::string_view name) {
    return std::none_of(reply.headers.begin(), reply.headers.end(),
                        [&](const Field& field) { return same_name(field.first, name); });
  };
  const std::size_t blanks = reply.whitespace.bytes;
  if (reply.framing == Reply::Framing::length && !no_length && untold("Content-Length")) {
    out.head += "Content-Length: " + std::to_string(reply.body.size() + blanks) + "\r\n";
  }
  if (reply.framing == Reply::Framing::chunked && !no_length && untold("Transfer-Encoding")) {
    out.head += "Transfer-Encoding: chunked\r\n";
  }
  out.head += "\r\n";
  out.ends_by_closing = reply.framing == Reply::Framing::until_close && !no_body;
  if (no_body) return out;

  if (reply.framing != Reply::Framing::chunked) {
    out.body = std::string(blanks, ' ') + reply.body;
  } else {
    for (std::size_t i = 0; i < blanks; ++i) out.body += chunk(" ");
    const std::size_t most = std::max<std::size_t>(reply.chunk, 1);
    for (std::size_t at = 0; at < reply.body.size(); at += most) out.body += chunk(reply.body.substr(at, most));
    out.body += "0\r\n\r\n";
  }
  if (blanks > 0) {
    const std::size_t step = reply.framing == Reply::Framing::chunked ? chunk(" ").size() : 1;
    out.pace.push_back(Fault::drip(Fault::Place::reply_body, 0, step, reply.whitespace.wait, step * blanks));
  }
  return out;
}

}  // namespace docupilot::inline v1::testing
