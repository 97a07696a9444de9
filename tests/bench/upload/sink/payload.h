#pragma once

#include <map>
#include <string>
#include <string_view>

#include "request.h"
#include "signature.h"

namespace sink {

/// What an error of S3 says. An empty code: there is none.
struct Refusal {
  int status = 400;
  std::string code;
  std::string message;
  [[nodiscard]] explicit operator bool() const noexcept { return !code.empty(); }
};

/// A body behind its framing, checked.
struct Payload {
  Refusal fault;
  std::string bytes;
  std::map<std::string, std::string> checksums;  ///< Those the client sent and that are right: algorithm to base64.
};

/// Reads what `raw`, the body as it came, stands for: parses aws-chunked with its signatures and trailers, and compares
/// the SHA-256 that is signed, every x-amz-checksum-*, Content-MD5 and the decoded length with the bytes.
/// `by` is null for a request without a signature. `of_object`: checksum headers are of these bytes; where a multipart
/// upload is completed they are of the whole object, and left alone here.
[[nodiscard]] Payload read_payload(const Request& request, std::string raw, const SignedBy* by, bool of_object);

}  // namespace sink
