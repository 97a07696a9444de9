#include "http/imds_source.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "base/try.h"
#include "crypto/wipe.h"
#include "http/credentials_document.h"
#include "http/percent.h"
#include "http/redact.h"
#include "http/url_parts.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::string_view source_name = "instance metadata";
constexpr std::string_view role_path = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view token_seconds = "21600";
constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t margin = 300 * second;  // a token is renewed so long before it ends
constexpr std::uint64_t most_bytes = 64U << 10U;

unsigned number_or(const std::optional<std::string>& text, unsigned otherwise, unsigned most) {
  unsigned number = 0;
  if (!text) return otherwise;
  const auto [rest, code] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (code != std::errc() || rest != text->data() + text->size() || number == 0) return otherwise;
  return std::min(number, most);
}

bool says_true(std::optional<std::string> text) {
  if (!text) return false;
  for (char& c : *text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return *text == "true";
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

/// Why a request that had its token gave nothing.
Error told(Error error) {
  if (error.http_status() == 404) return no_credentials(source_name, "the instance has no role");
  if (error.code() == ErrorCode::not_found) return error;  // the document says so
  return source_failed(source_name, std::move(error));
}

class ImdsSource final : public CredentialSource {
 public:
  ImdsSource(CredentialServices services, AwsEnvironment environment)
      : services_(std::move(services)),
        environment_(std::move(environment)),
        attempt_time_(second * number_or(environment_.variable("AWS_METADATA_SERVICE_TIMEOUT"), 1, 60)),
        retrier_(services_.retrier(number_or(environment_.variable("AWS_METADATA_SERVICE_NUM_ATTEMPTS"), 1, 10))) {}

  Result<FetchedCredentials> fetch(const Context& context) override;

 private:
  [[nodiscard]] Result<std::string> endpoint() const;
  Result<void> renew_token(const Context& context);
  /// A GET with the token, which is renewed once when it is refused.
  Result<Response> get(std::string_view path, const RetryCall& call, const Context& context);
  Result<Response> run(Request& request, RetryCall call, const Context& context);
  [[nodiscard]] Judgement judged(const Result<Response>& result) const;

  CredentialServices services_;
  AwsEnvironment environment_;
  Duration attempt_time_;
  Retrier retrier_;
  std::string base_;
  Secret token_;
  Duration token_until_;
};

Result<std::string> ImdsSource::endpoint() const {
  std::string base = environment_.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("");
  if (base.empty()) {
    const std::string mode = environment_.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").value_or("");
    base = mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  while (base.ends_with('/')) base.pop_back();
  const auto parts = UrlParts::split(base);
  if (!parts || !parts->query.empty()) {
    return bad_setting(source_name, "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL", "give one such as http://HOST:PORT");
  }
  return base;
}

Judgement ImdsSource::judged(const Result<Response>& result) const {
  Judgement judgement = judge_unsigned(result);
  if (result && judgement.verdict != Verdict::done) {
    judgement.error = cleaned(error_of(*result), Redactor().add(token_));
  }
  return judgement;
}

Result<Response> ImdsSource::run(Request& request, RetryCall call, const Context& context) {
  request.host_service = true;
  request.limits.connect = attempt_time_;
  request.limits.body_bytes = most_bytes;
  call.operation = "credentials";
  if (!call.judge) call.judge = [this](const Result<Response>& result) { return judged(result); };
  call.send = [&](const Attempt&, const Context& attempt) {
    const Deadline deadline = Deadline::earlier(attempt.deadline, Deadline::after(attempt_time_));
    return services_.transport->send(request, {.deadline = deadline, .stop = attempt.stop});
  };
  return retrier_.run(call, context);
}

Result<void> ImdsSource::renew_token(const Context& context) {
  Request request{.method = "PUT",
                  .url = base_ + "/latest/api/token",
                  .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", std::string(token_seconds)}}};
  auto reply = run(request, {}, context);
  if (!reply) {
    DOCUPILOT_CHECK(context.check("credentials"));
    const Error& error = reply.error();
    if (error.http_status() == 0) {
      Error none = no_credentials(source_name, "it does not answer");
      if (error.code() == ErrorCode::timeout) {
        none = std::move(none).hint(
            "in a container the answer is lost unless the instance's metadata hop limit is 2 or more; elsewhere set "
            "AWS_EC2_METADATA_DISABLED=true");
      }
      return Error(std::move(none).cause(error));
    }
    Error failed = source_failed(source_name, error);
    return Error(
        std::move(failed).hint("version 2 of instance metadata must be allowed; or give other credentials: "
                               "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"));
  }
  token_ = Secret(trimmed(reply->body));
  crypto::wipe(reply->body);
  if (!is_plain(token_.expose())) {
    token_ = {};
    return source_failed(source_name, Error(ErrorCode::corrupted, "the token it gave is none"));
  }
  const auto life = number_or(std::string(reply->headers.get("x-aws-ec2-metadata-token-ttl-seconds")), 21'600, 21'600);
  token_until_ = Duration(services_.sleeper->now().nanoseconds() + life * second - margin);
  return {};
}

Result<Response> ImdsSource::get(std::string_view path, const RetryCall& call, const Context& context) {
  for (bool renewed = false;; renewed = true) {
    if (token_.empty() || services_.sleeper->now() >= token_until_) DOCUPILOT_CHECK(renew_token(context));
    Request request{.url = base_ + std::string(path),
                    .headers = {{"x-aws-ec2-metadata-token", std::string(token_.expose())}}};
    auto reply = run(request, call, context);
    if (reply) return reply;
    if (reply.error().http_status() != 401 || renewed) return told(std::move(reply).error());
    token_ = {};
  }
}

Result<FetchedCredentials> ImdsSource::fetch(const Context& context) {
  if (says_true(environment_.variable("AWS_EC2_METADATA_DISABLED"))) {
    return no_credentials(source_name, "disabled by AWS_EC2_METADATA_DISABLED");
  }
  DOCUPILOT_TRY(base_, endpoint());
  DOCUPILOT_TRY(const Response roles, get(role_path, {}, context));
  const std::string_view all = trimmed(roles.body);
  const std::string role(all.substr(0, all.find('\n')));
  if (role.empty()) return no_credentials(source_name, "the instance has no role");
  // IAM's names are of letters, digits and +=,.@_-
  if (role.size() > 128 || !std::ranges::all_of(role, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               std::string_view("+=,.@_-").find(c) != std::string_view::npos;
      })) {
    return source_failed(source_name, Error(ErrorCode::corrupted, "the name of the role is none"));
  }
  Result<Credentials> credentials = Error(ErrorCode::internal, "no reply was read");
  const RetryCall call{.operation = {}, .judge = [&](const Result<Response>& result) -> Judgement {
                         if (!result || result->status != 200) return judged(result);
                         credentials = parse_credentials_document(result->body, DocumentKind::instance_metadata);
                         if (credentials) return {.verdict = Verdict::done};
                         const bool broken = credentials.error().code() == ErrorCode::corrupted;
                         return {.verdict = broken ? Verdict::transient : Verdict::final, .error = credentials.error()};
                       }};
  DOCUPILOT_TRY(Response reply, get(std::string(role_path) + role, call, context));
  crypto::wipe(reply.body);
  credentials->source = source_name;
  return FetchedCredentials{.credentials = *std::move(credentials), .outlives_expiry = true};
}

}  // namespace

std::unique_ptr<CredentialSource> imds_source(CredentialServices services, AwsEnvironment environment) {
  return std::make_unique<ImdsSource>(std::move(services), std::move(environment));
}

}  // namespace docupilot::inline v1::http
