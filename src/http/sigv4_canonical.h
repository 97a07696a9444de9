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
  std::string signed_headers;  ///< "host;x-amz-date"
};

/// S3 signs the path as it is sent; all other services sign it normalised and encoded once more.
enum class PathRule { as_sent, normalised };

/// The query with names and values encoded once, sorted by name and then by value. Errors: invalid_argument for a
/// broken escape.
[[nodiscard]] Result<std::string> canonical_query(std::string_view wire_query);

/// `url` gives host, path and query. Of `headers` all are signed but those that things on the way may change.
[[nodiscard]] Result<CanonicalRequest> canonical_request(PathRule rule, std::string_view method, const UrlParts& url,
                                                         const Headers& headers, std::string_view payload_hash);

}  // namespace docupilot::inline v1::http
