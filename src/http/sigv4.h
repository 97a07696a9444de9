#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <docupilot/http/credentials.h>
#include <docupilot/http/transport.h>

#include "http/sigv4_canonical.h"
#include "http/sigv4_key.h"

namespace docupilot::inline v1::http {

// What a signature may say of a body, instead of its SHA-256 in hexadecimal.
inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view streaming_signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
inline constexpr std::string_view streaming_signed_trailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
inline constexpr std::string_view streaming_unsigned_trailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
/// The SHA-256 of nothing, in hexadecimal.
inline constexpr std::string_view empty_payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The SHA-256 of a body in memory, as a signature says it.
[[nodiscard]] std::string payload_hash(ByteView body);

/// What signing gave, for whoever goes on with it (the chunks of a streamed body).
struct Signed {
  std::string signature;  ///< 64 hexadecimal digits; empty for anonymous credentials.
  std::string date;       ///< x-amz-date, "20130524T000000Z".
  std::shared_ptr<const SigningKey> key;
};

/// Signs requests to one service in one region with AWS Signature Version 4. Any thread.
class Signer {
 public:
  Signer(std::string service, std::string region);

  /// Replaces x-amz-date, x-amz-security-token (with temporary credentials), x-amz-content-sha256 (for S3) and
  /// authorization. What is signed is the request as it stands, so nothing may change it afterwards. Anonymous
  /// credentials leave it unsigned. Errors: invalid_argument for a URL that cannot be sent.
  [[nodiscard]] Result<Signed> sign(Request& request, const Credentials& credentials, Timestamp time,
                                    std::string_view payload_hash);

  /// A URL that carries its own signature, good for `method` from `time` on. Whoever uses it must send `headers` too,
  /// with these very values. The body is not signed. Errors: invalid_argument for a URL that cannot be sent and for
  /// less than 1 s or more than 7 days; unauthenticated for anonymous credentials.
  [[nodiscard]] Result<Secret> presign(std::string_view method, std::string_view url, const Headers& headers,
                                       const Credentials& credentials, Timestamp time, Duration expires);

  /// The key of the day that `date` ("20130524T000000Z") begins with.
  [[nodiscard]] std::shared_ptr<const SigningKey> key(const Credentials& credentials, std::string_view date);

  [[nodiscard]] const std::string& region() const noexcept { return region_; }

 private:
  const std::string region_;
  const bool is_s3_;
  SigningKeyCache keys_;
};

/// Time as signatures write it: "20130524T000000Z".
[[nodiscard]] std::string signing_date(Timestamp time);

}  // namespace docupilot::inline v1::http
