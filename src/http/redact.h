#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/secret.h>

namespace docupilot::inline v1::http {

/// Takes secrets out of text that others wrote, replies above all, before it goes into an error or a log.
///
/// Known secrets are found as they are, base64 (wherever they begin in it), percent-encoded, hexadecimal, and escaped
/// as in JSON and XML. Besides, the values of what is a secret by its name go: parameters of presigned URLs,
/// signatures, and the fields of credentials documents. To be read by many threads once all secrets are added.
class Redactor {
 public:
  /// Shorter than 4 characters it is left alone: such a text stands everywhere.
  Redactor& add(const Secret& secret);
  [[nodiscard]] std::string operator()(std::string_view text) const;

 private:
  void add_form(std::string_view form);

  std::vector<Secret> forms_;  // longest first, so that none is cut by a shorter one
};

}  // namespace docupilot::inline v1::http
