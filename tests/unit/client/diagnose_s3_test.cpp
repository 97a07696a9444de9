#include <algorithm>
#include <ctime>
#include <mutex>

#include <doctest/doctest.h>

#include <docupilot/client.h>
#include <docupilot/store/s3_store.h>
#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>

#include "support/http_date.h"
#include "support/s3_server.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;
using docupilot::testing::RecordedRequest;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot::testing::TestAuthority;
using Level = Finding::Level;

namespace {

/// As much of a bucket as diagnose asks for. Its last object is all that it keeps.
class SmallBucket {
 public:
  Reply answer(const RecordedRequest& request) {
    const std::scoped_lock lock(mutex_);
    if (request.method == "PUT") {
      kept_ = request.body;
      return {.headers = {{"ETag", "\"one\""}}};
    }
    if (request.method == "DELETE") return {.status = 204};
    if (request.target.find("list-type") == std::string::npos) return {.headers = {{"ETag", "\"one\""}}, .body = kept_};
    return {.body = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"};
  }

 private:
  std::mutex mutex_;
  std::string kept_;
};

/// What diagnose finds in a library whose objects are in a bucket of `endpoint`.
std::vector<Finding> diagnosed(const std::string& endpoint, const std::function<void(S3Options&)>& change = {}) {
  const TempDir folder;
  std::filesystem::create_directories(folder / "library");
  ClientOptions options;
  options.registry.add_store("s3", [=](const BackendUrl& url, const OpenMode&) -> Result<std::unique_ptr<ObjectStore>> {
    S3Options s3 = S3Options::from_url(url).value();
    s3.credentials = http::static_credentials(
        {.access_key_id = "AKID", .secret_access_key = Secret("secret"), .source = "the test"});
    s3.retry.attempts = 3;
    s3.retry.transient_base = Duration::milliseconds(1);
    if (change) change(s3);
    auto store = open_s3_store(std::move(s3));
    if (!store) return std::move(store).error();
    return std::unique_ptr<ObjectStore>(*std::move(store));
  });
  Config config = Config::embedded(folder / "library");
  Client::open(config).value().ingest(folder.write("a.txt", "A library is here.")).value();
  config.store = "s3://bucket?region=us-east-1&quirks=minio&endpoint=" + endpoint;
  return Client::open(config, options).value().diagnose();
}

std::vector<Finding> of_store(const std::vector<Finding>& findings) {
  std::vector<Finding> some;
  std::ranges::copy_if(findings, std::back_inserter(some), [](const Finding& f) { return f.component == "store"; });
  return some;
}

/// The one finding of that level about the store.
Finding the_one(const std::vector<Finding>& findings, Level level) {
  std::vector<Finding> some = of_store(findings);
  std::erase_if(some, [&](const Finding& finding) { return finding.level != level; });
  REQUIRE(some.size() == 1);
  return some.front();
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("diagnose finds nothing wrong with a sound bucket, and says whose credentials it used") {
  SmallBucket bucket;
  ScriptedServer server([&](const RecordedRequest&) {
    return Script{.respond = [&](const RecordedRequest& request) { return bucket.answer(request); }};
  });
  const auto findings = of_store(diagnosed(server.url()));
  for (const Finding& finding : findings) CHECK_MESSAGE(finding.level != Level::warning, finding.message);
  CHECK(
      std::ranges::any_of(findings, [](const Finding& f) { return holds(f.message, "writes, reads and removes in"); }));
  CHECK(std::ranges::any_of(findings, [](const Finding& f) { return f.message == "credentials from the test"; }));
}

TEST_CASE("diagnose looks at a store on a network before there is a library, and makes none") {
  const TempDir folder;
  Config config = Config::embedded(folder / "library");
  ScriptedServer server(
      [&](const RecordedRequest&) { return Script{.reply = {.status = 404, .body = s3_error("NoSuchBucket")}}; });
  config.store = "s3://bucket?region=us-east-1&quirks=minio&endpoint=" + server.url();
  ClientOptions options;
  options.registry.add_store("s3", [](const BackendUrl& url, const OpenMode&) -> Result<std::unique_ptr<ObjectStore>> {
    S3Options s3 = S3Options::from_url(url).value();
    s3.credentials = http::static_credentials(
        {.access_key_id = "AKID", .secret_access_key = Secret("secret"), .source = "the test"});
    return std::unique_ptr<ObjectStore>(open_s3_store(std::move(s3)).value());
  });
  const Finding problem = the_one(Client::open(config, options).value().diagnose(), Level::problem);
  CHECK_MESSAGE(holds(problem.message, "there is no bucket 'bucket'"), problem.message);
  CHECK(!std::filesystem::exists(folder / "library"));
}

TEST_CASE("diagnose explains a wrong clock, which requests get around") {
  constexpr std::time_t ahead = 3'600;
  SmallBucket bucket;
  ScriptedServer server([&](const RecordedRequest&) {
    return Script{.respond = [&](const RecordedRequest& request) {
      const std::string date = http_date({(std::time(nullptr) + ahead) * 1'000'000});
      std::tm signed_at{};
      ::strptime(std::string(request.header("x-amz-date")).c_str(), "%Y%m%dT%H%M%SZ", &signed_at);
      const bool late = ::timegm(&signed_at) < std::time(nullptr) + ahead - 900;
      Reply reply = late ? Reply{.status = 403, .body = s3_error("RequestTimeTooSkewed")} : bucket.answer(request);
      reply.headers.emplace_back("Date", date);
      return reply;
    }};
  });
  const Finding clock = the_one(diagnosed(server.url()), Level::warning);
  CHECK_MESSAGE(holds(clock.message, "behind the server's"), clock.message);
  CHECK_MESSAGE((holds(clock.message, "is 3600 s") || holds(clock.message, "is 359")), clock.message);
  CHECK(clock.hint == "set the clock of this machine");
  CHECK(server.ledger().snapshot().requests.front().status == 403);
}

TEST_CASE("diagnose tells the region that a bucket is in") {
  SmallBucket bucket;
  ScriptedServer server([&](const RecordedRequest&) {
    return Script{.respond = [&](const RecordedRequest& request) {
      if (holds(std::string(request.header("authorization")), "/eu-west-1/s3/")) return bucket.answer(request);
      return Reply{.status = 400,
                   .headers = {{"x-amz-bucket-region", "eu-west-1"}},
                   .body = s3_error("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")};
    }};
  });
  const Finding region = the_one(diagnosed(server.url()), Level::warning);
  CHECK(region.message == "the bucket is in eu-west-1, not in us-east-1");
  CHECK(holds(region.hint, "region=eu-west-1"));
}

TEST_CASE("diagnose explains a bucket or credentials that the server does not know") {
  struct Case {
    int status;
    const char* code;
    const char* hint;
  };
  for (const Case& c :
       {Case{404, "NoSuchBucket", "make the bucket"}, Case{403, "InvalidAccessKeyId", "check the access key"},
        Case{403, "SignatureDoesNotMatch", "check the secret key"}, Case{403, "AccessDenied", "check the policy"},
        Case{400, "ExpiredToken", "get fresh credentials"}}) {
    CAPTURE(c.code);
    ScriptedServer server(
        [&](const RecordedRequest&) { return Script{.reply = {.status = c.status, .body = s3_error(c.code)}}; });
    const Finding problem = the_one(diagnosed(server.url()), Level::problem);
    CHECK_MESSAGE(holds(problem.hint, c.hint), problem.hint);
    CHECK(holds(problem.message, c.code));
  }
}

TEST_CASE("diagnose says where it looked for credentials and found none") {
  ScriptedServer server;
  const auto findings = diagnosed(server.url(), [](S3Options& options) {
    http::AwsEnvironment nothing{.variable = [](std::string_view name) -> std::optional<std::string> {
                                   if (name == "AWS_EC2_METADATA_DISABLED") return "true";
                                   return std::nullopt;
                                 },
                                 .home = "/nonexistent"};
    options.credentials = http::aws_credentials(http::make_transport(), nothing);
  });
  const Finding problem = the_one(findings, Level::problem);
  CHECK_MESSAGE(holds(problem.hint, "AWS_ACCESS_KEY_ID"), problem.message << " | " << problem.hint);
  CHECK(server.ledger().snapshot().requests.empty());
}

TEST_CASE("diagnose explains a certificate that is not trusted") {
  const TestAuthority authority;
  struct Case {
    TestAuthority::Kind kind;
    const char* hint;
  };
  for (const Case& c :
       {Case{TestAuthority::Kind::self_signed, "ca_file"}, Case{TestAuthority::Kind::expired, "expired"},
        Case{TestAuthority::Kind::wrong_host, "wrong host"}}) {
    ScriptedServer server({.tls = authority.server(c.kind)});
    const auto findings =
        diagnosed(server.url(), [&](S3Options& options) { options.network.tls.ca_file = authority.root_file(); });
    const Finding problem = the_one(findings, Level::problem);
    CHECK_MESSAGE(holds(problem.hint, c.hint), problem.hint);
    CHECK(server.ledger().snapshot().requests.empty());
  }
}

TEST_CASE("diagnose explains a proxy that is not there, or wants a password") {
  std::string nowhere;
  {
    ScriptedServer gone;
    nowhere = gone.url();
  }
  ScriptedServer proxy([](const RecordedRequest&) { return Script{.reply = {.status = 407}}; });
  for (const std::string& address : {nowhere, proxy.url()}) {
    const auto findings = diagnosed("http://files.example.test", [&](S3Options& options) {
      options.network.proxy = address;
      options.network.allow_plaintext = true;
    });
    const Finding problem = the_one(findings, Level::problem);
    CHECK_MESSAGE(holds(problem.hint, "proxy: "), problem.hint);
  }
  CHECK(!proxy.ledger().snapshot().requests.empty());
}
