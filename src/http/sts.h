#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/credential_source.h"

namespace docupilot::inline v1::http {

/// Where STS is and how it is signed for.
struct StsEndpoint {
  std::string url;
  std::string region;

  /// `url` when it is not empty, else the region's own; without a region the global one, which signs as us-east-1.
  /// Errors: unauthenticated for what is no region.
  [[nodiscard]] static Result<StsEndpoint> choose(const std::string& region, const std::string& url);
};

struct WebIdentity {
  std::string role_arn;
  std::string token_file;    ///< Read for each call, since it changes.
  std::string session_name;  ///< Default: "docupilot-" and a random part.
};

/// Exchanges credentials for those of a role. For one thread at a time.
class StsClient {
 public:
  explicit StsClient(CredentialServices services) : services_(services), retrier_(services.retrier(3)) {}

  /// Signed with what `base` gives, anew for each attempt; `renew` is told when these were refused as expired and says
  /// whether there are others. Options: `region` and `sts_endpoint` are not read here.
  [[nodiscard]] Result<Credentials> assume_role(const StsEndpoint& endpoint, const AssumeRoleOptions& options,
                                                const std::function<Result<Credentials>(const Context&)>& base,
                                                const std::function<bool(const Context&)>& renew,
                                                const Context& context);
  /// Not signed at all.
  [[nodiscard]] Result<Credentials> assume_role_with_web_identity(const StsEndpoint& endpoint,
                                                                  const WebIdentity& identity, const Context& context);

 private:
  CredentialServices services_;
  Retrier retrier_;
};

/// The web identity of AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (EKS).
[[nodiscard]] std::unique_ptr<CredentialSource> web_identity_source(CredentialServices services,
                                                                    AwsEnvironment environment,
                                                                    AwsChainOptions options);

}  // namespace docupilot::inline v1::http
