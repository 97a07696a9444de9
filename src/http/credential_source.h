#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include <docupilot/http/credentials.h>

#include "http/retry.h"
#include "http/sleeper.h"

namespace docupilot::inline v1::http {

/// What the sources of credentials work with; tests give their own.
struct CredentialServices {
  std::shared_ptr<Transport> transport;
  Clock* clock = &Clock::system();
  Sleeper* sleeper = &Sleeper::system();
  std::function<double()> random = crypto::random_part;

  /// A retry loop with these, of `attempts` attempts.
  [[nodiscard]] RetrierOptions retrier(unsigned attempts) const {
    return {.policy = {.attempts = attempts}, .clock = clock, .sleeper = sleeper, .random = random};
  }
};

struct FetchedCredentials {
  Credentials credentials;
  /// They go on to be used past their expiry when no others can be had: instance metadata hands out expired ones during
  /// an outage of its own, and the services are told to take them.
  bool outlives_expiry = false;
};

/// One place that credentials come from, without a memory of its own: each call reads and asks anew. Calls come one at
/// a time.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// Errors: not_found when the place has none, so that another may be asked; unauthenticated when it is set up and
  /// does not work; unavailable, timeout, rate_limited and cancelled for what passes.
  [[nodiscard]] virtual Result<FetchedCredentials> fetch(const Context& context) = 0;
};

/// `below` as the failure of a source that is set up: kept in kind when it passes, else `unauthenticated`.
[[nodiscard]] inline Error source_failed(std::string_view source, Error below) {
  const bool passes = below.code() == ErrorCode::unavailable || below.code() == ErrorCode::timeout ||
                      below.code() == ErrorCode::rate_limited || below.code() == ErrorCode::cancelled;
  Error error(passes ? below.code() : ErrorCode::unauthenticated, std::string(source) + " gave no credentials");
  error =
      std::move(error).operation("credentials").service(below.http_status(), below.service_code(), below.request_id());
  error = std::move(error).attempts(below.attempts()).hint(below.hint());
  error = std::move(error).cause(std::move(below));
  return error;
}

[[nodiscard]] inline Error no_credentials(std::string_view source, std::string_view why) {
  return Error(ErrorCode::not_found, std::string(source) + ": " + std::string(why)).operation("credentials");
}

[[nodiscard]] inline Error bad_setting(std::string_view source, std::string_view what, std::string_view hint) {
  return Error(ErrorCode::unauthenticated, std::string(source) + ": " + std::string(what))
      .operation("credentials")
      .hint(hint);
}

/// Whether it can go into a header as it is: not empty, printable ASCII without blanks.
[[nodiscard]] inline bool is_plain(std::string_view text) noexcept {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return !text.empty();
}

}  // namespace docupilot::inline v1::http
