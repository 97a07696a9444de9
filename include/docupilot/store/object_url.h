#pragma once

#include <string>
#include <string_view>

#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// The name of one object, or of all whose keys begin so: "s3://bucket/a%20key?region=eu-west-1" is the key "a key" of
/// the store "s3://bucket?region=eu-west-1". The key is percent-encoded (RFC 3986); nothing in it is normalised, so
/// that "s3://bucket//a/../b" names the key "/a/../b".
struct DOCUPILOT_EXPORT ObjectUrl {
  std::string store;  ///< For Registry::open_store.
  std::string key;    ///< May be empty: the whole store.

  /// Whether a text looks like such a URL, that is "SCHEME://...".
  [[nodiscard]] static bool is_url(std::string_view text) noexcept;
  /// Errors: invalid_argument: no scheme or no authority (the bucket), a bad escape, a fragment.
  [[nodiscard]] static Result<ObjectUrl> parse(std::string_view url);
};

}  // namespace docupilot::inline v1
