#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/error.h>
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

/// An error that was made of a reply, its texts without secrets and control characters and then cut to what people
/// read: 500 bytes of the message, 128 of the service's code and of the request's id. In this order, or half a secret
/// would be left where the cut was. Code, hint and status stay; of anything else it must have none.
[[nodiscard]] Error cleaned(const Error& error, const Redactor& redact);

}  // namespace docupilot::inline v1::http
