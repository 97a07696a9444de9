#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "request.h"

namespace sink {

/// The one who may upload.
struct Key {
  std::string id;
  std::string secret;
};

/// What a good signature leaves behind for the chunks of its body.
struct SignedBy {
  std::string key;        ///< 32 raw bytes: the key of the day.
  std::string date;       ///< "20130524T000000Z"
  std::string scope;      ///< "20130524/us-east-1/s3/aws4_request"
  std::string signature;  ///< Of the head, 64 hexadecimal digits: the seed of the first chunk.
};

/// How a request is signed, in its head or its query.
struct Verdict {
  bool anonymous = false;  ///< Not at all.
  std::string fault;       ///< What is wrong with it; empty: nothing.
  SignedBy by;
};

/// AWS Signature Version 4, worked out from the text of the specification and not by the library's own signer, so that
/// a mistake there cannot hide here. The day's key is made from the scope that the request names.
[[nodiscard]] Verdict verify_signature(const Request& request, const Key& key);

/// The signature of a chunk ("AWS4-HMAC-SHA256-PAYLOAD") or of the trailers ("AWS4-HMAC-SHA256-TRAILER") behind
/// `before`; `hashes` is the rest of what is signed.
[[nodiscard]] std::string chunk_signature(const SignedBy& by, std::string_view kind, std::string_view before,
                                          std::string_view hashes);

}  // namespace sink
