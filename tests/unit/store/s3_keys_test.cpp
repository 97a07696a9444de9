#include <doctest/doctest.h>

#include <map>

#include "store/s3_key_rule.h"
#include "support/object_calls.h"
#include "support/s3_server.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

namespace {

/// A server that nobody knows, which keeps objects under what `tidy` makes of their keys; "" for a key it refuses.
struct UnknownServer {
  ScriptedS3 s3;
  std::map<std::string, std::string> objects;
  std::function<std::string(const std::string&)> tidy = [](const std::string& key) { return key; };
  bool may_write = true;
  std::string name;

  UnknownServer() {
    s3.options.quirks.clear();
    s3.transport->answer = [this](const AnsweringTransport::Seen& sent) {
      auto answered = answer(sent);
      if (!name.empty()) answered.headers.set("server", name);
      return answered;
    };
  }
  http::Response answer(const AnsweringTransport::Seen& sent) {
    constexpr std::string_view bucket = "https://s3.example.test/bucket";
    const std::string rest = sent.url.substr(bucket.size());
    if (const auto at = rest.find("prefix="); at != std::string::npos) {
      std::string prefix = rest.substr(at + 7, rest.find('&', at) - at - 7);
      for (auto slash = prefix.find("%2F"); slash != std::string::npos; slash = prefix.find("%2F")) {
        prefix.replace(slash, 3, "/");
      }
      std::string rows;
      if (const auto found = objects.lower_bound(prefix); found != objects.end() && found->first.starts_with(prefix)) {
        rows = "<Contents><Key>" + found->first + "</Key><Size>1</Size></Contents>";
      }
      return reply(200, "<ListBucketResult><IsTruncated>false</IsTruncated>" + rows + "</ListBucketResult>");
    }
    const std::string key = tidy(rest.substr(1));
    if (key.empty()) return reply(400, s3_error("InvalidArgument"));
    if (sent.method == "PUT" && !may_write) return reply(403, s3_error("AccessDenied"));
    if (sent.method == "PUT") objects[key] = sent.body;
    if (sent.method == "DELETE") objects.erase(key);
    if (sent.method == "DELETE") return reply(204);
    if (!objects.contains(key)) return reply(404, s3_error("NoSuchKey"));
    const std::string body = sent.method == "GET" ? objects.at(key) : std::string();
    return reply(200, body, {{"ETag", "\"e\""}, {"Content-Length", std::to_string(objects.at(key).size())}});
  }
};

std::string without_double_slashes(std::string key) {
  if (key.starts_with('/')) key.erase(0, 1);
  for (auto at = key.find("//"); at != std::string::npos; at = key.find("//")) key.erase(at, 1);
  return key;
}

}  // namespace

TEST_CASE("what a path would tidy in a key is seen, and a slash at the end is not one of it") {
  const auto oddities = [](std::string_view key) {
    std::string all;
    for (const KeyOddity oddity : key_oddities) all += has_oddity(key, oddity) ? '1' : '0';
    return all;
  };
  CHECK(oddities("a/b.c/..d/e../.f") == "000");
  CHECK(oddities("a/b/") == "000");
  CHECK(oddities("/a") == "100");
  CHECK(oddities("/") == "100");
  CHECK(oddities("//a") == "110");
  CHECK(oddities("a//b") == "010");
  CHECK(oddities("a//") == "010");
  CHECK(oddities(".") == "001");
  CHECK(oddities("a/..") == "001");
  CHECK(oddities("./a") == "001");
  CHECK(oddities("/..//") == "111");
  CHECK_FALSE(has_long_segment("a/" + std::string(255, 'x') + "/b"));
  CHECK(has_long_segment("a/" + std::string(256, 'x')));
}

TEST_CASE("a server that is not known is asked once whether it keeps a kind of key, and then used") {
  UnknownServer server;
  auto store = server.s3.open();
  CHECK_FALSE(store->capabilities().any_key);
  for (const std::string key : {"a//b", "x//y/z"}) {
    REQUIRE_MESSAGE(put_text(*store, key, key), key);
    CHECK(text_of(*store, key) == key);
  }
  CHECK(server.s3.transport->seen.size() == 3 + 4);  // put, list and delete of the probe
  for (const std::string key : {"/a", "a/../b"}) CHECK(put_text(*store, key, key));
  CHECK(store->capabilities().any_key);
  CHECK(server.objects.size() == 4);  // no probe is left
  CHECK(put_text(*store, std::string(1000, 'x'), "long"));
}

TEST_CASE("a server that takes a key for another one never gets it") {
  UnknownServer server;
  server.tidy = without_double_slashes;
  server.objects = {{"a/b", "untouched"}, {"c", "untouched"}};
  const auto before = server.objects;
  auto store = server.s3.open();
  MemoryWriter into;
  CHECK(code_of(put_text(*store, "a//b", "other")) == "invalid_argument");
  const std::size_t asked = server.s3.transport->seen.size();
  CHECK(code_of(store->get("a//b", into)) == "invalid_argument");
  CHECK(code_of(store->head("a//b")) == "invalid_argument");
  CHECK(code_of(store->remove("a//b")) == "invalid_argument");
  CHECK(code_of(store->copy("c", "a//b")) == "invalid_argument");
  CHECK(code_of(store->begin_multipart("a//b")) == "invalid_argument");
  CHECK(code_of(store->presign("a//b")) == "invalid_argument");
  CHECK(server.s3.transport->seen.size() == asked);  // remembered
  CHECK(code_of(put_text(*store, "/c", "other")) == "invalid_argument");
  CHECK(put_text(*store, "d/../e", "kept as it is"));
  CHECK(server.objects.erase("d/../e") == 1);
  CHECK(server.objects == before);
}

TEST_CASE("a server that refuses such keys is told from one that could not be asked") {
  UnknownServer server;
  server.tidy = [](const std::string& key) { return key.find("//") == std::string::npos ? key : std::string(); };
  auto store = server.s3.open();
  CHECK(code_of(put_text(*store, "a//b", "x")) == "invalid_argument");
  const auto& answer = server.s3.transport->answer;
  auto working = answer;
  server.s3.transport->answer = [](const auto&) -> Result<http::Response> {
    return Error(ErrorCode::unavailable, "no connection");
  };
  CHECK(code_of(put_text(*store, "/a", "x")) == "unavailable");
  server.s3.transport->answer = working;
  CHECK(put_text(*store, "/a", "x"));
}

TEST_CASE("who may not write reads such a key where a listing shows it, and else is told what to do") {
  UnknownServer server;
  server.may_write = false;
  server.objects = {{"a//b", "there"}};
  auto store = server.s3.open();
  const auto missing = store->head("c//d");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == ErrorCode::permission_denied);
  CHECK(missing.error().hint().find("quirks=ceph") != std::string::npos);
  CHECK(text_of(*store, "a//b") == "there");
  CHECK(code_of(store->head("c//d")) == "not_found");
  UnknownServer other;
  other.s3.options.read_only = true;
  other.objects = {{"a//b", "there"}};
  CHECK(text_of(*other.s3.open(), "a//b") == "there");
  for (const auto& sent : other.s3.transport->seen) CHECK(sent.method == "GET");
}

TEST_CASE("a server that says its name needs no probe, unless its profile was named") {
  for (const std::string name : {"MinIO", "VERSITYGW"}) {
    UnknownServer server;
    server.name = name;
    auto store = server.s3.open();
    REQUIRE(put_text(*store, "k", "x"));
    CHECK(code_of(put_text(*store, "a//b", "x")) == "invalid_argument");
    CHECK(code_of(put_text(*store, std::string(256, 'x'), "x")) == "invalid_argument");
    CHECK(server.s3.transport->seen.size() == 1);
  }
  UnknownServer behind;
  behind.name = "VERSITYGW";
  behind.s3.options.quirks = "ceph";
  auto store = behind.s3.open();
  REQUIRE(put_text(*store, "k", "x"));
  CHECK(put_text(*store, "a//b", "x"));
}
