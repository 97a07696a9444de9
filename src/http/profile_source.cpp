#include "http/profile_source.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "base/try.h"
#include "base/utf8.h"
#include "http/container_source.h"
#include "http/imds_source.h"
#include "http/process_source.h"
#include "http/profile_file.h"
#include "http/sts.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t longest_chain = 8;  // profiles that take their credentials from the next

/// The three keys, which always come from one place: a token of another would never fit.
Result<Credentials> keys_of(std::string_view source, std::string_view id, std::string_view secret,
                            std::string_view token) {
  if (id.empty() || secret.empty()) {
    return bad_setting(source, id.empty() ? "the access key is missing" : "the secret key is missing",
                       "give both or none");
  }
  if (!is_plain(id) || !is_plain(secret) || (!token.empty() && !is_plain(token))) {
    return bad_setting(source, "a key or token has characters that none has", "copy it again, on one line");
  }
  return Credentials{.access_key_id = std::string(id),
                     .secret_access_key = Secret(secret),
                     .session_token = Secret(token),
                     .source = std::string(source)};
}

class EnvironmentSource final : public CredentialSource {
 public:
  explicit EnvironmentSource(AwsEnvironment environment) : environment_(std::move(environment)) {}

  Result<FetchedCredentials> fetch(const Context&) override {
    const auto setting = [&](const char* name) { return environment_.variable(name).value_or(""); };
    const Secret secret(setting("AWS_SECRET_ACCESS_KEY"));
    const Secret token(setting("AWS_SESSION_TOKEN"));
    const std::string id = setting("AWS_ACCESS_KEY_ID");
    if (id.empty()) return no_credentials("environment", "AWS_ACCESS_KEY_ID is not set");
    DOCUPILOT_TRY(Credentials credentials, keys_of("environment", id, secret.expose(), token.expose()));
    if (const std::string expiration = setting("AWS_CREDENTIAL_EXPIRATION"); !expiration.empty()) {
      const auto time = Timestamp::parse(expiration);
      if (!time) return bad_setting("environment", "AWS_CREDENTIAL_EXPIRATION is no time", "write it as RFC 3339");
      credentials.expires = *time;
    }
    return FetchedCredentials{.credentials = std::move(credentials)};
  }

 private:
  AwsEnvironment environment_;
};

class ProfileSource final : public CredentialSource {
 public:
  ProfileSource(CredentialServices services, AwsEnvironment environment, AwsChainOptions options)
      : services_(std::move(services)),
        environment_(std::move(environment)),
        options_(std::move(options)),
        sts_(services_) {}

  Result<FetchedCredentials> fetch(const Context& context) override {
    DOCUPILOT_TRY(const AwsProfiles profiles, AwsProfiles::load(environment_));
    const ProfileChoice choice = choose_profile(environment_, options_.profile);
    DOCUPILOT_TRY(const AwsProfile* const profile, find_profile(profiles, choice));
    if (profile == nullptr) return no_credentials("profile files", "they have no profile 'default'");
    std::vector<std::string> visited;
    return resolve(profiles, choice.name, *profile, visited, context);
  }

 private:
  using Visited = std::vector<std::string>;
  Result<FetchedCredentials> resolve(const AwsProfiles& profiles, const std::string& name, const AwsProfile& profile,
                                     Visited& visited, const Context& context);
  Result<FetchedCredentials> own_keys(const std::string& name, const AwsProfile& profile, const Context& context);
  Result<FetchedCredentials> web_identity(const std::string& name, const AwsProfile& profile, const Context& context);
  Result<FetchedCredentials> role(const AwsProfiles& profiles, const std::string& name, const AwsProfile& profile,
                                  Visited& visited, const Context& context);
  Result<FetchedCredentials> base_of_role(const AwsProfiles& profiles, const std::string& name,
                                          const AwsProfile& profile, Visited& visited, const Context& context);
  [[nodiscard]] Result<StsEndpoint> endpoint() const;

  static std::string shown(const std::string& name) { return "profile '" + escape_controls(name) + "'"; }

  CredentialServices services_;
  AwsEnvironment environment_;
  AwsChainOptions options_;
  StsClient sts_;
};

Result<FetchedCredentials> ProfileSource::resolve(const AwsProfiles& profiles, const std::string& name,
                                                  const AwsProfile& profile, Visited& visited, const Context& context) {
  const bool has_role = !profile.get("role_arn").empty();
  if (has_role && !profile.get("web_identity_token_file").empty()) return web_identity(name, profile, context);
  if (has_role) return role(profiles, name, profile, visited, context);
  return own_keys(name, profile, context);
}

Result<FetchedCredentials> ProfileSource::own_keys(const std::string& name, const AwsProfile& profile,
                                                   const Context& context) {
  const auto from = [&](const AwsProfile::Settings& settings) -> Result<FetchedCredentials> {
    const auto value = [&](std::string_view key) {
      const auto found = settings.find(key);
      return found == settings.end() ? std::string_view() : std::string_view(found->second);
    };
    if (value("aws_access_key_id").empty() && value("aws_secret_access_key").empty()) {
      return no_credentials(shown(name), "it has no keys");
    }
    DOCUPILOT_TRY(Credentials credentials, keys_of(shown(name), value("aws_access_key_id"),
                                                   value("aws_secret_access_key"), value("aws_session_token")));
    return FetchedCredentials{.credentials = std::move(credentials)};
  };
  auto keys = from(profile.credentials);
  if (keys || keys.error().code() != ErrorCode::not_found) return keys;
  if (const std::string_view line = profile.get("credential_process"); !line.empty()) {
    if (options_.allow_credential_process) return run_credential_process(name, line, context);
    return Error(ErrorCode::unsupported, shown(name) + " runs a program for its credentials, which is not allowed")
        .operation("credentials")
        .hint("set AwsChainOptions::allow_credential_process if you trust the profile files");
  }
  keys = from(profile.config);
  if (keys || keys.error().code() != ErrorCode::not_found) return keys;
  if (!profile.get("sso_session").empty() || !profile.get("sso_start_url").empty()) {
    return Error(ErrorCode::unsupported, shown(name) + " signs in by IAM Identity Center, which is not supported")
        .operation("credentials")
        .hint("set credential_process = aws configure export-credentials --profile NAME in another profile");
  }
  return keys;
}

Result<StsEndpoint> ProfileSource::endpoint() const {
  std::string region = options_.region;
  if (region.empty()) {
    auto found = aws_region(environment_, options_.profile);
    if (!found) return source_failed("profile", std::move(found).error());
    region = found->value_or("");
  }
  const std::string url = options_.sts_endpoint.empty() ? environment_.variable("AWS_ENDPOINT_URL_STS").value_or("")
                                                        : options_.sts_endpoint;
  return StsEndpoint::choose(region, url);
}

Result<FetchedCredentials> ProfileSource::web_identity(const std::string& name, const AwsProfile& profile,
                                                       const Context& context) {
  DOCUPILOT_TRY(const StsEndpoint where, endpoint());
  auto credentials =
      sts_.assume_role_with_web_identity(where,
                                         {.role_arn = std::string(profile.get("role_arn")),
                                          .token_file = std::string(profile.get("web_identity_token_file")),
                                          .session_name = std::string(profile.get("role_session_name"))},
                                         context);
  if (!credentials) return source_failed(shown(name), std::move(credentials).error());
  credentials->source = shown(name);
  return FetchedCredentials{.credentials = *std::move(credentials)};
}

Result<FetchedCredentials> ProfileSource::role(const AwsProfiles& profiles, const std::string& name,
                                               const AwsProfile& profile, Visited& visited, const Context& context) {
  if (!profile.get("mfa_serial").empty()) {
    return Error(ErrorCode::unsupported, shown(name) + " asks for a one-time code, which nobody could enter here")
        .operation("credentials")
        .hint("use a role without mfa_serial");
  }
  AssumeRoleOptions options{.role_arn = std::string(profile.get("role_arn")),
                            .session_name = std::string(profile.get("role_session_name")),
                            .external_id = std::string(profile.get("external_id"))};
  if (const std::string_view text = profile.get("duration_seconds"); !text.empty()) {
    std::int64_t seconds = 0;
    const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (code != std::errc() || rest != text.data() + text.size() || seconds < 0 || seconds > 1'000'000) {
      return bad_setting(shown(name), "duration_seconds is no number", "give 900 to 43200");
    }
    options.duration = Duration::milliseconds(seconds * 1000);
  }
  visited.push_back(name);
  DOCUPILOT_TRY(const FetchedCredentials base, base_of_role(profiles, name, profile, visited, context));
  DOCUPILOT_TRY(const StsEndpoint where, endpoint());
  auto credentials = sts_.assume_role(
      where, options, [&](const Context&) -> Result<Credentials> { return base.credentials; }, {}, context);
  if (!credentials) return source_failed(shown(name), std::move(credentials).error());
  credentials->source = shown(name);
  return FetchedCredentials{.credentials = *std::move(credentials)};
}

Result<FetchedCredentials> ProfileSource::base_of_role(const AwsProfiles& profiles, const std::string& name,
                                                       const AwsProfile& profile, Visited& visited,
                                                       const Context& context) {
  const std::string next(profile.get("source_profile"));
  const std::string machine(profile.get("credential_source"));
  if (next.empty() == machine.empty()) {
    return bad_setting(shown(name), "a role needs source_profile or credential_source, and only one of them",
                       "name the profile whose keys may assume the role");
  }
  // Whoever names a base and has none is set up wrongly: the chain must not go on to somebody else's credentials.
  const auto required = [&](Result<FetchedCredentials> base) -> Result<FetchedCredentials> {
    if (base || base.error().code() != ErrorCode::not_found) return base;
    return source_failed(shown(name), std::move(base).error());
  };
  if (machine == "Environment") return required(environment_source(environment_)->fetch(context));
  if (machine == "Ec2InstanceMetadata") return required(imds_source(services_, environment_)->fetch(context));
  if (machine == "EcsContainer") return required(container_source(services_, environment_)->fetch(context));
  if (!machine.empty()) {
    return bad_setting(shown(name), "credential_source is not known",
                       "use Environment, Ec2InstanceMetadata or EcsContainer");
  }
  const AwsProfile* const source = profiles.find(next);
  if (source == nullptr) {
    return bad_setting(shown(name), "its source_profile '" + escape_controls(next) + "' is in neither profile file",
                       "check its name");
  }
  if (next == name) return required(own_keys(name, profile, context));  // the role of its own keys
  if (std::find(visited.begin(), visited.end(), next) != visited.end() || visited.size() >= longest_chain) {
    return bad_setting(shown(name), "source_profile leads in a circle", "let it end at a profile with keys");
  }
  return required(resolve(profiles, next, *source, visited, context));
}

}  // namespace

std::unique_ptr<CredentialSource> environment_source(AwsEnvironment environment) {
  return std::make_unique<EnvironmentSource>(std::move(environment));
}

std::unique_ptr<CredentialSource> profile_source(CredentialServices services, AwsEnvironment environment,
                                                 AwsChainOptions options) {
  return std::make_unique<ProfileSource>(std::move(services), std::move(environment), std::move(options));
}

}  // namespace docupilot::inline v1::http
