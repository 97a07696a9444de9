#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/testing/server_tls.h>

namespace docupilot::inline v1::testing {

/// A certificate authority made for one test, with a root that nobody else trusts. Its certificates are made in memory;
/// a file is written only when one is asked for, in a temporary folder that goes away with the authority.
///
///     TestAuthority authority;
///     ScriptedServer server({.tls = authority.server(TestAuthority::Kind::expired)});
///     const Outcome outcome = my_program_fetches(server.url(), {.ca_file = authority.root_file()});
///     CHECK(outcome == Outcome::certificate_refused);
///     CHECK(server.ledger().snapshot().requests.empty());
///
/// Throws std::runtime_error where OpenSSL or the file system refuses. Const calls may be made from any thread.
class TestAuthority {
 public:
  /// What a certificate is like. Only `good` and `through_intermediate` should be accepted of a server.
  enum class Kind {
    good,
    through_intermediate,  ///< Good; there is one between it and the root, and the server sends it.
    missing_intermediate,  ///< There is one, and the server does not send it.
    wrong_host,            ///< For wrong.invalid alone.
    expired,               ///< A day ago.
    not_yet_valid,         ///< Until tomorrow.
    self_signed,           ///< Signed by itself.
    unknown_root,          ///< Signed by a root of the same name, with another key.
    wrong_purpose,         ///< For clients (RFC 5280, 4.2.1.12): what a client shows to a server.
    issued_by_leaf,        ///< Signed by a certificate that may not sign others.
    weak_key,              ///< RSA of 1024 bits.
    weak_signature,        ///< Signed over SHA-1.
  };
  struct Certificate {
    std::string certificate_pem;  ///< And after it what the server sends along.
    std::string key_pem;
  };

  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  /// A fresh certificate for these host names and addresses.
  [[nodiscard]] Certificate issue(Kind kind = Kind::good,
                                  const std::vector<std::string>& names = {"localhost", "127.0.0.1"}) const;
  /// A fresh certificate, as a server of this kit wants it.
  [[nodiscard]] ServerTls server(Kind kind = Kind::good) const;

  /// A list by which the root takes back those of these certificates that it signed itself (RFC 5280, 5), as PEM.
  [[nodiscard]] std::string revocation_list(const std::vector<Certificate>& revoked) const;

  [[nodiscard]] const std::string& root_pem() const noexcept;
  /// The root as a PEM file.
  [[nodiscard]] std::string root_file() const;
  /// Writes any text, such as a certificate or key, as a file that only its owner may read, and returns its path.
  /// `name` is the file's, without a folder; writing it again replaces it.
  [[nodiscard]] std::string write_file(std::string_view name, std::string_view text) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace docupilot::inline v1::testing
