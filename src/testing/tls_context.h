#pragma once

#include <memory>

#include <openssl/ssl.h>

#include <docupilot/testing/server_tls.h>

namespace docupilot::inline v1::testing {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

/// What a server's connections share. Throws std::runtime_error for a certificate or key that cannot be used.
[[nodiscard]] TlsContext make_tls_context(const ServerTls& tls);

/// The oldest of the errors that OpenSSL keeps for this thread, as text; forgets them all.
[[nodiscard]] std::string take_tls_error();

}  // namespace docupilot::inline v1::testing
