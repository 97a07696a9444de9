#include "http/reply_head.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/try.h"
#include "http/header_text.h"

namespace docupilot::inline v1::http {

namespace {

Error broken(const char* what) {
  return Error(ErrorCode::corrupted, what).hint("is there a server that speaks HTTP/1.1 at this address?");
}

}  // namespace

void ReplyHead::start(bool to_head_request, std::uint64_t limit) {
  *this = ReplyHead();
  to_head_request_ = to_head_request;
  limit_ = limit;
}

Result<void> ReplyHead::line(std::string_view line) {
  bytes_ += line.size();
  if (limit_ != 0 && bytes_ > limit_) {
    return Error(ErrorCode::too_large, "the headers of the reply are larger than " + std::to_string(limit_) + " bytes")
        .hint("no sound server sends that many; raise header_bytes if this one must");
  }
  if (complete_) return {};  // trailers behind a chunked body: nobody asked for them
  if (!line.ends_with('\n')) return broken("a header line of the reply was cut").retryable(true);
  line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
  if (!begun_) return status_line(line);
  if (line.empty()) return end();
  return field(line);
}

Result<void> ReplyHead::status_line(std::string_view line) {
  const bool known = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  const std::string_view digits = line.substr(std::min<std::size_t>(9, line.size()), 3);
  int status = 0;
  const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  if (!known || digits.size() != 3 || problem != std::errc() || stop != digits.data() + 3 || status < 100 ||
      (line.size() > 12 && line[12] != ' ')) {
    return broken("the reply does not begin like HTTP/1.1");
  }
  begun_ = true;
  status_ = status;
  keeps_connection_ = line[7] == '1';
  return {};
}

Result<void> ReplyHead::field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    return broken("a header of the reply is folded over two lines, which readers take differently");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return broken("a header line of the reply has no name");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (!is_field_value(value)) return broken("there is a control character in a header of the reply");
  if (same_name(name, "content-length")) {
    std::uint64_t length = 0;
    const auto [stop, problem] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (value.empty() || problem != std::errc() || stop != value.data() + value.size() || length > INT64_MAX) {
      return broken("the length that the reply announces is no number");
    }
    if (has_length_ && length != length_) return broken("the reply announces two different lengths");
    has_length_ = true;
    length_ = length;
  } else if (same_name(name, "transfer-encoding")) {
    if (is_chunked_ || !same_name(value, "chunked")) return broken("the reply comes in an encoding nobody asked for");
    is_chunked_ = true;
  } else if (same_name(name, "connection") && !same_name(value, "keep-alive")) {
    keeps_connection_ = false;  // it is "close", or something that nobody asked for
  }
  headers_.add(name, value);
  return {};
}

Result<void> ReplyHead::end() {
  if (status_ == 101) return broken("the reply switches to another protocol, which nobody asked for");
  if (status_ < 200) {  // an interim reply; the real one follows
    interim_ = status_;
    headers_ = Headers();
    begun_ = has_length_ = is_chunked_ = false;
    length_ = 0;
    return {};
  }
  if (to_head_request_ || status_ == 204 || status_ == 304) {
    framing_ = Framing::none;
  } else if (has_length_ && is_chunked_) {
    return broken("the reply announces a length and chunks, which readers take differently");
  } else if (is_chunked_) {
    framing_ = Framing::chunked;
  } else if (has_length_) {
    framing_ = Framing::length;
  } else if (success()) {
    // Perhaps it was cut, and the next one will not be.
    return broken("the reply does not say how long it is, so that a cut could not be noticed").retryable(true);
  }
  complete_ = true;
  return {};
}

}  // namespace docupilot::inline v1::http
