#include "http/aws_chain.h"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "http/container_source.h"
#include "http/imds_source.h"
#include "http/profile_source.h"
#include "http/refreshing_provider.h"
#include "http/sts.h"

namespace docupilot::inline v1::http {

namespace {

/// Asks one place after the other, until one has credentials or fails.
class ChainSource final : public CredentialSource {
 public:
  explicit ChainSource(std::vector<std::unique_ptr<CredentialSource>> sources) : sources_(std::move(sources)) {}

  Result<FetchedCredentials> fetch(const Context& context) override {
    std::string said;
    std::string hint;
    for (const auto& source : sources_) {
      auto fetched = source->fetch(context);
      if (fetched || fetched.error().code() != ErrorCode::not_found) return fetched;
      said += (said.empty() ? "" : "; ") + fetched.error().message();
      if (!fetched.error().hint().empty()) hint = "; " + fetched.error().hint();
    }
    return Error(ErrorCode::not_found, "there are no AWS credentials: " + said)
        .operation("credentials")
        .hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose a profile" + hint);
  }

 private:
  std::vector<std::unique_ptr<CredentialSource>> sources_;
};

class RoleSource final : public CredentialSource {
 public:
  RoleSource(const CredentialServices& services, std::shared_ptr<CredentialsProvider> base, AssumeRoleOptions options)
      : base_(std::move(base)), options_(std::move(options)), sts_(services) {}

  Result<FetchedCredentials> fetch(const Context& context) override {
    DOCUPILOT_TRY(const StsEndpoint endpoint, StsEndpoint::choose(options_.region, options_.sts_endpoint));
    SharedCredentials used;
    const auto base = [&](const Context& call) -> Result<Credentials> {
      DOCUPILOT_TRY(used, base_->get(call));
      return *used;
    };
    const auto renew = [&](const Context& call) {
      base_->invalidate(*used);
      const auto found = base_->get(call);
      if (!found) return false;
      const Credentials& fresh = **found;
      return fresh.access_key_id != used->access_key_id || !(fresh.session_token == used->session_token);
    };
    auto credentials = sts_.assume_role(endpoint, options_, base, renew, context);
    if (!credentials) return source_failed("role", std::move(credentials).error());
    credentials->source = "role";
    return FetchedCredentials{.credentials = *std::move(credentials)};
  }

 private:
  std::shared_ptr<CredentialsProvider> base_;
  AssumeRoleOptions options_;
  StsClient sts_;
};

class StaticProvider final : public CredentialsProvider {
 public:
  explicit StaticProvider(Credentials credentials)
      : credentials_(std::make_shared<const Credentials>(std::move(credentials))) {}
  Result<SharedCredentials> get(const Context&) override { return credentials_; }
  void invalidate(const Credentials&) override {}

 private:
  const SharedCredentials credentials_;
};

}  // namespace

CredentialsProvider::~CredentialsProvider() = default;

AwsEnvironment AwsEnvironment::from_env() {
  AwsEnvironment environment;
  environment.variable = [](std::string_view name) -> std::optional<std::string> {
    const char* const value = std::getenv(std::string(name).c_str());  // NOLINT: the program asked for it
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
  environment.home = environment.variable("HOME").value_or("");
  return environment;
}

std::shared_ptr<CredentialsProvider> static_credentials(Credentials credentials) {
  if (credentials.source.empty()) credentials.source = "given in the program";
  return std::make_shared<StaticProvider>(std::move(credentials));
}

std::shared_ptr<CredentialsProvider> aws_credentials(const CredentialServices& services,
                                                     const AwsEnvironment& environment,
                                                     const AwsChainOptions& options) {
  std::vector<std::unique_ptr<CredentialSource>> sources;
  if (options.profile.empty()) {
    sources.push_back(environment_source(environment));
    sources.push_back(web_identity_source(services, environment, options));
  }
  sources.push_back(profile_source(services, environment, options));
  sources.push_back(container_source(services, environment));
  sources.push_back(imds_source(services, environment));
  return std::make_shared<RefreshingProvider>(std::make_unique<ChainSource>(std::move(sources)), services);
}

std::shared_ptr<CredentialsProvider> aws_credentials(std::shared_ptr<Transport> transport, AwsEnvironment environment,
                                                     AwsChainOptions options) {
  return aws_credentials(CredentialServices{.transport = std::move(transport)}, environment, options);
}

std::shared_ptr<CredentialsProvider> assume_role(const CredentialServices& services,
                                                 std::shared_ptr<CredentialsProvider> base, AssumeRoleOptions options) {
  return std::make_shared<RefreshingProvider>(
      std::make_unique<RoleSource>(services, std::move(base), std::move(options)), services);
}

std::shared_ptr<CredentialsProvider> assume_role(std::shared_ptr<Transport> transport,
                                                 std::shared_ptr<CredentialsProvider> base, AssumeRoleOptions options) {
  return assume_role(CredentialServices{.transport = std::move(transport)}, std::move(base), std::move(options));
}

}  // namespace docupilot::inline v1::http
