#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <docupilot/client.h>
#include <docupilot/store/s3_store.h>
#include <docupilot/testing/scripted_server.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "canaries.h"
#include "http/credentials_document.h"
#include "http/redact.h"
#include "http/sts.h"
#include "http/sts_wire.h"
#include "strict_s3.h"
#include "support/aws_setting.h"
#include "support/object_calls.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using docupilot::testing::RecordedRequest;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;

namespace {

/// Everything that was told to anybody.
class Told {
 public:
  [[nodiscard]] Hooks hooks() {
    return {.log = [this](const LogRecord& record) { add(record.message); },
            .metric = [this](const MetricRecord& record) { add(record.label); },
            .span = [this](const SpanRecord& record) { add(record.name); },
            .minimum_level = LogLevel::trace};
  }
  template <class T>
  bool operator()(const Result<T>& result) {
    if (!result) add(all_of(result.error()));
    return result.has_value();
  }
  void add(std::string_view text) {
    const std::lock_guard lock(mutex_);
    (all_ += text) += '\n';
  }
  [[nodiscard]] std::string all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::string all_;
};

/// The ways in which a server repeats what it was sent, or what it should not know.
Reply echo(unsigned way, const std::string& form, const std::string& in_xml, const RecordedRequest& request) {
  const auto error = [&](const std::string& code, const std::string& message, const std::string& more = {}) {
    return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>" + message + "</Message>" + more +
           "<RequestId>R</RequestId></Error>";
  };
  std::string sent;
  for (const auto& [name, value] : request.headers) sent += name + ": " + value + " ";
  for (std::size_t at = 0; (at = sent.find_first_of("&<", at)) != std::string::npos;) sent[at] = ' ';
  Reply reply{.status = 400, .framing = Reply::Framing::chunked, .chunk = 7};
  switch (way) {
    case 0:
      reply.body = error("ExpiredToken", "The token " + in_xml + " has expired.", "<Token-0>" + in_xml + "</Token-0>");
      break;
    case 1:
      reply.status = 403;
      reply.body = error("SignatureDoesNotMatch", "What was calculated differs from " + in_xml,
                         "<AWSAccessKeyId>" + in_xml + "</AWSAccessKeyId><StringToSign>" + in_xml +
                             "</StringToSign><CanonicalRequest>" + in_xml + "</CanonicalRequest>");
      break;
    case 2: reply.body = error("InvalidToken", "Headers: " + sent); break;
    case 3:
      reply.body = error(in_xml, "code", "<Region>" + in_xml + "</Region><Endpoint>" + in_xml + "</Endpoint>");
      break;
    case 4: reply.body = error("AccessDenied", std::string(480, '.') + in_xml); break;  // across the cut of a message
    case 5: reply.body = error("AccessDenied", "x</Message><RequestId>" + in_xml + "</RequestId><Message>y"); break;
    case 6:
      reply.headers = {{"x-amz-request-id", form},
                       {"x-minio-error-code", form},
                       {"x-minio-error-desc", form},
                       {"x-amz-bucket-region", form},
                       {"Server", form},
                       {"ETag", form}};
      reply.reason = form;
      break;
    case 7: reply.body = "<html>" + form + "</html>"; break;
    case 8: reply.body = form; break;
    case 9: reply = {.status = 200, .body = error("AccessDenied", "after all: " + in_xml)}; break;
    case 10: reply = {.status = 200, .body = "<a" + form.substr(0, 20) + "/>"}; break;
    case 11: reply.body = error("AccessDenied", std::string(8'000, '.') + in_xml); break;  // across the cut of a body
    case 12: reply = {.status = 503, .body = error("SlowDown", in_xml)}; break;
    case 13:
      reply = {.status = 200,
               .body = "<DeleteResult><Error><Key>" + in_xml + "</Key><Code>" + in_xml + "</Code><Message>" + in_xml +
                       "</Message></Error></DeleteResult>"};
      break;
    default: reply = Reply::verbatim("HTTP/1.1 200 " + form + "\r\n" + form + "\r\n\r\n"); break;
  }
  return reply;
}
constexpr unsigned ways = 15;

void call_everything(S3Store& store, Told& told) {
  MemoryWriter into;
  const MultipartUpload upload{.key = "k", .upload_id = "U", .started = {}};
  told(store.get("k", into));
  told(store.get("k", into, {.offset = 1, .length = 2}));
  told(store.head("k"));
  told(store.list({.prefix = "p"}));
  told(put_text(store, "k", "x"));
  told(put_text(store, "k", "x", {.if_absent = true}));
  ScriptedReader unknown("of unknown size");
  told(store.put("k", unknown));
  told(store.copy("k", "l"));
  told(store.remove("k"));
  told(store.begin_multipart("k"));
  MemoryReader part(as_bytes("x"));
  told(store.put_part(upload, 1, part));
  told(store.list_parts(upload));
  told(store.complete_multipart(upload, {{.number = 1, .size = 1, .etag = "e"}}));
  told(store.abort_multipart(upload));
  told(store.list_multipart());
  const auto failures = store.remove_many({"k", "l"});
  if (told(failures)) {
    for (const auto& failure : *failures) told.add(all_of(failure.error));
  }
  told(store.set_tags("k", {{"a", "b"}}));
  told(store.tags("k"));
  told(store.create_bucket());
  told(store.bucket_exists());
  told(store.bucket_policy());
  told(store.set_bucket_policy("{}"));
  told(store.presign("k", {.expires = Duration::milliseconds(0)}));
  told(store.presign_post("k", {.expires = Duration::milliseconds(0)}));
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

}  // namespace

TEST_CASE("rule 17: a secret turns into text by `expose` alone") {
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!std::is_convertible_v<Secret, const char*>);
  static_assert(!std::is_constructible_v<std::string, Secret>);
  static_assert(!std::is_constructible_v<std::string_view, Secret>);
  static_assert(!std::is_constructible_v<Value, Secret>);
  static_assert(!std::is_constructible_v<Error, ErrorCode, Secret>);
  static_assert(!fmt::is_formattable<Secret>::value);
  static_assert(!Printable<http::Credentials>);
  static_assert(!Printable<http::TransportOptions>);
  static_assert(!Printable<S3Options>);
  const Canary canary;
  std::ostringstream out;
  out << Secret(canary.text());
  CHECK(out.str() == "***");
  CHECK(doctest::toString(Secret(canary.text())) == "***");  // as a failed test prints it
  const Error error = Error(ErrorCode::internal, "x").target(BackendUrl::redacted("s3://u:" + canary.text() + "@b/k"));
  CHECK_FALSE(canary.shows_in(all_of(error)));
}

TEST_CASE("rule 18: the canaries of these tests do show where nobody takes them out") {
  const Canary canary;
  for (const std::string& form : canary.forms()) {
    CAPTURE(form);
    CHECK(canary.shows_in("a " + form + " b"));
    CHECK_FALSE(canary.shows_in(Canary().text() + form.substr(0, 11)));
    const http::Redactor redact = http::Redactor().add(Secret(canary.text()));
    CHECK_FALSE(canary.shows_in(redact("a " + form + " b")));
    CHECK(redact("a " + form + " b").starts_with("a "));
  }
}

TEST_CASE("rule 18: 64 secrets in six encodings, repeated by replies in pieces, are in no log and no error of S3") {
  std::size_t replies = 0;
  std::size_t errors = 0;
  for (unsigned round = 0; round < 64; ++round) {
    const Canary secret;
    const Canary token;
    const unsigned way = round % ways;
    CAPTURE(way);
    Told told;
    std::atomic<unsigned> count = 0;
    ScriptedServer server([&](const RecordedRequest& request) {
      const unsigned number = count++;
      const Canary& canary = number % 2 == 0 ? token : secret;
      const std::string form = canary.forms()[(round + number) % canary.forms().size()];
      std::string in_xml;
      for (const char c : form) in_xml += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
      return Script{.reply = echo(way, form, in_xml, request)};
    });
    S3Options options{.bucket = "bucket", .region = "us-east-1", .endpoint = server.url(), .quirks = "ceph"};
    options.checksums = S3Checksums::when_supported;
    options.credentials = http::static_credentials({.access_key_id = "AKID",
                                                    .secret_access_key = Secret(secret.text()),
                                                    .session_token = Secret(token.text()),
                                                    .source = "test"});
    options.hooks = told.hooks();
    options.transport = http::make_transport({.hooks = told.hooks()});
    VirtualTime time;
    const auto store = open_s3_store(options, {.clock = &time.clock(), .sleeper = &time.sleeper()});
    REQUIRE(store);
    call_everything(**store, told);
    replies += server.ledger().snapshot().requests.size();
    const std::string all = told.all();
    errors += static_cast<std::size_t>(std::ranges::count(all, '\n'));
    CHECK(all.size() > 1'000);
    for (std::istringstream lines(all); !lines.eof();) {
      std::string line;
      std::getline(lines, line);
      CAPTURE(line);
      CHECK_FALSE(secret.shows_in(line));
      CHECK_FALSE(token.shows_in(line));
    }
  }
  CHECK(replies > 64 * 20);
  CHECK(errors > 64 * 20);
}

TEST_CASE("rule 18: what credential services repeat is in no error, wherever their message is cut") {
  for (std::size_t lead = 0; lead < 640; lead += 8) {
    const Canary canary;
    CAPTURE(lead);
    const TempDir dir;
    const std::string json = R"({"code":")" + std::string(lead, '.') + canary.forms()[3] + R"(","message":")" +
                             std::string(lead, '.') + canary.forms()[1] + R"("})";
    AwsSetting container;
    container.variables = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/x"},
                           {"AWS_CONTAINER_AUTHORIZATION_TOKEN", canary.text()}};
    container.transport->expect(
        {.url = "http://127.0.0.1/x",
         .headers = {{"accept", "application/json"}, {"authorization", canary.text()}},
         .answer = http::Response{.status = 403, .headers = {{"x-request-id", canary.text()}}, .body = json}});
    const auto refused = container.get();
    REQUIRE_FALSE(refused.has_value());
    CHECK(container.transport->complaints().empty());
    CHECK_FALSE(canary.shows_in(all_of(refused.error())));

    AwsSetting identity;
    identity.variables = {{"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/work"},
                          {"AWS_ROLE_SESSION_NAME", "me"},
                          {"AWS_REGION", "eu-west-1"},
                          {"AWS_WEB_IDENTITY_TOKEN_FILE", dir.write("token", canary.text())}};
    const std::string said = std::string(lead, '.') + canary.forms()[2];
    http::Response denied{.status = 400,
                          .headers = {{"x-amz-request-id", said}},
                          .body = "<ErrorResponse><Error><Code>" + said + "</Code><Message>" + said +
                                  "</Message></Error></ErrorResponse>"};
    identity.transport->expect({.method = "POST",
                                .url = "https://sts.eu-west-1.amazonaws.com/",
                                .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                                .body = http::encode_form({{"Action", "AssumeRoleWithWebIdentity"},
                                                           {"Version", "2011-06-15"},
                                                           {"RoleSessionName", "me"},
                                                           {"RoleArn", "arn:aws:iam::123456789012:role/work"},
                                                           {"WebIdentityToken", canary.text()}}),
                                .answer = denied});
    const auto no_role = identity.get();
    REQUIRE_FALSE(no_role.has_value());
    CHECK(identity.transport->complaints() == std::vector<std::string>());
    CHECK_FALSE(canary.shows_in(all_of(no_role.error())));

    AwsSetting instance;
    const std::string imds = "http://169.254.169.254/latest/";
    instance.transport->expect(
        {.method = "PUT",
         .url = imds + "api/token",
         .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}},
         .answer = http::Response{.status = 200, .body = "token" + canary.text().substr(0, 24)}});
    instance.transport->expect(
        {.url = imds + "meta-data/iam/security-credentials/",
         .headers = {{"x-aws-ec2-metadata-token", "token" + canary.text().substr(0, 24)}},
         .answer =
             http::Response{.status = 403, .headers = {{"x-request-id", "token" + canary.text().substr(0, 24)}}}});
    const auto no_instance = instance.get();
    REQUIRE_FALSE(no_instance.has_value());
    CHECK(instance.transport->complaints() == std::vector<std::string>());
    CHECK_FALSE(canary.shows_in(all_of(no_instance.error())));
  }
}

TEST_CASE("rule 18: a message that repeats a secret a hundred thousand times is cleaned at once") {
  const Canary canary;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += canary.text();
  const std::string cleaned = http::Redactor().add(Secret(canary.text()))(text);
  CHECK_FALSE(canary.shows_in(cleaned));
  CHECK(cleaned.size() == 300'000);
}

TEST_CASE("rule 19: a library on S3 keeps no credential in its files, and what is under way is for its owner alone") {
  const TempDir dir;
  const std::string folder = dir / "library";
  StrictS3 s3(false);
  Told told;
  ClientOptions options{.hooks = told.hooks()};
  options.registry.add_store("s3", [&](const BackendUrl&, const OpenMode&) -> Result<std::unique_ptr<ObjectStore>> {
    return std::unique_ptr<ObjectStore>(s3.open());
  });
  Config config = Config::embedded(folder);
  config.store = "s3://bucket";
  auto client = Client::open(config, std::move(options));
  REQUIRE_MESSAGE(client, client.error().to_string());
  auto kept = memory_source("A sound document of some words.", "sound.txt");
  const auto ingested = client->ingest(*kept, {.id = "sound"});
  REQUIRE_MESSAGE(ingested, ingested.error().to_string());
  s3.server().handle([](const RecordedRequest& request) {  // from here on it refuses, and repeats what it was sent
    return Script{.reply = {.status = 403,
                            .body = "<Error><Code>ExpiredToken</Code><Message>" +
                                    std::string(request.header("x-amz-security-token")) + "</Message></Error>"}};
  });
  auto refused = memory_source("Another document of some words.", "refused.txt");
  CHECK_FALSE(told(client->ingest(*refused, {.id = "refused"})));
  const auto waiting = client->pending();
  REQUIRE(waiting);
  for (const auto& finding : client->diagnose()) told.add(finding.message);

  std::size_t files = 0;
  std::string all = told.all();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    std::ifstream in(entry.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(in), {});
    struct stat status{};
    REQUIRE(::stat(entry.path().c_str(), &status) == 0);
    CAPTURE(entry.path().filename().string());
    if (entry.path().filename().string().starts_with("journal")) CHECK((status.st_mode & 077U) == 0);
  }
  CHECK(files >= 3);
  CHECK(all.find("A sound document of some words") != std::string::npos);  // the text of the index: all was looked at
  CHECK(all.find(StrictS3::secret) == std::string::npos);
  CHECK(all.find(StrictS3::token) == std::string::npos);
  CHECK(all.find("session+token") == std::string::npos);
}
