#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <docupilot/base/secret.h>
#include <docupilot/http/credentials.h>

namespace docupilot::inline v1::http {

/// A signing key and what it was made from. It holds for one day, so a program makes one a day and not one a request.
struct SigningKey {
  std::string access_key_id;
  Secret secret_access_key;
  std::string date;   ///< "20130524"
  std::string scope;  ///< "20130524/us-east-1/s3/aws4_request"
  Secret key;         ///< 32 raw bytes.

  /// The signature of a string, 64 hexadecimal digits.
  [[nodiscard]] std::string sign(std::string_view string_to_sign) const;
};

/// Makes signing keys and remembers the last one. Any thread; nothing is hashed under the lock.
class SigningKeyCache {
 public:
  SigningKeyCache(std::string service, std::string region);
  [[nodiscard]] std::shared_ptr<const SigningKey> get(const Credentials& credentials, std::string_view date);

 private:
  const std::string service_;
  const std::string region_;
  std::mutex mutex_;
  std::shared_ptr<const SigningKey> last_;
};

}  // namespace docupilot::inline v1::http
