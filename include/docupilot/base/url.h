#pragma once

#include <map>
#include <string>
#include <string_view>

#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// The name of a backend: scheme, optional authority, path, parameters (RFC 3986). Percent escapes are decoded.
/// "file:./library" has the path "./library"; "s3://bucket/a?region=eu-west-1" has authority and parameters.
struct DOCUPILOT_EXPORT BackendUrl {
  std::string scheme;     ///< Lower case: "file", "postgrest+https".
  std::string authority;  ///< What stands between // and the path, undecoded; empty when there is no //.
  std::string path;
  std::map<std::string, std::string> parameters;

  /// Errors: invalid_argument: no scheme, a bad escape, a NUL byte, a parameter given twice.
  [[nodiscard]] static Result<BackendUrl> parse(std::string_view url);
  /// For people: with the password of the authority and the values of parameters that may be secret as ***.
  [[nodiscard]] static std::string redacted(std::string_view url);
};

}  // namespace docupilot::inline v1
