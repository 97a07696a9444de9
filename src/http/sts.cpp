#include "http/sts.h"

#include <algorithm>

#include "base/try.h"
#include "base/utf8.h"
#include "crypto/random.h"
#include "crypto/wipe.h"
#include "http/aws_endpoint.h"
#include "http/redact.h"
#include "http/sigv4.h"
#include "http/small_file.h"
#include "http/sts_wire.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::uint64_t most_bytes = 64U << 10U;
constexpr std::size_t most_token = 20'000;  // what STS takes
constexpr std::string_view web_identity_name = "web identity";

std::string session_name(const std::string& wished) {
  return wished.empty() ? "docupilot-" + crypto::random_hex(16) : wished;
}

Result<void> check_names(std::string_view role_arn, std::string_view session) {
  if (!is_plain(role_arn) || role_arn.size() < 20 || role_arn.size() > 2048) {
    return bad_setting("STS", "the ARN of the role is none", "give one such as arn:aws:iam::123456789012:role/NAME");
  }
  if (!is_session_name(session)) {
    return bad_setting("STS", "the name of the session is bad", "use 2 to 64 of A-Z a-z 0-9 _ + = , . @ -");
  }
  return {};
}

Request form_request(const StsEndpoint& endpoint, std::string_view form) {
  Request request{.method = "POST",
                  .url = endpoint.url,
                  .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                  .body = as_bytes(form)};
  request.limits.body_bytes = most_bytes;
  request.limits.error_bytes = most_bytes;
  return request;
}

/// `judge` is http::judge or http::judge_unsigned.
template <class Judge>
Judgement judged(const Result<Response>& result, const Redactor& redact, Judge judge) {
  if (!result) return judge(result, ServiceError());
  Judgement judgement = judge(result, parse_sts_error(result->body));
  if (judgement.verdict != Verdict::done) judgement.error = cleaned(error_of(*result, judgement.said), redact);
  return judgement;
}

Result<Credentials> credentials_in(Result<Response> reply) {
  if (!reply) return std::move(reply).error();
  auto credentials = parse_assumed_role(reply->body);
  crypto::wipe(reply->body);
  return credentials;
}

}  // namespace

Result<StsEndpoint> StsEndpoint::choose(const std::string& region, const std::string& url) {
  if (!region.empty() && !is_region(region)) {
    return bad_setting("STS", "'" + escape_controls(region) + "' is no region", "give one such as eu-west-1");
  }
  StsEndpoint endpoint{.url = url, .region = region.empty() ? "us-east-1" : region};
  if (endpoint.url.empty() && region.empty()) endpoint.url = "https://sts.amazonaws.com/";
  if (endpoint.url.empty()) endpoint.url = "https://sts." + region + '.' + std::string(aws_domain(region)) + '/';
  // What is signed is what is sent: the path is never left out.
  if (endpoint.url.find('/', std::min(endpoint.url.find("://") + 3, endpoint.url.size())) == std::string::npos) {
    endpoint.url += '/';
  }
  return endpoint;
}

Result<Credentials> StsClient::assume_role(const StsEndpoint& endpoint, const AssumeRoleOptions& options,
                                           const std::function<Result<Credentials>(const Context&)>& base,
                                           const std::function<bool(const Context&)>& renew, const Context& context) {
  const std::string session = session_name(options.session_name);
  DOCUPILOT_CHECK(check_names(options.role_arn, session));
  const std::int64_t seconds = options.duration.nanoseconds() / 1'000'000'000;
  if (seconds < 900 || seconds > 43'200) {
    return bad_setting("STS", "the credentials of a role cannot last " + std::to_string(seconds) + " seconds",
                       "let them last 15 minutes to 12 hours");
  }
  const std::string duration = std::to_string(seconds);
  FormFields fields{{"Action", "AssumeRole"}, {"Version", "2011-06-15"}, {"RoleSessionName", session}};
  if (!options.external_id.empty()) fields.emplace_back("ExternalId", options.external_id);
  fields.emplace_back("DurationSeconds", duration);
  fields.emplace_back("RoleArn", options.role_arn);
  const std::string form = encode_form(fields);

  Signer signer("sts", endpoint.region);
  Redactor redact;
  const auto send = [&](const Attempt& attempt, const Context& call) -> Result<Response> {
    DOCUPILOT_TRY(const Credentials credentials, base(call));
    redact.add(credentials.secret_access_key).add(credentials.session_token);
    Request request = form_request(endpoint, form);
    const Timestamp time{services_.clock->now().microseconds + attempt.clock_offset.nanoseconds() / 1000};
    DOCUPILOT_CHECK(signer.sign(request, credentials, time, payload_hash(request.body)));
    return services_.transport->send(request, call);
  };
  const auto judge_reply = [&](const Result<Response>& result) { return judged(result, redact, judge); };
  return credentials_in(retrier_.run({.operation = "assume role",
                                      .backend = "sts",
                                      .target = options.role_arn,
                                      .send = send,
                                      .judge = judge_reply,
                                      .renew_credentials = renew},
                                     context));
}

Result<Credentials> StsClient::assume_role_with_web_identity(const StsEndpoint& endpoint, const WebIdentity& identity,
                                                             const Context& context) {
  const std::string session = session_name(identity.session_name);
  DOCUPILOT_CHECK(check_names(identity.role_arn, session));
  Redactor redact;
  std::string form;
  const auto send = [&](const Attempt&, const Context& call) -> Result<Response> {
    DOCUPILOT_TRY(std::optional<std::string> text, read_small_file(identity.token_file, most_token + 64));
    if (!text) return Error(ErrorCode::unauthenticated, "there is no token file").target(identity.token_file);
    const std::size_t begin = std::min(text->find_first_not_of(" \t\r\n"), text->size());
    const std::size_t end = text->find_last_not_of(" \t\r\n");
    const Secret token(end == std::string::npos ? "" : std::string_view(*text).substr(begin, end - begin + 1));
    crypto::wipe(*text);
    if (!is_plain(token.expose()) || token.expose().size() < 4 || token.expose().size() > most_token) {
      return Error(ErrorCode::unauthenticated, "what is in the token file is no token").target(identity.token_file);
    }
    redact.add(token);
    form = encode_form({{"Action", "AssumeRoleWithWebIdentity"},
                        {"Version", "2011-06-15"},
                        {"RoleSessionName", session},
                        {"RoleArn", identity.role_arn},
                        {"WebIdentityToken", token.expose()}});
    return services_.transport->send(form_request(endpoint, form), call);
  };
  const auto judge_reply = [&](const Result<Response>& result) { return judged(result, redact, judge_unsigned); };
  auto credentials = credentials_in(retrier_.run({.operation = "assume role with web identity",
                                                  .backend = "sts",
                                                  .target = identity.role_arn,
                                                  .send = send,
                                                  .judge = judge_reply},
                                                 context));
  crypto::wipe(form);
  return credentials;
}

namespace {

class WebIdentitySource final : public CredentialSource {
 public:
  WebIdentitySource(CredentialServices services, AwsEnvironment environment, AwsChainOptions options)
      : environment_(std::move(environment)), options_(std::move(options)), sts_(std::move(services)) {}

  Result<FetchedCredentials> fetch(const Context& context) override {
    const auto setting = [&](const char* name) { return environment_.variable(name).value_or(""); };
    const WebIdentity identity{.role_arn = setting("AWS_ROLE_ARN"),
                               .token_file = setting("AWS_WEB_IDENTITY_TOKEN_FILE"),
                               .session_name = setting("AWS_ROLE_SESSION_NAME")};
    if (identity.token_file.empty()) {
      return no_credentials(web_identity_name, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    }
    if (identity.role_arn.empty()) {
      return bad_setting(web_identity_name, "AWS_ROLE_ARN is not set", "name the role to assume");
    }
    std::string region = options_.region;
    if (region.empty()) {
      auto found = aws_region(environment_, options_.profile);
      if (!found) return source_failed(web_identity_name, std::move(found).error());
      region = found->value_or("");
    }
    const std::string url = options_.sts_endpoint.empty() ? setting("AWS_ENDPOINT_URL_STS") : options_.sts_endpoint;
    DOCUPILOT_TRY(const StsEndpoint endpoint, StsEndpoint::choose(region, url));
    auto credentials = sts_.assume_role_with_web_identity(endpoint, identity, context);
    if (!credentials) return source_failed(web_identity_name, std::move(credentials).error());
    credentials->source = web_identity_name;
    return FetchedCredentials{.credentials = *std::move(credentials)};
  }

 private:
  AwsEnvironment environment_;
  AwsChainOptions options_;
  StsClient sts_;
};

}  // namespace

std::unique_ptr<CredentialSource> web_identity_source(CredentialServices services, AwsEnvironment environment,
                                                      AwsChainOptions options) {
  return std::make_unique<WebIdentitySource>(std::move(services), std::move(environment), std::move(options));
}

}  // namespace docupilot::inline v1::http
