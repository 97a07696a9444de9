#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "crypto/crc64nvme.h"
#include "store/s3_body.h"
#include "strict_s3.h"
#include "support/object_calls.h"
#include "support/scripted_streams.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using docupilot::testing::RecordedRequest;

namespace {

/// Keys that some link in the chain may read as something else.
const std::vector<std::string> odd_keys = {"..",           ".",          "../../etc/passwd",
                                           "a/../b",       "a/./b",      "a//b",
                                           "//a",          "/a",         "a/",
                                           "%2e%2e",       "%2e%2e/b",   "%2E%2E%2Fb",
                                           "a%2Fb",        "a%00b",      "%",
                                           "%zz",          "a b",        " a",
                                           "a ",           "a+b",        "a?b",
                                           "a?uploads",    "a#b",        "a&b=c",
                                           "a;b",          "a:b@c",      "a\\b",
                                           "..\\b",        "a\"b'c",     "<a>&amp;",
                                           "$(a)`b`",      "~",          "*",
                                           "a|b^c{d}[e]",  "\u00e9",     "e\u0301",
                                           "\u65e5\u672c", "\U0001F600", "\u202e",
                                           "\u00a0"};

/// How the check judges the request after a change.
std::string judged(const StrictS3& s3, RecordedRequest request) { return s3.check()(request, s3.tls()).wrong; }

void replace_header(RecordedRequest& request, const std::string& name, const std::string& value) {
  for (auto& [header, text] : request.headers) {
    if (header == name) text = value;
  }
}

}  // namespace

TEST_CASE("rule 10: keys that look like something else arrive byte for byte, and what was signed is what is sent") {
  for (const bool tls : {false, true}) {
    StrictS3 s3(tls);
    const auto store = s3.open();
    const auto raw = s3.options().transport;
    for (const std::string& key : odd_keys) {
      CAPTURE(key);
      const std::string text = "of " + key;
      REQUIRE_MESSAGE(put_text(*store, key, text), s3.refusals().back());
      CHECK(s3.objects().contains(key));
      CHECK(text_of(*store, key) == text);
      CHECK(store->head(key));
      CHECK(store->copy(key, "copy of " + key));
      CHECK(s3.objects()["copy of " + key] == text);
      CHECK(store->tags(key));
      CHECK(store->list({.prefix = key, .delimiter = "/"}));
      CHECK(store->list_multipart(key));
      const auto upload = store->begin_multipart(key);
      REQUIRE(upload);
      const std::string piece = "part of " + key;
      MemoryReader part(as_bytes(piece));
      const auto sent = store->put_part(*upload, 1, part);
      REQUIRE(sent);
      CHECK(store->complete_multipart(*upload, {*sent}));
      CHECK(s3.objects()[key] == piece);
      const auto url = store->presign(key, {});
      REQUIRE(url);
      const auto fetched = raw->send({.url = std::string(url->expose())});
      REQUIRE(fetched);
      CHECK(fetched->status == 200);
      CHECK(store->remove_many({key}));
      CHECK(store->remove(key));
      CHECK_FALSE(s3.objects().contains(key));
    }
    CHECK(s3.refusals() == std::vector<std::string>());
    CHECK(s3.modes().size() >= odd_keys.size() * 12);
  }
}

TEST_CASE("rule 10: a server that keeps keys as paths gets none that it could take for another") {
  StrictS3 s3(false);
  const auto store = s3.open({.quirks = "minio"});
  for (const std::string key : {"..", ".", "a/../b", "a/./b", "a//b", "/a", "//a", "../../etc/passwd"}) {
    CAPTURE(key);
    CHECK(code_of(put_text(*store, key, "x")) == "invalid_argument");
    CHECK(code_of(store->head(key)) == "invalid_argument");
    CHECK(code_of(store->copy("a", key)) == "invalid_argument");
    CHECK(code_of(store->presign(key, {})) == "invalid_argument");
  }
  CHECK(s3.server().ledger().snapshot().connections.empty());
}

TEST_CASE("rule 11: controls in anything that becomes a header are refused before a connection is opened") {
  StrictS3 s3(false);
  const auto store = s3.open();
  std::vector<char> controls;
  for (int c = 0; c < 32; ++c) controls.push_back(static_cast<char>(c));
  controls.push_back('\x7f');
  for (const char control : controls) {
    CAPTURE(int{control});
    const std::string bad = std::string("a") + control + "X-Evil: 1";
    CHECK(code_of(put_text(*store, "k", "x", {.content_type = bad})) == "invalid_argument");
    CHECK(code_of(put_text(*store, "k", "x", {.attributes = {{"name", bad}}})) == "invalid_argument");
    CHECK(code_of(put_text(*store, "k", "x", {.attributes = {{bad, "value"}}})) == "invalid_argument");
    CHECK(code_of(store->begin_multipart("k", {.content_type = bad})) == "invalid_argument");
    CHECK(code_of(store->presign("k", {.method = PresignOptions::Method::put, .content_type = bad})) ==
          "invalid_argument");
    CHECK(code_of(put_text(*store, bad, "x")) == "invalid_argument");
    CHECK(code_of(store->head(bad)) == "invalid_argument");
    CHECK(code_of(store->copy("a", bad)) == "invalid_argument");
    CHECK(code_of(put_text(*store, "k", "x", {.if_match = bad})) == "invalid_argument");
    CHECK(code_of(store->begin_multipart("k", {.if_match = bad})) == "invalid_argument");
    MemoryWriter into;
    CHECK(code_of(store->get("k", into, {.if_match = bad})) == "invalid_argument");
    S3Options options = s3.options();
    options.storage_class = bad;
    CHECK_FALSE(open_s3_store(options));
    options = s3.options();
    options.encryption = {.kind = S3Encryption::Kind::kms, .kms_key_id = bad};
    CHECK_FALSE(open_s3_store(options));
    const http::Request request{.url = s3.server().url("/k"), .headers = {{"X-Note", bad}}};
    if (control != '\t') CHECK(code_of(options.transport->send(request)) == "invalid_argument");
  }
  CHECK(s3.server().ledger().snapshot().connections.empty());
}

TEST_CASE("rule 11: metadata beyond ASCII is encoded and signed, and more than 2 KiB are refused") {
  StrictS3 s3(false);
  const auto store = s3.open();
  CHECK(put_text(*store, "k", "x", {.attributes = {{"who", "J\u00f6rg \u65e5\u672c"}, {"blanks", " two  blanks "}}}));
  CHECK(s3.refusals().empty());
  const auto sent = s3.server().ledger().snapshot().requests.back();
  for (const auto& [name, value] : sent.headers) {
    for (const char c : value) CHECK((c >= ' ' && c <= '~'));
  }
  const std::size_t before = s3.server().ledger().snapshot().requests.size();
  // "x-amz-meta-n" counts as well.
  CHECK(put_text(*store, "k", "x", {.attributes = {{"n", std::string(2'036, 'v')}}}));
  CHECK(code_of(put_text(*store, "k", "x", {.attributes = {{"n", std::string(2'037, 'v')}}})) == "too_large");
  CHECK(s3.server().ledger().snapshot().requests.size() == before + 1);
}

TEST_CASE("rule 24: without TLS every byte of a body is signed, and the signatures of chunks and trailer hold") {
  const std::string text = pattern(6U << 20U);
  for (const auto checksums : {S3Checksums::when_supported, S3Checksums::when_required}) {
    StrictS3 s3(false);
    const auto store = s3.open({.checksums = checksums, .part_size = 5U << 20U});
    REQUIRE(put_text(*store, "small", "abc"));
    ScriptedReader stream(text);
    stream.says = text.size();
    const auto put = store->put("large", stream);
    REQUIRE_MESSAGE(put, put.error().to_string());
    ScriptedReader unknown(text);  // goes in parts
    REQUIRE(store->put("parts", unknown));
    CHECK(s3.refusals() == std::vector<std::string>());
    CHECK(s3.objects()["large"] == text);
    CHECK(s3.objects()["parts"] == text);
    bool chunked = false;
    for (const std::string& mode : s3.modes()) {
      CHECK(mode.find("UNSIGNED") == std::string::npos);
      chunked = chunked || mode.starts_with("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    }
    CHECK(chunked);
  }
}

TEST_CASE("rule 24: over TLS a stream goes unsigned, framed where it carries a checksum that the server compares") {
  const std::string text = pattern(6U << 20U);
  StrictS3 s3(true);
  const auto store = s3.open({.checksums = S3Checksums::when_supported, .part_size = 5U << 20U});
  ScriptedReader stream(text);
  stream.says = text.size();
  const auto put = store->put("large", stream);
  REQUIRE_MESSAGE(put, put.error().to_string());
  CHECK(s3.objects()["large"] == text);
  CHECK(s3.modes().back() == "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  const auto request = s3.server().ledger().snapshot().requests.back();
  CHECK(s3.check()(request, true).trailers.at("x-amz-checksum-crc64nvme") ==
        s3::to_checksum(crc::crc64nvme(as_bytes(text))));
  CHECK(judged(s3, request).empty());
  CHECK(s3.check()(request, false).wrong == "an unsigned body came without TLS");  // the server would have noticed
}

TEST_CASE("rule 24: the server of these tests does notice what was changed on the way") {
  StrictS3 s3(false);
  const auto store = s3.open({.checksums = S3Checksums::when_supported, .part_size = 5U << 20U});
  const std::string text = pattern((5U << 20U) + 70'000);
  ScriptedReader stream(text);
  stream.says = text.size();
  REQUIRE(store->put("large", stream));
  const RecordedRequest sound = s3.server().ledger().snapshot().requests.back();
  REQUIRE(sound.header("x-amz-content-sha256") == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
  REQUIRE(judged(s3, sound).empty());
  const auto changed = [&](auto change) {
    RecordedRequest request = sound;
    change(request);
    return judged(s3, std::move(request));
  };
  const auto flip = [](std::string& bytes, std::size_t at) { bytes[at] = static_cast<char>(bytes[at] ^ 1); };
  const std::size_t trailer = sound.body.rfind("x-amz-trailer-signature:");
  const std::size_t checksum = sound.body.rfind("x-amz-checksum-crc64nvme:");
  REQUIRE(trailer != std::string::npos);
  CHECK(changed([&](auto& r) { flip(r.body, trailer + 30); }) == "the trailer is another");
  CHECK(changed([&](auto& r) { flip(r.body, checksum + 27); }) == "the trailer is another");
  CHECK(changed([&](auto& r) { r.body.erase(trailer); }) == "the trailer is another");
  CHECK(changed([&](auto& r) { flip(r.body, 1'000'000); }) == "a chunk is another");
  CHECK(changed([&](auto& r) { flip(r.body, r.body.find("chunk-signature=") + 20); }) == "a chunk is another");
  CHECK(changed([&](auto& r) { r.target += "x"; }) == "the signature does not match");
  CHECK(changed([&](auto& r) { r.method = "POST"; }) == "the signature does not match");
  CHECK(changed([&](auto& r) { replace_header(r, "x-amz-date", "20990101T000000Z"); }) == "the dates differ");
  CHECK(changed([&](auto& r) { replace_header(r, "x-amz-decoded-content-length", "1"); }) ==
        "the signature does not match");
  CHECK(changed([&](auto& r) { replace_header(r, "Host", "evil.test"); }) == "the signature does not match");
  CHECK(changed([&](auto& r) { r.headers.emplace_back("x-amz-acl", "public-read"); }) == "x-amz-acl is not signed");
  CHECK(SignatureCheck(StrictS3::access_key_id, "another secret")(sound, false).wrong ==
        "the signature does not match");
}
