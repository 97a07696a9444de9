#pragma once

#include <string>
#include <vector>

#include "testing/openssl_pointers.h"

namespace docupilot::inline v1::testing {

/// A certificate and the key that belongs to it.
struct Identity {
  CertificatePointer certificate;
  KeyPointer key;
};

/// What a certificate is to say.
struct CertificateWish {
  std::string subject;
  bool may_sign = false;
  bool for_clients = false;  ///< Else for servers. Without meaning where it may sign.
  std::vector<std::string> names = {};
  long from = -86'400;  ///< Seconds from now.
  long until = 30 * 86'400L;
  bool weak_key = false;
  bool weak_signature = false;
};

/// Makes a certificate with a fresh key, signed by `issuer` or, for null, by itself. Throws std::runtime_error.
[[nodiscard]] Identity make_identity(const CertificateWish& wish, const Identity* issuer);
/// PEM of a list, good for a day, in which `issuer` takes back certificates, each the first of its PEM. Throws
/// likewise.
[[nodiscard]] std::string make_revocation_list(const Identity& issuer, const std::vector<std::string>& pems);
[[nodiscard]] std::string pem_of(const X509* certificate);
[[nodiscard]] std::string pem_of(const EVP_PKEY* key);

}  // namespace docupilot::inline v1::testing
