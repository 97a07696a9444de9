#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>

#include <condition_variable>
#include <stop_token>
#include <thread>

#include <doctest/doctest.h>

#include "support/object_calls.h"
#include "support/scripted_gateway.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using docupilot::testing::ScriptedServer;
using docupilot::testing::TestAuthority;

namespace {

const MultipartUpload upload{.key = "k", .upload_id = "U", .started = {}};

/// Holds a gateway's call until it is let go.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

PartRequest part_of(int number, std::string bytes = "abc") {
  return {.target = target_of(upload), .number = number, .body = std::make_shared<ScriptedBody>(std::move(bytes))};
}

}  // namespace

TEST_CASE("a gateway's URL leads nowhere but where the rules allow") {
  TestAuthority authority;
  ScriptedServer server({.tls = authority.server()});
  server.handle([](const auto&) { return testing::Script{.reply = {.headers = {{"ETag", "\"e1\""}}}}; });
  ScriptedServer plain;
  VirtualTime time;
  const auto send = [&](const std::string& endpoint, http::UrlRules rules) {
    const auto gateway = std::make_shared<ScriptedGateway>(time);
    gateway->endpoint = endpoint;
    auto store = open_gateway_store(
        gateway, {.url_rules = std::move(rules), .network = {.tls = {.ca_file = authority.root_file()}}}, time.clock());
    REQUIRE(store);
    return send_part(*(*store)->part_sender(), part_of(1));
  };
  const http::UrlRules fitting{.hosts = {"127.0.0.1"}, .ports = {server.port()}, .allow_private_addresses = true};
  const PartReply sent = send(server.url(), fitting);
  REQUIRE_MESSAGE(sent.verdict == PartVerdict::stored, sent.error->to_string());
  CHECK(server.ledger().snapshot().requests.size() == 1);
  CHECK(server.ledger().snapshot().requests.at(0).header("authorization").empty());

  const auto refused = [&](const std::string& endpoint, http::UrlRules rules) {
    const PartReply reply = send(endpoint, std::move(rules));
    CHECK(reply.verdict == PartVerdict::final);
    REQUIRE(reply.error);
    CHECK(reply.error->to_string().find("sign1") == std::string::npos);
    return std::string(to_string(reply.error->code()));
  };
  CHECK(refused(server.url(), {.ports = {server.port()}}) == "permission_denied");
  CHECK(refused(server.url(), {.allow_private_addresses = true}) == "invalid_argument");  // another port
  http::UrlRules elsewhere = fitting;
  elsewhere.hosts = {".example.com"};
  CHECK(refused(server.url(), elsewhere) == "invalid_argument");
  CHECK(refused(plain.url(), {.ports = {plain.port()}, .allow_private_addresses = true}) == "invalid_argument");
  CHECK(refused("file:///etc/passwd", fitting) == "invalid_argument");
  CHECK(server.ledger().snapshot().requests.size() == 1);
  CHECK(plain.ledger().snapshot().requests.empty());
}

TEST_CASE("many threads that need URLs of one upload at a time ask for them once") {
  // The transport in memory takes one request at a time; this one any number.
  struct Silent final : http::Transport {
    std::shared_ptr<http::Transfer> start(http::Request, Done done, const Context&) override {
      done(reply(200, "", {{"ETag", "\"e1\""}}));
      return nullptr;
    }
    Result<http::Response> send(const http::Request&, const Context&) override {
      return Error(ErrorCode::unsupported, "only starts");
    }
  };
  GatewayCase test(8);
  test.options.transport = std::make_shared<Silent>();
  Gate gate;
  test.gateway->before = [&]() -> Result<void> {
    gate.pass();
    return {};
  };
  const auto store = open_gateway_store(test.gateway, test.options, test.time.clock());
  REQUIRE(store);
  std::vector<PartVerdict> verdicts(8, PartVerdict::final);
  const auto send = [&](std::size_t i) {
    verdicts[i] = send_part(*(*store)->part_sender(), part_of(static_cast<int>(i) + 1)).verdict;
  };
  std::vector<std::jthread> threads;
  threads.emplace_back(send, 0);
  gate.wait_for_one();
  for (std::size_t i = 1; i < verdicts.size(); ++i) threads.emplace_back(send, i);
  gate.open();
  threads.clear();
  for (const PartVerdict verdict : verdicts) CHECK(verdict == PartVerdict::stored);
  CHECK(test.gateway->asked() == std::vector<std::vector<int>>{{1, 2, 3, 4, 5, 6, 7, 8}});
}

TEST_CASE("who waits for URLs that another attempt asks for ends when his call is stopped") {
  GatewayCase test;
  auto store = open_gateway_store(test.gateway, test.options, test.time.clock());
  REQUIRE(store);
  Gate gate;
  test.gateway->before = [&]() -> Result<void> {
    gate.pass();
    return {};
  };
  PartReply first;
  std::jthread asking([&] { first = send_part(*(*store)->part_sender(), part_of(1)); });
  gate.wait_for_one();
  std::stop_source stop;
  PartReply second;
  std::jthread waiting([&] { second = send_part(*(*store)->part_sender(), part_of(2), {.stop = stop.get_token()}); });
  stop.request_stop();
  waiting.join();  // the gateway still holds the other
  CHECK(second.verdict == PartVerdict::final);
  REQUIRE(second.error);
  CHECK(second.error->code() == ErrorCode::cancelled);
  gate.open();
  asking.join();
  CHECK(first.verdict == PartVerdict::stored);
}

TEST_CASE("the store over a gateway hands on what an upload needs, and has nothing else") {
  GatewayCase test;
  test.options.location = "my service";
  auto opened = open_gateway_store(test.gateway, test.options, test.time.clock());
  REQUIRE(opened);
  ObjectStore& store = **opened;
  CHECK(store.location() == "my service");
  CHECK(store.capabilities().multipart);
  const auto begun = store.begin_multipart("k", {});
  REQUIRE(begun);
  CHECK(begun->upload_id == "U");
  CHECK(store.list_parts(*begun));
  const auto done = store.complete_multipart(*begun, {{.number = 2, .etag = "b"}, {.number = 1, .etag = "a"}});
  REQUIRE(done);
  CHECK(done->etag == "whole");
  CHECK(store.abort_multipart(*begun));
  const auto head = store.head("k");
  REQUIRE_FALSE(head);
  CHECK(head.error().code() == ErrorCode::not_found);
  CHECK(head.error().operation() == "head");
  CHECK(head.error().target() == "k");
  CHECK(test.gateway->calls() ==
        std::vector<std::string>{"begin k", "list_parts U", "complete U 1 2", "abort U", "head k"});
  CHECK(text_of(store, "k") == "[unsupported]");
  CHECK(code_of(put_text(store, "k", "x")) == "unsupported");
  CHECK(code_of(store.list()) == "unsupported");
  CHECK(code_of(store.remove("k")) == "unsupported");
  CHECK(code_of(store.head("bad\nkey")) == "invalid_argument");
  CHECK(test.gateway->calls().size() == 5);
}

TEST_CASE("URLs of an upload that ended are forgotten") {
  for (const bool completes : {true, false}) {
    GatewayCase test;
    REQUIRE(test.send(1).verdict == PartVerdict::stored);
    if (completes) CHECK(test.store->complete_multipart(upload, {{.number = 1, .etag = "e1"}}));
    else CHECK(test.store->abort_multipart(upload));
    REQUIRE(test.send(2).verdict == PartVerdict::stored);
    CHECK(test.gateway->asked() == std::vector<std::vector<int>>{{1, 2, 3}, {2, 3, 4}});
  }
}

TEST_CASE("options of a gateway that cannot work are refused") {
  GatewayCase test;
  CHECK(code_of(open_gateway_store(nullptr, test.options)) == "invalid_argument");
  for (const std::size_t batch : {std::size_t{0}, std::size_t{1001}}) {
    GatewayOptions options = test.options;
    options.batch = batch;
    CHECK(code_of(open_gateway_store(test.gateway, options)) == "invalid_argument");
  }
  GatewayOptions options = test.options;
  options.margin = Duration(-1);
  CHECK(code_of(open_gateway_store(test.gateway, options)) == "invalid_argument");
}
