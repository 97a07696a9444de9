#include <docupilot/store/object_url.h>

#include <algorithm>

#include <docupilot/base/url.h>

#include "base/try.h"

namespace docupilot::inline v1 {

bool ObjectUrl::is_url(std::string_view text) noexcept {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  return std::ranges::all_of(text.substr(0, colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '.';
  });
}

Result<ObjectUrl> ObjectUrl::parse(std::string_view url) {
  const auto bad = [&](std::string message, std::string_view hint) {
    return Error(ErrorCode::invalid_argument, std::move(message))
        .operation("read a URL")
        .target(BackendUrl::redacted(url))
        .hint(hint);
  };
  DOCUPILOT_TRY(const BackendUrl parsed, BackendUrl::parse(url));
  if (!is_url(url) || parsed.authority.empty()) {
    return bad("this names no bucket", "write SCHEME://BUCKET/KEY, as in s3://bucket/key");
  }
  if (url.find('#') != std::string_view::npos) return bad("a URL of an object has no '#'", "write it as %23");
  ObjectUrl object;
  object.key = parsed.path.starts_with('/') ? parsed.path.substr(1) : parsed.path;
  object.store = parsed.scheme + "://" + parsed.authority;
  if (const std::size_t query = url.find('?'); query != std::string_view::npos) object.store += url.substr(query);
  return object;
}

}  // namespace docupilot::inline v1
