#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <docupilot/http/transport.h>

#include "http/url_parts.h"

namespace docupilot::inline v1::http {

/// The canonical form of a request, which client and server must make alike to the byte (AWS Signature Version 4).
struct CanonicalRequest {
  std::string text;
  std::size_t headers_at = 0;  ///< Where the names of the signed headers are in it.
  std::size_t headers_size = 0;

  /// "host;x-amz-date"
  [[nodiscard]] std::string_view signed_headers() const {
    return std::string_view(text).substr(headers_at, headers_size);
  }
};

/// S3 signs the path as it is sent; all other services sign it normalised and encoded once more.
enum class PathRule { as_sent, normalised };

/// Appends the query with names and values encoded once, sorted by name and then by value. Errors: invalid_argument for
/// a broken escape.
[[nodiscard]] Result<void> append_canonical_query(std::string& out, std::string_view wire_query);

/// `url` gives host, path and query. Of `headers` all are signed but those that things on the way may change.
[[nodiscard]] Result<CanonicalRequest> canonical_request(PathRule rule, std::string_view method, const UrlParts& url,
                                                         const Headers& headers, std::string_view payload_hash);

}  // namespace docupilot::inline v1::http
