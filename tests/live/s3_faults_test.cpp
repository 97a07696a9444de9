#include "live/s3_live.h"
#include "support/object_calls.h"
#include "support/scripted_streams.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using testing::Fault;
using testing::FaultProxy;
using testing::RecordedRequest;
using testing::Reply;

// Replies of the real server that lie or are lost after they had their effect.
namespace {

/// A store over a new bucket behind a proxy of its own. `first` is the number of the request that comes next.
struct BehindProxy {
  std::unique_ptr<FaultProxy> proxy;
  std::unique_ptr<S3Store> store;
  std::size_t first = 0;

  explicit BehindProxy(S3Options options) {
    proxy = proxy_before(options.endpoint, {.body_limit = 1U << 20U});
    options.endpoint = proxy->url();
    store = fresh_bucket(options);
    first = proxy->ledger().snapshot().requests.size();
  }
  /// Those since then.
  [[nodiscard]] std::vector<RecordedRequest> requests() const {
    auto all = proxy->ledger().snapshot().requests;
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
    return all;
  }
};

Reply failure(int status, const std::string& code) {
  return {.status = status,
          .headers = {{"Content-Type", "application/xml"}},
          .body = "<Error><Code>" + code + "</Code><Message>said the proxy</Message></Error>"};
}

ScriptedReader endless(std::size_t size) { return ScriptedReader(pattern(size)); }

}  // namespace

TYPE_TO_STRING(MinioServer);
TYPE_TO_STRING(VersitygwServer);
#define SERVERS MinioServer, VersitygwServer

TEST_CASE_TEMPLATE("F19: a put that succeeded and was told as failed is sent again, whole", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  for (const Reply& lie : {failure(500, "InternalError"), failure(400, "RequestTimeout"), failure(503, "SlowDown")}) {
    CAPTURE(lie.body);
    BehindProxy behind(Server::options());
    behind.proxy->script(behind.first, {.replace = lie});
    const std::string text = pattern(300'000);
    const auto put = put_text(*behind.store, "k", text);
    REQUIRE_MESSAGE(put, put.error().to_string());
    const auto requests = behind.requests();
    REQUIRE(requests.size() == 2);
    for (const RecordedRequest& request : requests) {
      CHECK(request.method == "PUT");
      CHECK(request.body == text);
      CHECK(request.server_status == 200);
    }
    CHECK(requests[0].status == lie.status);
    CHECK(requests[1].status == 200);
    CHECK(requests[0].header("authorization") != "");
    CHECK(text_of(*behind.store, "k") == text);
    CHECK(behind.store->head("k")->etag == put->etag);
  }
}

TEST_CASE_TEMPLATE("a put that goes on failing is told with its attempts, and the object is whole", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  BehindProxy behind(Server::options());
  behind.proxy->handle([](const RecordedRequest& request) {
    return request.method == "PUT" ? testing::ProxyScript{.replace = failure(500, "InternalError")}
                                   : testing::ProxyScript{};
  });
  const auto put = put_text(*behind.store, "k", "abc");
  REQUIRE_FALSE(put);
  CHECK(put.error().attempts() == 3);
  CHECK(put.error().http_status() == 500);
  CHECK(put.error().service_code() == "InternalError");
  CHECK(behind.requests().size() == 3);
  CHECK(text_of(*behind.store, "k") == "abc");
}

TEST_CASE_TEMPLATE("a conditional put whose reply is lost knows its own object", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  BehindProxy behind(Server::options());
  behind.proxy->handle([at = std::make_shared<int>(0)](const RecordedRequest& request) {
    if (request.method != "PUT" || (*at)++ > 0) return testing::ProxyScript{};
    return testing::ProxyScript{.faults = {Fault::reset(Fault::Place::reply, 0)}, .server_first = true};
  });
  const auto put = put_text(*behind.store, "k", "ours", {.if_absent = true});
  REQUIRE_MESSAGE(put, put.error().to_string());
  CHECK(behind.proxy->ledger().faults_fired() == 1);
  const auto requests = behind.requests();
  const auto count = [&](std::string_view method, int status) {
    return std::ranges::count_if(
        requests, [&](const RecordedRequest& one) { return one.method == method && one.server_status == status; });
  };
  CHECK(count("PUT", 200) == 1);
  CHECK(count("PUT", 412) == 1);
  CHECK(behind.store->head("k")->etag == put->etag);
  CHECK(code_of(put_text(*behind.store, "k", "theirs", {.if_absent = true})) == "already_exists");
  CHECK(text_of(*behind.store, "k") == "ours");
}

TEST_CASE_TEMPLATE("a conditional upload in parts whose last reply is lost knows its own object", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  BehindProxy behind(Server::options());
  behind.proxy->handle([at = std::make_shared<int>(0)](const RecordedRequest& request) {
    const bool completes = request.method == "POST" && request.target.find("uploadId=") != std::string::npos;
    if (!completes || (*at)++ > 0) return testing::ProxyScript{};
    return testing::ProxyScript{.faults = {Fault::reset(Fault::Place::reply, 0)}, .server_first = true};
  });
  ScriptedReader body = endless(17U << 20U);
  const auto put = behind.store->put("k", body, {.if_absent = true});
  REQUIRE_MESSAGE(put, put.error().to_string());
  CHECK(behind.proxy->ledger().faults_fired() == 1);
  CHECK(put->size == 17U << 20U);
  CHECK(text_of(*behind.store, "k") == body.text);
  CHECK(behind.store->list_multipart()->empty());
  ScriptedReader again = endless(9U << 20U);
  CHECK(code_of(behind.store->put("k", again, {.if_absent = true})) == "already_exists");
  CHECK(behind.store->list_multipart()->empty());
  CHECK(text_of(*behind.store, "k") == body.text);
}

TEST_CASE_TEMPLATE("a download that is cut goes on where it was", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  BehindProxy behind(Server::options());
  const std::string text = pattern(2U << 20U);
  REQUIRE(put_text(*behind.store, "k", text));
  const std::size_t next = behind.proxy->ledger().snapshot().requests.size();
  behind.proxy->script(next, {.faults = {Fault::close(Fault::Place::reply_body, 1'000'000)}});
  behind.proxy->script(next + 1, {.faults = {Fault::close(Fault::Place::reply_body, 500'000)}});
  CHECK(text_of(*behind.store, "k") == text);
  CHECK(behind.proxy->ledger().faults_fired() == 2);
  const auto requests = behind.proxy->ledger().snapshot().requests;
  REQUIRE(requests.size() == next + 3);
  CHECK(requests[next].header("range").empty());
  // Not all that was sent need have come before the connection broke off.
  const auto offset = [&](std::size_t number) {
    const std::string range(requests[number].header("range"));
    REQUIRE(range.starts_with("bytes="));
    return std::stoul(range.substr(6));
  };
  CHECK(offset(next + 1) > 0);
  CHECK(offset(next + 1) <= 1'000'000);
  CHECK(offset(next + 2) > offset(next + 1));
  CHECK(offset(next + 2) <= offset(next + 1) + 500'000);
}

TEST_CASE_TEMPLATE("a part that is cut on its way is sent again, and no other", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  BehindProxy behind(Server::options());
  behind.proxy->handle([at = std::make_shared<int>(0)](const RecordedRequest& request) {
    const bool second = request.target.find("partNumber=2&") != std::string::npos;
    if (!second || (*at)++ > 0) return testing::ProxyScript{};
    return testing::ProxyScript{.faults = {Fault::reset(Fault::Place::request_body, 3'000'000)}};
  });
  ScriptedReader body = endless(20U << 20U);
  REQUIRE(behind.store->put("k", body));
  CHECK(behind.proxy->ledger().faults_fired() == 1);
  std::map<std::string, int> parts;
  for (const RecordedRequest& request : behind.requests()) {
    const std::size_t at = request.target.find("partNumber=");
    if (at != std::string::npos) ++parts[request.target.substr(at, 12)];
  }
  CHECK(parts == std::map<std::string, int>{{"partNumber=1", 1}, {"partNumber=2", 2}, {"partNumber=3", 1}});
  CHECK(text_of(*behind.store, "k") == body.text);
}
