#pragma once

#include <string>
#include <string_view>

#include <docupilot/base/result.h>

namespace docupilot::inline v1::http {

/// The parts of an absolute http or https URL, still percent-encoded.
struct UrlParts {
  std::string scheme;      ///< "http" or "https".
  std::string host;        ///< Lower case; with the port unless it is the scheme's own: what the Host header says.
  std::string_view path;   ///< Begins with '/'.
  std::string_view query;  ///< Behind the '?', empty when there is none.

  /// `url` must outlive the parts. Errors: invalid_argument for another scheme, a user or password, a fragment, and
  /// for what cannot stand in a request line.
  [[nodiscard]] static Result<UrlParts> split(std::string_view url);
};

}  // namespace docupilot::inline v1::http
