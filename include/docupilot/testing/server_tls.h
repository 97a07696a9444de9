#pragma once

#include <string>

namespace docupilot::inline v1::testing {

/// How a server of this kit speaks TLS.
struct ServerTls {
  enum class Version { tls1_0, tls1_1, tls1_2, tls1_3 };

  std::string certificate_pem = {};  ///< The certificate, and those between it and the root.
  std::string key_pem = {};
  /// PEM of the root that clients' certificates must lead to. Empty: none is asked for.
  std::string client_root_pem = {};
  Version oldest = Version::tls1_2;
  Version newest = Version::tls1_3;
  std::string ciphers = {};  ///< For TLS up to 1.2, in OpenSSL's spelling. Empty: its default.
};

}  // namespace docupilot::inline v1::testing
