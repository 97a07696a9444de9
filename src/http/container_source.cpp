#include "http/container_source.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/try.h"
#include "base/utf8.h"
#include "crypto/wipe.h"
#include "http/credentials_document.h"
#include "http/redact.h"
#include "http/small_file.h"
#include "http/url_parts.h"
#include "json/json_reader.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::string_view source_name = "container endpoint";
constexpr unsigned attempts = 3;
constexpr Duration attempt_time = Duration::milliseconds(2'000);
constexpr std::size_t most_token = 64U << 10U;

bool is_allowed_v4(const std::string& host) {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) != 1) return false;  // four decimal numbers, nothing else
  const auto number = ntohl(address.s_addr);
  return number >> 24U == 127 || number == 0xA9FEAA02U || number == 0xA9FEAA17U;
}

bool is_allowed_v6(const std::string& host) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return false;
  for (const char* allowed : {"::1", "fd00:ec2::23"}) {
    in6_addr other{};
    if (::inet_pton(AF_INET6, allowed, &other) == 1 && std::memcmp(&address, &other, sizeof other) == 0) return true;
  }
  return false;
}

/// What the error document says.
ServiceError said_by(const Response& response) {
  ServiceError said;
  const auto parsed = json::parse(response.body, 8);
  const auto* const members = parsed ? parsed->get_if<Value::Map>() : nullptr;
  if (members == nullptr) return said;
  const auto text = [&](std::string_view name) {
    const auto found = members->find(name);
    const auto* const value = found == members->end() ? nullptr : found->second.get_if<std::string>();
    return value != nullptr ? *value : std::string();
  };
  said.code = text("code");
  said.message = text("message");
  return said;
}

class ContainerSource final : public CredentialSource {
 public:
  ContainerSource(CredentialServices services, AwsEnvironment environment)
      : services_(std::move(services)), environment_(std::move(environment)), retrier_(services_.retrier(attempts)) {}

  Result<FetchedCredentials> fetch(const Context& context) override;

 private:
  [[nodiscard]] Result<std::optional<std::string>> url() const;
  [[nodiscard]] Result<Secret> token() const;

  CredentialServices services_;
  AwsEnvironment environment_;
  Retrier retrier_;
};

Result<std::optional<std::string>> ContainerSource::url() const {
  std::string url;
  if (const auto relative = environment_.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
      relative && !relative->empty()) {
    if (!relative->starts_with('/')) {
      return bad_setting(source_name, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'",
                         "give a path such as /v2/credentials/ID");
    }
    url = "http://169.254.170.2" + *relative;
  } else {
    url = environment_.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").value_or("");
  }
  if (url.empty()) return std::optional<std::string>();
  DOCUPILOT_CHECK(check_container_url(url));
  return std::optional(std::move(url));
}

Result<Secret> ContainerSource::token() const {
  std::string text;
  const auto file = environment_.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file && !file->empty()) {
    auto read = read_small_file(*file, most_token);
    if (!read) return source_failed(source_name, std::move(read).error());
    if (!*read) {
      return Error(bad_setting(source_name, "there is no token file", "check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
                       .target(*file));
    }
    text = *std::move(*read);
    if (text.empty()) {
      return Error(bad_setting(source_name, "the token file is empty", "wait for the agent to write it").target(*file));
    }
  } else {
    text = environment_.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  }
  Secret secret(text);
  crypto::wipe(text);
  const std::string_view plain = secret.expose();
  if (std::any_of(plain.begin(), plain.end(), [](char c) { return c < ' ' || c > '~'; })) {
    return bad_setting(source_name, "the authorization token has a line end or another character that no header takes",
                       "write the token without a line end behind it");
  }
  return secret;
}

Result<FetchedCredentials> ContainerSource::fetch(const Context& context) {
  DOCUPILOT_TRY(const auto where, url());
  if (!where) return no_credentials(source_name, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set");
  Redactor redact;
  const auto send = [&](const Attempt&, const Context& call) -> Result<Response> {
    DOCUPILOT_TRY(const Secret authorization, token());
    redact.add(authorization);
    Request request{.url = *where, .headers = {{"Accept", "application/json"}}, .host_service = true};
    request.limits.connect = attempt_time;
    request.limits.body_bytes = most_token;
    if (!authorization.empty()) request.headers.add("Authorization", std::string(authorization.expose()));
    const Deadline deadline = Deadline::earlier(call.deadline, Deadline::after(attempt_time));
    return services_.transport->send(request, {.deadline = deadline, .stop = call.stop});
  };
  Result<Credentials> credentials = Error(ErrorCode::internal, "no reply was read");
  const auto judge_reply = [&](const Result<Response>& result) -> Judgement {
    if (!result || result->status != 200) {
      if (!result) return judge_unsigned(result);
      Judgement judgement = judge_unsigned(result, said_by(*result));
      judgement.error = cleaned(error_of(*result, judgement.said), redact);
      return judgement;
    }
    credentials = parse_credentials_document(result->body, DocumentKind::container);
    if (credentials) return {.verdict = Verdict::done};
    return {.verdict = Verdict::transient, .error = credentials.error()};
  };
  auto reply = retrier_.run({.operation = "credentials", .send = send, .judge = judge_reply}, context);
  if (!reply) return source_failed(source_name, std::move(reply).error());
  crypto::wipe(reply->body);
  credentials->source = source_name;
  return FetchedCredentials{.credentials = *std::move(credentials)};
}

}  // namespace

Result<void> check_container_url(std::string_view url) {
  const auto refused = [](std::string_view what) {
    return bad_setting(
        source_name, what,
        "give an https URL, or http to 127.0.0.1, [::1], 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]");
  };
  const auto parts = UrlParts::split(url);
  if (!parts) return refused("the URL is not one that can be asked for");
  std::string host = parts->host;
  if (host.find_first_of("\\%") != std::string::npos) return refused("the URL's host is bad");
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string::npos) return refused("the URL's host is bad");
    port = std::string_view(parts->host).substr(end + 1);
    host = host.substr(1, end - 1);
    if (parts->scheme == "http" && !is_allowed_v6(host)) return refused("http is not allowed to this address");
  } else {
    const std::size_t colon = std::min(host.find(':'), host.size());
    port = std::string_view(parts->host).substr(colon);
    host.resize(colon);
    if (parts->scheme == "http" && host != "localhost" && !is_allowed_v4(host)) {
      return refused("http is not allowed to this address");
    }
  }
  const bool good_port = port.empty() || (port.size() > 1 && port.size() < 7 && port.front() == ':' &&
                                          port.find_first_not_of("0123456789", 1) == std::string_view::npos);
  if (host.empty() || !good_port) return refused("the URL's host is bad");
  return {};
}

std::unique_ptr<CredentialSource> container_source(CredentialServices services, AwsEnvironment environment) {
  return std::make_unique<ContainerSource>(std::move(services), std::move(environment));
}

}  // namespace docupilot::inline v1::http
