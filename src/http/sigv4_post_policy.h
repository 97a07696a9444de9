#pragma once

#include <string>
#include <utility>
#include <vector>

#include "http/sigv4.h"

namespace docupilot::inline v1::http {

/// One thing that a form upload must keep to.
struct PostCondition {
  enum class Kind { equals, starts_with, size_between };
  Kind kind = Kind::equals;
  std::string field = {};     ///< "Content-Type"; of equals and starts_with.
  std::string value = {};     ///< Likewise.
  std::uint64_t minimum = 0;  ///< Bytes of the file, both included; of size_between.
  std::uint64_t maximum = 0;
};

/// A form by which a browser may upload one file.
struct PostPolicy {
  std::string bucket;
  std::string key;  ///< `${filename}` at its end stands for the name of the file.
  Duration expires = Duration::milliseconds(600'000);
  /// Fields that the form carries besides the ones made here. Each needs a condition: one that fixes its value is
  /// added unless `conditions` names the field.
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::vector<PostCondition> conditions = {};
};

/// The fields of the form, in order; the field `file` must come behind them. A secret until the policy expires.
struct PostForm {
  std::string policy;  ///< The policy's JSON text.
  std::vector<std::pair<std::string, std::string>> fields;
};

/// Errors: unauthenticated for anonymous credentials; invalid_argument for a field that appears twice.
[[nodiscard]] Result<PostForm> sign_post_policy(Signer& signer, const PostPolicy& policy,
                                                const Credentials& credentials, Timestamp time);

}  // namespace docupilot::inline v1::http
