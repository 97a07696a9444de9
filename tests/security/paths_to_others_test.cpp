#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "network_seam.h"
#include "strict_s3.h"
#include "support/object_calls.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using docupilot::http::make_transport;
using docupilot::testing::RecordedRequest;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot::testing::TestAuthority;

namespace {

/// One of each call that a store can make.
void call_everything(S3Store& store) {
  MemoryWriter into;
  static_cast<void>(store.get("k", into));
  static_cast<void>(store.head("k"));
  static_cast<void>(store.list());
  static_cast<void>(put_text(store, "k", "x"));
  static_cast<void>(put_text(store, "k", "x", {.if_absent = true}));
  static_cast<void>(store.copy("k", "l"));
  static_cast<void>(store.remove("k"));
  static_cast<void>(store.remove_many({"k"}));
  static_cast<void>(store.tags("k"));
  static_cast<void>(store.set_tags("k", {{"a", "b"}}));
  static_cast<void>(store.begin_multipart("k"));
  static_cast<void>(store.list_parts({.key = "k", .upload_id = "U", .started = {}}));
  static_cast<void>(
      store.complete_multipart({.key = "k", .upload_id = "U", .started = {}}, {{.number = 1, .size = 1, .etag = "e"}}));
  static_cast<void>(store.abort_multipart({.key = "k", .upload_id = "U", .started = {}}));
  static_cast<void>(store.list_multipart());
  static_cast<void>(store.bucket_exists());
  static_cast<void>(store.create_bucket());
  static_cast<void>(store.bucket_policy());
}

}  // namespace

TEST_CASE("rule 6: no redirect takes a signed request, or its credentials, to another scheme, host or port") {
  const SeamGuard seam;
  ScriptedServer plain;  // another scheme and port
  const TestAuthority authority;
  ScriptedServer other({.tls = authority.server()});  // another port
  const std::string elsewhere = "elsewhere.example:" + std::to_string(other.port());
  NetworkSeam::get().resolve("elsewhere.example", {"127.0.0.1"});
  std::size_t redirects = 0;
  for (const int status : {301, 302, 303, 307, 308, 400}) {
    for (const std::string& where : {plain.url("/bucket/k"), other.url("/bucket/k"), "https://" + elsewhere + "/k",
                                     "//" + elsewhere + "/k", std::string("http://169.254.169.254/latest/")}) {
      CAPTURE(status);
      CAPTURE(where);
      const std::string host =
          where.substr(where.find("//") + 2, where.find('/', where.find("//") + 2) - where.find("//") - 2);
      ScriptedServer server(
          [&](const RecordedRequest&) {
            return Script{
                .reply = {.status = status,
                          .headers = {{"Location", where}, {"x-amz-bucket-region", "eu-north-1"}},
                          .body = "<Error><Code>" +
                                  std::string(status == 400 ? "AuthorizationHeaderMalformed" : "PermanentRedirect") +
                                  "</Code><Endpoint>" + host + "</Endpoint><Region>eu-north-1</Region></Error>"}};
          },
          {.tls = authority.server()});
      S3Options options{.bucket = "bucket", .region = "us-east-1", .endpoint = server.url(), .quirks = "ceph"};
      options.credentials = http::static_credentials({.access_key_id = "AKID",
                                                      .secret_access_key = Secret("secret"),
                                                      .session_token = Secret("token"),
                                                      .source = "test"});
      options.transport = make_transport({.tls = {.ca_file = authority.root_file()}});
      const auto store = open_s3_store(options);
      REQUIRE(store);
      call_everything(**store);
      const auto record = server.ledger().snapshot();
      redirects += record.requests.size();
      CHECK(record.requests.size() >= 15);
      for (const auto& request : record.requests) {
        CHECK(request.header("Host") == server.url().substr(8));
        CHECK(request.target.find("AKID") == std::string::npos);  // credentials travel in headers
      }
    }
  }
  CHECK(redirects >= 450);
  CHECK(plain.ledger().snapshot().connections.empty());
  CHECK(other.ledger().snapshot().connections.empty());
  CHECK(NetworkSeam::get().left().empty());
  CHECK(NetworkSeam::get().lookups() <= redirects);  // of the server's own number alone
}

TEST_CASE("rule 2: where https fails nothing is sent without TLS") {
  ScriptedServer plain([](const auto&) { return Script{.reply = {.body = "x"}}; });  // speaks no TLS
  const std::string url = "https" + plain.url("/k").substr(4);
  const auto transport = make_transport({.allow_plaintext = true});
  for (int i = 0; i < 3; ++i) {
    const auto reply = transport->send(
        {.url = url, .headers = {{"Authorization", "canary"}}, .limits = {.connect = Duration::milliseconds(200)}});
    CHECK_FALSE(reply.has_value());
  }
  CHECK(plain.ledger().wait_until([](const auto& record) {
    return record.connections.size() == 3 && !record.requests.empty();  // a TLS greeting, which is no request
  }));
  for (const auto& request : plain.ledger().snapshot().requests) {
    CHECK(request.malformed);
    CHECK(request.head.find("canary") == std::string::npos);
  }
  // Other machines are not asked without TLS, unless that was said.
  const SeamGuard seam;
  for (const std::string remote : {"http://files.example.com/", "http://10.0.0.1/", "http://[2606:4700::1111]/"}) {
    CAPTURE(remote);
    const auto refused = make_transport()->send({.url = remote});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == ErrorCode::invalid_argument);
    CHECK(NetworkSeam::get().lookups() == 0);
    CHECK(NetworkSeam::get().left().empty());
    static_cast<void>(make_transport({.allow_plaintext = true})->send({.url = remote}));
    CHECK(NetworkSeam::get().lookups() + NetworkSeam::get().left().size() > 0);  // the seam does see what goes out
    NetworkSeam::get().reset();
  }
}

TEST_CASE("rule 4: other schemes fail before a name is looked up, and no file of the user's adds credentials") {
  const SeamGuard seam;
  for (const std::string scheme : {"file", "gopher", "smb", "ftp", "dict", "ldap", "telnet", "tftp", "scp", "ws"}) {
    CAPTURE(scheme);
    for (const std::string rest : {"://localhost/etc/passwd", "://files.example.com/k", ":///etc/passwd"}) {
      const auto refused = make_transport({.allow_plaintext = true})->send({.url = scheme + rest});
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().code() == ErrorCode::invalid_argument);
    }
  }
  CHECK(NetworkSeam::get().lookups() == 0);
  CHECK(NetworkSeam::get().left().empty());

  const TempDir home;
  home.write(".netrc", "machine 127.0.0.1 login canary password canary\ndefault login canary password canary\n");
  const char* const before = std::getenv("HOME");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("HOME", home.path().c_str(), 1);
  ScriptedServer server([](const auto&) {
    return Script{.reply = {.status = 401,
                            .headers = {{"WWW-Authenticate", "Basic realm=\"x\""}, {"Set-Cookie", "canary=canary"}}}};
  });
  const auto transport = make_transport();
  for (int i = 0; i < 2; ++i) CHECK(transport->send({.url = server.url("/k")}));
  ::setenv("HOME", kept.c_str(), 1);
  const auto record = server.ledger().snapshot();
  CHECK(record.requests.size() == 2);
  for (const auto& request : record.requests) CHECK(request.head.find("canary") == std::string::npos);
}

TEST_CASE("rule 5: two tenants at once on one transport never share a connection") {
  constexpr int threads = 8;
  constexpr int requests = 50;
  for (const bool tls : {false, true}) {
    CAPTURE(tls);
    StrictS3 s3(tls);  // its check is not used: any tenant is answered
    s3.server().handle([](const RecordedRequest&) { return Script{.reply = {.headers = {{"ETag", "\"e\""}}}}; });
    S3Options options = s3.options();
    const auto store_of = [&](const std::string& tenant) {
      options.credentials = http::static_credentials(
          {.access_key_id = tenant, .secret_access_key = Secret("secret of " + tenant), .source = "test"});
      return open_s3_store(options).value();
    };
    const auto one = store_of("TENANT1");
    const auto two = store_of("TENANT2");
    std::atomic<int> failed = 0;
    {
      std::vector<std::jthread> all;
      for (int i = 0; i < threads; ++i) {
        all.emplace_back([&, i] {
          for (int n = 0; n < requests; ++n) failed += put_text(i % 2 == 0 ? *one : *two, "k", "x") ? 0 : 1;
        });
      }
    }
    CHECK(failed == 0);
    const auto record = s3.server().ledger().snapshot();
    CHECK(record.requests.size() == threads * requests);
    std::map<std::size_t, std::set<std::string>> tenants;
    for (const auto& request : record.requests) {
      const std::string who(request.header("authorization").substr(28, 7));
      CHECK(who.starts_with("TENANT"));
      tenants[request.connection].insert(who);
    }
    for (const auto& [connection, who] : tenants) CHECK(who.size() == 1);
    CHECK(tenants.size() < record.requests.size());  // connections were used again
    CHECK(tenants.size() >= 2);
  }
}
