#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <docupilot/base/cancel.h>
#include <docupilot/base/secret.h>
#include <docupilot/http/transport.h>

namespace docupilot::inline v1::http {

/// Who a request to an AWS-like service comes from.
struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;                   ///< Empty for long-lived keys.
  std::optional<Timestamp> expires = {};  ///< Nothing: never.
  std::string source;                     ///< For people: "environment", "profile 'work'", "container endpoint", ...

  /// No key at all: requests go out unsigned.
  [[nodiscard]] bool anonymous() const noexcept { return access_key_id.empty(); }
};

/// The same for all who use them at a time. Never null.
using SharedCredentials = std::shared_ptr<const Credentials>;

/// Gives credentials, fresh ones when the old are about to expire. Calls may be made from any thread; while one
/// refreshes, others get what still holds, and no lock is held meanwhile.
class DOCUPILOT_EXPORT CredentialsProvider {
 public:
  virtual ~CredentialsProvider();
  /// Errors: not_found when this source has none (a chain asks the next), unauthenticated when it is set up and does
  /// not work (a chain stops there), those of the transport.
  [[nodiscard]] virtual Result<SharedCredentials> get(const Context& context = {}) = 0;
  /// The service refused `stale`: the next `get` must bring others. Ignored when others are held already.
  virtual void invalidate(const Credentials& stale) = 0;
};

/// What the environment says of the keys, files and endpoints below; read once, by this call only.
struct DOCUPILOT_EXPORT AwsEnvironment {
  /// Default: there are none.
  std::function<std::optional<std::string>(std::string_view name)> variable =
      [](std::string_view) -> std::optional<std::string> { return std::nullopt; };
  std::string home;  ///< Where .aws/config and .aws/credentials lie.
  [[nodiscard]] static AwsEnvironment from_env();
};

struct AwsChainOptions {
  std::string profile;  ///< Default: AWS_PROFILE, else "default". Named here, the environment's keys are not asked.
  std::string region;   ///< For STS. Default: AWS_REGION, AWS_DEFAULT_REGION, the profile's.
  std::string sts_endpoint;  ///< Default: the region's.
  /// Lets a profile name a program that prints credentials (credential_process); it is started without a shell.
  bool allow_credential_process = false;
};

/// Always the same.
[[nodiscard]] DOCUPILOT_EXPORT std::shared_ptr<CredentialsProvider> static_credentials(Credentials credentials);
/// The standard chain: environment, web identity, profile files, container endpoint, instance metadata (IMDSv2).
/// A source that is set up and fails ends the chain with its error; the error of an exhausted one tells what each said.
/// The transport is kept.
[[nodiscard]] DOCUPILOT_EXPORT std::shared_ptr<CredentialsProvider> aws_credentials(
    std::shared_ptr<Transport> transport, AwsEnvironment environment, AwsChainOptions options = {});
/// The role that `base` may assume (STS AssumeRole).
struct AssumeRoleOptions {
  std::string role_arn;
  std::string session_name;  ///< Default: "docupilot-" and a random part. 2 to 64 of [A-Za-z0-9_+=,.@-].
  std::string external_id;
  Duration duration = Duration::milliseconds(3'600'000);  ///< 15 minutes to 12 hours. Default 1 h.
  std::string region;
  std::string sts_endpoint;
};
[[nodiscard]] DOCUPILOT_EXPORT std::shared_ptr<CredentialsProvider> assume_role(
    std::shared_ptr<Transport> transport, std::shared_ptr<CredentialsProvider> base, AssumeRoleOptions options);

/// The region: AWS_REGION, AWS_DEFAULT_REGION, the profile's; nothing when none says.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::optional<std::string>> aws_region(const AwsEnvironment& environment,
                                                                             const std::string& profile = {});

}  // namespace docupilot::inline v1::http
