#include "http/sts.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "http/sts_wire.h"
#include "support/aws_setting.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot::http;
using namespace docupilot_test;
using namespace std::chrono_literals;

namespace {

using Step = ScriptedTransport::Step;

const std::string url = "https://sts.eu-west-1.amazonaws.com/";
const std::string role_arn = "arn:aws:iam::123456789012:role/demo";
const std::string form_type = "application/x-www-form-urlencoded; charset=utf-8";

Response assumed(const std::string& key, const std::string& action = "AssumeRole") {
  return {.status = 200,
          .body = "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
                  "Result><Credentials><AccessKeyId>" + key +
                  "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t&amp;&#x31;</SessionToken>"
                  "<Expiration>2099-01-01T00:00:00.5Z</Expiration></Credentials></" +
                  action + "Result></" + action + "Response>"};
}
Response refused(int status, const std::string& code, const std::string& message = "no") {
  return {.status = status,
          .body = "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + message +
                  "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"};
}

/// A signed AssumeRole by `key`.
Step role_step(const std::string& key, Result<Response> answer, const std::string& date = {}) {
  return {.method = "POST",
          .url = url,
          .headers = {{"content-type", form_type}, {"x-amz-date", date}, {"authorization", ""}},
          .body =
              "Action=AssumeRole&Version=2011-06-15&RoleSessionName=s1&DurationSeconds=3600&RoleArn="
              "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdemo",
          .answer = std::move(answer),
          .accepts = [key, date](std::string_view name, std::string_view value) {
            if (name == "x-amz-date") return date.empty() || value == date;
            return name == "authorization" && value.starts_with("AWS4-HMAC-SHA256 Credential=" + key + "/") &&
                   value.find("/eu-west-1/sts/aws4_request, ") != std::string_view::npos;
          }};
}

/// Keys that are others once they were refused.
class RenewableKeys final : public CredentialsProvider {
 public:
  Result<http::SharedCredentials> get(const Context&) override {
    return std::make_shared<const Credentials>(
        Credentials{.access_key_id = "KEY" + std::to_string(number), .secret_access_key = Secret("canary-secret")});
  }
  void invalidate(const Credentials& stale) override {
    if (stale.access_key_id == "KEY" + std::to_string(number)) ++number;
  }
  int number = 1;
};

AssumeRoleOptions options() { return {.role_arn = role_arn, .session_name = "s1", .region = "eu-west-1"}; }

void check_script(const AwsSetting& aws) {
  CHECK(aws.transport->complaints() == std::vector<std::string>());
  CHECK(aws.transport->steps_left() == 0);
}

struct Profiles {
  TempDir dir;
  AwsSetting aws;
  explicit Profiles(const std::string& config) {
    aws.variables = {{"AWS_CONFIG_FILE", dir.write("config", config)}, {"AWS_REGION", "eu-west-1"}};
  }
};

}  // namespace

TEST_CASE("a role is assumed with the keys of another provider, which are renewed once when they have expired") {
  AwsSetting aws;
  const auto keys = std::make_shared<RenewableKeys>();
  const auto provider = assume_role(aws.services(), keys, options());
  aws.transport->expect(role_step("KEY1", refused(403, "ExpiredTokenException")));
  aws.transport->expect(role_step("KEY2", assumed("ASIA1")));
  const auto found = provider->get();
  REQUIRE_MESSAGE(found.has_value(), found.error().to_string());
  CHECK((*found)->access_key_id == "ASIA1");
  CHECK((*found)->session_token.expose() == "t&1");
  CHECK((*found)->expires->to_string() == "2099-01-01T00:00:00.500Z");
  check_script(aws);
  CHECK(provider->get().value()->access_key_id == "ASIA1");

  aws.transport->expect(role_step("KEY2", refused(403, "ExpiredTokenException")));
  aws.transport->expect(role_step("KEY3", refused(403, "ExpiredTokenException")));
  provider->invalidate(**found);
  const auto failed = provider->get();
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code() == ErrorCode::unauthenticated);
  CHECK(failed.error().service_code() == "ExpiredTokenException");
  CHECK(failed.error().attempts() == 2);
  check_script(aws);
}

TEST_CASE("the clock is corrected for STS too") {
  AwsSetting aws;
  Response skewed = refused(403, "RequestExpired");
  skewed.headers.add("Date", "Sun, 15 Jun 2025 17:06:40 GMT");
  REQUIRE(aws.time.wall().to_string() == "2025-06-15T15:06:40Z");
  aws.transport->expect(role_step("KEY1", skewed, "20250615T150640Z"));
  aws.transport->expect(role_step("KEY1", assumed("ASIA1"), "20250615T170640Z"));
  CHECK(assume_role(aws.services(), std::make_shared<RenewableKeys>(), options())->get().has_value());
  check_script(aws);
}

TEST_CASE("what STS refuses for good is asked once, and what passes three times") {
  for (const auto& [status, code, requests, kind] : {std::tuple{403, "AccessDenied", 1U, ErrorCode::unauthenticated},
                                                     {400, "ValidationError", 1U, ErrorCode::unauthenticated},
                                                     {403, "RegionDisabledException", 1U, ErrorCode::unauthenticated},
                                                     {400, "Throttling", 3U, ErrorCode::rate_limited},
                                                     {503, "ServiceUnavailable", 3U, ErrorCode::unavailable},
                                                     {400, "IDPCommunicationError", 3U, ErrorCode::unavailable}}) {
    CAPTURE(code);
    AwsSetting aws;
    for (unsigned i = 0; i < requests; ++i) aws.transport->expect(role_step("KEY1", refused(status, code)));
    const auto failed = assume_role(aws.services(), std::make_shared<RenewableKeys>(), options())->get();
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code() == kind);
    CHECK(failed.error().service_code() == code);
    CHECK(failed.error().request_id() == "r-1");
    CHECK(failed.error().attempts() == static_cast<int>(requests));
    check_script(aws);
  }
}

TEST_CASE("no secret is in an error, whatever the reply repeats") {
  AwsSetting aws;
  aws.transport->expect(role_step(
      "KEY1",
      refused(403, "AccessDenied", "you sent canary-secret and X-Amz-Security-Token=canary2 and Signature=canary3")));
  const auto failed = assume_role(aws.services(), std::make_shared<RenewableKeys>(), options())->get();
  REQUIRE_FALSE(failed.has_value());
  const std::string told = failed.error().to_string();
  CHECK(told.find("you sent ***") != std::string::npos);
  CHECK(told.find("canary") == std::string::npos);

  const TempDir dir;
  AwsSetting web;
  web.variables = {{"AWS_ROLE_ARN", role_arn},
                   {"AWS_ROLE_SESSION_NAME", "s1"},
                   {"AWS_REGION", "eu-west-1"},
                   {"AWS_WEB_IDENTITY_TOKEN_FILE", dir.write("jwt", "canary.jwt.token")}};
  web.transport->expect({.method = "POST",
                         .url = url,
                         .headers = {{"content-type", form_type}},
                         .body =
                             "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=s1&RoleArn=arn%3Aaws%"
                             "3Aiam%3A%3A123456789012%3Arole%2Fdemo&WebIdentityToken=canary.jwt.token",
                         .answer = refused(400, "InvalidIdentityToken", "bad: canary.jwt.token")});
  const auto denied = web.get();
  REQUIRE_FALSE(denied.has_value());
  CHECK(denied.error().code() == ErrorCode::unauthenticated);
  CHECK(denied.error().to_string().find("bad: ***") != std::string::npos);
  CHECK(denied.error().to_string().find("canary") == std::string::npos);
  check_script(web);
}

TEST_CASE("the web identity's token is read for each call, without blanks around it") {
  const TempDir dir;
  AwsSetting aws;
  aws.variables = {{"AWS_ROLE_ARN", role_arn},
                   {"AWS_ROLE_SESSION_NAME", "s1"},
                   {"AWS_REGION", "eu-west-1"},
                   {"AWS_WEB_IDENTITY_TOKEN_FILE", dir / "jwt"}};
  const auto provider = aws_credentials(aws.services(), aws.environment(), {});
  for (const char* token : {"first", "second"}) {
    dir.write("jwt", " " + std::string(token) + "\n");
    aws.transport->expect(
        {.method = "POST",
         .url = url,
         .headers = {{"content-type", form_type}},
         .body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=s1&RoleArn=arn%3A"
                 "aws%3Aiam%3A%3A123456789012%3Arole%2Fdemo&WebIdentityToken=" +
                 std::string(token),
         .answer = assumed("ASIAWEB", "AssumeRoleWithWebIdentity")});
    const auto found = provider->get();
    REQUIRE_MESSAGE(found.has_value(), found.error().to_string());
    CHECK((*found)->source == "web identity");
    provider->invalidate(**found);
  }
  check_script(aws);
  for (const char* bad : {"", "abc", "two words", "a\nb"}) {
    dir.write("jwt", bad);
    CHECK(aws.get().error().code() == ErrorCode::unauthenticated);
  }
  dir.write("jwt", std::string(20'001, 'x'));
  CHECK(aws.get().error().code() == ErrorCode::unauthenticated);
  aws.variables.erase("AWS_ROLE_ARN");
  CHECK(aws.get().error().code() == ErrorCode::unauthenticated);
  CHECK(aws.transport->seen().size() == 2);
}

TEST_CASE("a role of a profile takes its keys where the profile says") {
  const std::string role = "[profile role]\nrole_arn=" + role_arn + "\nrole_session_name=s1\n";
  SUBCASE("another profile, which assumes a role itself") {
    Profiles p(role + "source_profile=middle\n[profile middle]\nrole_arn=" + role_arn +
               "\nrole_session_name=s1\nsource_profile=base\n[profile base]\naws_access_key_id=BASE\n"
               "aws_secret_access_key=x\n");
    p.aws.transport->expect(role_step("BASE", assumed("ASIAMIDDLE")));
    Step second = role_step("ASIAMIDDLE", assumed("ASIAROLE"));
    second.headers.add("x-amz-security-token", "t&1");
    p.aws.transport->expect(std::move(second));
    const auto found = p.aws.get({.profile = "role"});
    REQUIRE_MESSAGE(found.has_value(), found.error().to_string());
    CHECK(found->access_key_id == "ASIAROLE");
    CHECK(found->source == "profile 'role'");
    check_script(p.aws);
  }
  SUBCASE("its own keys") {
    Profiles p(role + "source_profile=role\naws_access_key_id=OWN\naws_secret_access_key=x\n");
    p.aws.transport->expect(role_step("OWN", assumed("ASIAROLE")));
    CHECK(p.aws.get({.profile = "role"})->access_key_id == "ASIAROLE");
    check_script(p.aws);
  }
  SUBCASE("the environment") {
    Profiles p(role + "credential_source=Environment\n");
    p.aws.variables["AWS_ACCESS_KEY_ID"] = "ENV";
    p.aws.variables["AWS_SECRET_ACCESS_KEY"] = "x";
    p.aws.transport->expect(role_step("ENV", assumed("ASIAROLE")));
    CHECK(p.aws.get({.profile = "role"})->access_key_id == "ASIAROLE");
    CHECK(p.aws.get()->access_key_id == "ENV");  // no profile is named in the program: the environment comes first
    check_script(p.aws);
  }
  SUBCASE("the container") {
    Profiles p(role + "credential_source=EcsContainer\n");
    p.aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1/x";
    p.aws.transport->expect(
        {.url = "http://127.0.0.1/x",
         .headers = {{"accept", "application/json"}},
         .answer = Response{.status = 200, .body = R"({"AccessKeyId":"ECS","SecretAccessKey":"x"})"}});
    p.aws.transport->expect(role_step("ECS", assumed("ASIAROLE")));
    CHECK(p.aws.get({.profile = "role"})->access_key_id == "ASIAROLE");
    check_script(p.aws);
  }
}

TEST_CASE("a role of a profile that is set up wrongly is an error, and nothing is sent") {
  const std::string role = "[profile role]\nrole_arn=" + role_arn + "\n";
  for (const std::string& rest :
       {std::string("source_profile=role\n"), std::string(), std::string("source_profile=none\n"),
        std::string("source_profile=x\ncredential_source=Environment\n[profile x]\n"),
        std::string("credential_source=Environment\n"), std::string("credential_source=Elsewhere\n"),
        std::string(
            "source_profile=b\nduration_seconds=899\n[profile b]\naws_access_key_id=a\naws_secret_access_key=b\n"),
        std::string(
            "source_profile=b\nduration_seconds=x\n[profile b]\naws_access_key_id=a\naws_secret_access_key=b\n"),
        std::string(
            "source_profile=b\nrole_session_name=a b\n[profile b]\naws_access_key_id=a\naws_secret_access_key=b\n"),
        std::string("source_profile=b\n[profile b]\nrole_arn=") + role_arn + "\nsource_profile=role\n",
        std::string("source_profile=b\n[profile b]\nregion=eu-west-1\n")}) {
    CAPTURE(rest);
    Profiles p(role + rest);
    const auto failed = p.aws.get({.profile = "role"});
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code() == ErrorCode::unauthenticated);
    CHECK(p.aws.transport->seen().empty());
  }
  Profiles mfa(role + "source_profile=role\nmfa_serial=x\n");
  CHECK(mfa.aws.get({.profile = "role"}).error().code() == ErrorCode::unsupported);
  Profiles sso("[profile role]\nsso_session=x\n");
  CHECK(sso.aws.get({.profile = "role"}).error().code() == ErrorCode::unsupported);
}

TEST_CASE("replies of STS that are none are refused without a word of them") {
  const std::string good = assumed("ASIA1").body;
  CHECK(parse_assumed_role(good).has_value());
  const auto without = [&](const std::string& part) {
    std::string text = good;
    text.erase(text.find(part), part.size());
    return text;
  };
  for (const std::string& bad :
       {std::string(), std::string("canary"), std::string("<a>"), std::string("<html><body>canary</body></html>"),
        without("ASIA1"), without("<SecretAccessKey>s</SecretAccessKey>"), without("2099-01-01T"),
        good.substr(0, good.size() / 2), "<!DOCTYPE x [<!ENTITY e \"canary\">]>" + good,
        std::string(good).replace(good.find("ASIA1"), 5, "&e;")}) {
    CAPTURE(bad);
    const auto result = parse_assumed_role(bad);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code() == ErrorCode::corrupted);
    CHECK(result.error().to_string().find("canary") == std::string::npos);
  }
  CHECK(parse_sts_error("nothing").code.empty());
  CHECK(parse_sts_error("<!DOCTYPE x>" + refused(400, "Throttling").body).code.empty());
}

TEST_CASE("form fields are encoded as STS's own clients do") {
  CHECK(encode_form({{"a", "b c"}, {"d", "+&=%/~-._*"}, {"e", "\xC3\xA4"}}) ==
        "a=b+c&d=%2B%26%3D%25%2F~-._%2A&e=%C3%A4");
}

TEST_CASE("static credentials are always the same") {
  const auto provider = static_credentials({.access_key_id = "A", .secret_access_key = Secret("B")});
  provider->invalidate(*provider->get().value());
  CHECK(provider->get().value()->access_key_id == "A");
  CHECK(provider->get().value()->source == "given in the program");
  CHECK(static_credentials({})->get().value()->anonymous());
}
