#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "http/container_source.h"
#include "http/credentials_document.h"
#include "http/process_source.h"
#include "http/sts.h"
#include "http/sts_wire.h"
#include "support/aws_setting.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot::http;
using namespace docupilot_test;
using namespace std::chrono_literals;

namespace {

using Step = ScriptedTransport::Step;

const std::string imds = "http://169.254.169.254/latest/";
const std::string roles = imds + "meta-data/iam/security-credentials/";
const Headers ttl{{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
const std::string document =
    R"({"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"canary-secret","Token":"canary-token",)"
    R"("Expiration":"2099-01-01T00:00:00Z"})";

Response answer(int status, std::string body = {}, Headers headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}
Step token_step(Result<Response> reply) {
  return {.method = "PUT", .url = imds + "api/token", .headers = ttl, .answer = std::move(reply)};
}
Step get_step(const std::string& url, const std::string& token, Result<Response> reply) {
  return {.url = url, .headers = {{"x-aws-ec2-metadata-token", token}}, .answer = std::move(reply)};
}

void check_script(const AwsSetting& aws) {
  CHECK(aws.transport->complaints() == std::vector<std::string>());
  CHECK(aws.transport->steps_left() == 0);
}

}  // namespace

TEST_CASE("a container's credentials are asked for only where the rule allows") {
  for (const char* good : {"https://example.com/x", "https://10.0.0.1:8443/x", "http://127.0.0.1/x",
                           "http://127.255.255.254:80/x", "http://localhost:4000/x", "http://[::1]:1/x",
                           "http://169.254.170.2/v2/x?a=b", "http://169.254.170.23/v1/credentials",
                           "http://[fd00:ec2::23]/v1/credentials", "http://[FD00:EC2:0:0::23]/v1/credentials"}) {
    CAPTURE(good);
    CHECK(check_container_url(good).has_value());
  }
  for (const char* bad : {"",
                          "x",
                          "/x",
                          "ftp://127.0.0.1/",
                          "file:///etc/passwd",
                          "gopher://127.0.0.1/",
                          "http://",
                          "http:///x",
                          "http://192.0.2.1/",
                          "http://169.254.169.254/",
                          "http://169.254.170.3/",
                          "http://10.0.0.1/",
                          "http://0.0.0.0/",
                          "http://128.0.0.1/",
                          "http://126.255.255.255/",
                          "http://127.evil.example/",
                          "http://127.0.0.1.evil.example/",
                          "http://evil.example/127.0.0.1",
                          "http://localhost.evil.example/",
                          "http://evil.example?127.0.0.1",
                          "http://user@127.0.0.1/",
                          "http://127.0.0.1@evil.example/",
                          "http://127.0.0.1:80@evil.example/",
                          "http://evil.example#@127.0.0.1/",
                          "http://127.0.0.1\\@evil.example/",
                          "http://127.1/",
                          "http://2130706433/",
                          "http://0x7f000001/",
                          "http://0177.0.0.1/",
                          "http://127.0.0.01/",
                          "http://127.0.0.1%2eevil.example/",
                          "http://[::ffff:127.0.0.1]/",
                          "http://[::]/",
                          "http://[fd00:ec2::24]/",
                          "http://[fe80::1%25eth0]/",
                          "http://[::1/",
                          "http://[::1]evil/",
                          "http://127.0.0.1:/",
                          "http://127.0.0.1:x/",
                          "http://127.0.0.1:1234567/",
                          "http://127.0.0.1 /",
                          "http://127.0.0.1\r\nHost: evil/",
                          "https://",
                          "https://user@h/",
                          "http://127.0.0.1./"}) {
    CAPTURE(bad);
    const auto refused = check_container_url(bad);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == ErrorCode::unauthenticated);
    CHECK_FALSE(refused.error().hint().empty());
    if (*bad == '\0') continue;
    AwsSetting aws;
    aws.variables = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", bad}, {"AWS_EC2_METADATA_DISABLED", "true"}};
    CHECK(aws.get().error().code() == ErrorCode::unauthenticated);
    CHECK(aws.transport->seen().empty());
  }
}

TEST_CASE("the relative address of a container wins, and cannot name another host") {
  AwsSetting aws;
  aws.variables = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/id"},
                   {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/x"}};
  aws.transport->expect({.url = "http://169.254.170.2/v2/credentials/id",
                         .headers = {{"Accept", "application/json"}},
                         .answer = answer(200, document)});
  CHECK(aws.get()->access_key_id == "ASIA1");
  CHECK(aws.transport->seen().at(0).request.host_service);
  check_script(aws);
  for (const char* bad : {"@evil.example/", ".evil.example/", ":80@evil.example/", "x"}) {
    aws.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = bad;
    CHECK(aws.get().error().code() == ErrorCode::unauthenticated);
  }
  CHECK(aws.transport->seen().size() == 1);
}

TEST_CASE("the container's token file is read anew for each fetch") {
  const TempDir dir;
  AwsSetting aws;
  aws.variables = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/x"},
                   {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", dir / "token"}};
  const auto provider = aws_credentials(aws.services(), aws.environment(), {});
  for (const char* token : {"first", "second"}) {
    dir.write("token", token);
    aws.transport->expect({.url = "http://127.0.0.1/x",
                           .headers = {{"accept", "application/json"}, {"authorization", token}},
                           .answer = answer(200, document)});
    const auto found = provider->get();
    REQUIRE(found.has_value());
    provider->invalidate(**found);
  }
  check_script(aws);
  for (const char* bad : {"two\nlines", "line\r\n", "", "t\x01t"}) {
    dir.write("token", bad);
    const auto refused = aws.get();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == ErrorCode::unauthenticated);
  }
  aws.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = dir / "none";
  CHECK(aws.get().error().code() == ErrorCode::unauthenticated);
  CHECK(aws.transport->seen().size() == 2);
}

TEST_CASE("instance metadata is asked by version 2 only, once, for a second, past the proxy") {
  AwsSetting aws;
  aws.transport->expect(token_step(answer(200, "T1")));
  aws.transport->expect(get_step(roles, "T1", answer(200, "my-role\n")));
  aws.transport->expect(get_step(roles + "my-role", "T1", answer(200, document)));
  const auto found = aws.get();
  REQUIRE(found.has_value());
  CHECK(found->source == "instance metadata");
  CHECK(found->expires->to_string() == "2099-01-01T00:00:00Z");
  check_script(aws);
  for (const auto& seen : aws.transport->seen()) {
    CHECK(seen.request.host_service);
    CHECK(seen.request.limits.connect == Duration(1s));
  }
  for (const int status : {400, 403, 404, 405, 302}) {
    CAPTURE(status);
    AwsSetting refused;
    refused.transport->expect(token_step(answer(status, "", {{"Location", "http://evil.example/"}})));
    CHECK(refused.get().error().code() == ErrorCode::unauthenticated);
    CHECK(refused.transport->seen().size() == 1);
  }
}

TEST_CASE("a metadata token that is lost in a container fails fast and says why") {
  AwsSetting aws;
  aws.transport->expect(token_step(Error(ErrorCode::timeout, "no answer within 1 s")));
  const auto none = aws.get();
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code() == ErrorCode::not_found);
  CHECK(none.error().hint().find("hop limit") != std::string::npos);
  check_script(aws);
  CHECK(aws.time.sleeps().empty());
}

TEST_CASE("a metadata token is kept, and renewed when it ends or is refused") {
  AwsSetting aws;
  const auto provider = aws_credentials(aws.services(), aws.environment(), {});
  const auto expect_fetch = [&](const char* token) {
    aws.transport->expect(get_step(roles, token, answer(200, "r")));
    aws.transport->expect(get_step(roles + "r", token, answer(200, document)));
  };
  const auto fetch = [&] {
    const auto found = provider->get();
    REQUIRE(found.has_value());
    provider->invalidate(**found);
    check_script(aws);
  };
  aws.transport->expect(token_step(answer(200, "T1", {{"x-aws-ec2-metadata-token-ttl-seconds", "600"}})));
  expect_fetch("T1");
  fetch();
  aws.time.advance(Duration(299s));
  expect_fetch("T1");
  fetch();
  aws.time.advance(Duration(1s));
  aws.transport->expect(token_step(answer(200, "T2")));
  expect_fetch("T2");
  fetch();
  aws.transport->expect(get_step(roles, "T2", answer(401)));
  aws.transport->expect(token_step(answer(200, "T3")));
  expect_fetch("T3");
  fetch();
  // Refused twice: an error, not a loop.
  aws.transport->expect(get_step(roles, "T3", answer(401)));
  aws.transport->expect(token_step(answer(200, "T4")));
  aws.transport->expect(get_step(roles, "T4", answer(401)));
  CHECK(provider->get().error().code() == ErrorCode::unauthenticated);
  check_script(aws);
}

TEST_CASE("a role's name that could lead elsewhere is refused") {
  for (const char* role : {"../user-data", "a/b", "a?b", "a b", "a%2fb", "r\x01"}) {
    CAPTURE(role);
    AwsSetting aws;
    aws.transport->expect(token_step(answer(200, "T")));
    aws.transport->expect(get_step(roles, "T", answer(200, role)));
    CHECK(aws.get().error().code() == ErrorCode::unauthenticated);
    check_script(aws);
  }
}

TEST_CASE("an exhausted chain tells what each source said") {
  AwsSetting aws;
  aws.variables = {{"AWS_EC2_METADATA_DISABLED", "TRUE"}};
  const auto none = aws.get();
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code() == ErrorCode::not_found);
  for (const char* part :
       {"AWS_ACCESS_KEY_ID is not set", "AWS_WEB_IDENTITY_TOKEN_FILE is not set", "no profile 'default'",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set", "disabled by AWS_EC2_METADATA_DISABLED"}) {
    CHECK(none.error().message().find(part) != std::string::npos);
  }
}

TEST_CASE("replies that are no credentials are refused without a word of them") {
  for (const char* bad :
       {"", "null", "[]", "{}", "{\"AccessKeyId\":\"canary\"}", R"({"AccessKeyId":"canary","SecretAccessKey":""})",
        R"({"AccessKeyId":"canary\n","SecretAccessKey":"canary"})",
        R"({"AccessKeyId":"canary","SecretAccessKey":"can ary"})", R"({"AccessKeyId":"canary","SecretAccessKey":7})",
        R"({"AccessKeyId":"canary","SecretAccessKey":"canary","Token":"can\r\nary"})",
        R"({"AccessKeyId":"canary","SecretAccessKey":"canary","Expiration":"canary"})",
        R"({"AccessKeyId":"canary","SecretAccessKey":"canary"}canary)"}) {
    CAPTURE(bad);
    const auto refused = parse_credentials_document(bad, DocumentKind::container);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == ErrorCode::corrupted);
    CHECK(refused.error().to_string().find("canary") == std::string::npos);
  }
  for (const char* bad :
       {R"({"AccessKeyId":"a","SecretAccessKey":"b"})", R"({"Version":"1","AccessKeyId":"a","SecretAccessKey":"b"})",
        R"({"Version":1.0,"AccessKeyId":"a","SecretAccessKey":"b"})",
        R"({"Version":2,"AccessKeyId":"a","SecretAccessKey":"b"})"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_credentials_document(bad, DocumentKind::process).has_value());
  }
}

TEST_CASE("a credential process is split as a shell would and started without one") {
  CHECK(split_command(R"(a  'b c' "d \" \\ \n" e\ f '' g'h'"i")") ==
        std::vector<std::string>{"a", "b c", "d \" \\ \\n", "e f", "", "ghi"});
  CHECK(split_command("") == std::vector<std::string>());
  CHECK_FALSE(split_command("a 'b").has_value());
  CHECK_FALSE(split_command("a \"b").has_value());
  CHECK_FALSE(split_command("a\\").has_value());
  // A shell would run `touch` and expand the rest; echo prints it all.
  const TempDir dir;
  const auto run = run_credential_process("p", "/bin/echo $HOME ; touch " + (dir / "made") + " && * | >x", {});
  REQUIRE_FALSE(run.has_value());
  CHECK(run.error().code() == ErrorCode::unauthenticated);
  CHECK_FALSE(std::filesystem::exists(dir / "made"));
}

TEST_CASE("a credential process has a time limit, sees the environment, and is off by default") {
  CHECK(run_credential_process("p", "/bin/sleep 1000", {.deadline = Deadline::after(1ms)}).error().code() ==
        ErrorCode::timeout);
  const auto complaint =
      run_credential_process("p", "/bin/sh -c 'echo signature=canary bad >&2; test -n \"$PATH\" && exit 4'", {});
  REQUIRE_FALSE(complaint.has_value());
  CHECK(complaint.error().message().find("it ended with status 4: signature=*** bad") != std::string::npos);
  CHECK(run_credential_process("p", "no-such-program-at-all", {}).error().code() == ErrorCode::unauthenticated);
  CHECK(run_credential_process("p", "   ", {}).error().code() == ErrorCode::unauthenticated);

  const TempDir dir;
  AwsSetting aws;
  aws.variables = {
      {"AWS_CONFIG_FILE", dir.write("config", "[default]\ncredential_process = /bin/touch " + (dir / "made"))}};
  CHECK(aws.get().error().code() == ErrorCode::unsupported);
  CHECK_FALSE(std::filesystem::exists(dir / "made"));
}

TEST_CASE("files by default lie under the home folder") {
  const TempDir dir;
  AwsSetting aws;
  aws.home = dir.path().string();
  dir.write(".aws/credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=B\n");
  dir.write(".aws/config", "[default]\nregion=eu-north-1\n");
  CHECK(aws.get()->source == "profile 'default'");
  CHECK(aws_region(aws.environment())->value() == "eu-north-1");
}

TEST_CASE("the environment's region wins, and what is no region is refused") {
  AwsSetting aws;
  aws.variables = {{"AWS_REGION", "eu-west-1"}, {"AWS_DEFAULT_REGION", "us-east-2"}};
  CHECK(aws_region(aws.environment())->value() == "eu-west-1");
  for (const char* bad : {"@evil#", "../", "127.0.0.1", "x.y@z", "EU-WEST-1", "-a", "a-", "a b", "a/b"}) {
    CAPTURE(bad);
    aws.variables["AWS_REGION"] = bad;
    CHECK(aws_region(aws.environment()).error().code() == ErrorCode::invalid_argument);
    CHECK(StsEndpoint::choose(bad, "").error().code() == ErrorCode::unauthenticated);
  }
  CHECK(StsEndpoint::choose("eu-west-1", "")->url == "https://sts.eu-west-1.amazonaws.com/");
  CHECK(StsEndpoint::choose("cn-north-1", "")->url == "https://sts.cn-north-1.amazonaws.com.cn/");
  CHECK(StsEndpoint::choose("", "")->url == "https://sts.amazonaws.com/");
  CHECK(StsEndpoint::choose("", "")->region == "us-east-1");
  CHECK(StsEndpoint::choose("eu-west-1", "http://127.0.0.1:9")->url == "http://127.0.0.1:9/");
}
