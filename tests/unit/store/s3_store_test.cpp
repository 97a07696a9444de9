#include <doctest/doctest.h>

#include "crypto/crc64nvme.h"
#include "store/s3_body.h"
#include "support/object_calls.h"
#include "support/s3_server.h"
#include "support/scripted_streams.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

namespace {
const http::Headers etag = {{"ETag", "\"e1\""}, {"Content-Length", "3"}};
}

TEST_CASE("a put is one signed request with its length, type and metadata") {
  ScriptedS3 s3;
  s3.transport->answer = [](const auto&) { return reply(200, "", etag); };
  auto store = s3.open();
  const auto put =
      put_text(*store, "a b/\u00e9+", "abc", {.content_type = "text/plain", .attributes = {{"Who", "J\u00f6"}}});
  REQUIRE_MESSAGE(put, put.error().to_string());
  CHECK(put->etag == "e1");
  const auto& sent = s3.transport->seen.at(0);
  CHECK(s3.lines() == std::vector<std::string>{"PUT https://s3.example.test/bucket/a%20b/%C3%A9%2B"});
  CHECK(sent.body == "abc");
  CHECK(sent.headers.get("content-type") == "text/plain");
  CHECK(sent.headers.get("x-amz-meta-who") == "=?UTF-8?B?SsO2?=");
  CHECK(sent.headers.get("x-amz-content-sha256") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sent.headers.get("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKID/"));
}

TEST_CASE("bodies that nobody signs are logged, unless TLS protects them") {
  for (const bool unsigned_payload : {false, true}) {
    for (const std::string endpoint : {"https://s3.example.test", "http://127.0.0.1:1"}) {
      CAPTURE(endpoint);
      std::vector<std::string> lines;
      ScriptedS3 s3;
      s3.options.endpoint = endpoint;
      s3.options.insecure_unsigned_payload = unsigned_payload;
      s3.options.hooks.log = [&](const LogRecord& record) {
        CHECK(record.level == LogLevel::warning);
        lines.emplace_back(record.message);
      };
      static_cast<void>(s3.open());
      REQUIRE(lines.size() == (unsigned_payload && endpoint.starts_with("http:") ? 1 : 0));
      if (!lines.empty()) CHECK(lines[0].find("insecure_unsigned_payload") != std::string::npos);
    }
  }
}

TEST_CASE("trouble on the way is tried again with the whole body, signed afresh") {
  ScriptedS3 s3;
  int calls = 0;
  s3.transport->answer = [&](const auto&) -> Result<http::Response> {
    if (++calls == 1) return Error(ErrorCode::unavailable, "reset");
    if (calls == 2) return reply(503, s3_error("SlowDown"));
    return reply(200, "", etag);
  };
  auto store = s3.open();
  REQUIRE(put_text(*store, "k", "abc"));
  CHECK(calls == 3);
  for (const auto& sent : s3.transport->seen) CHECK(sent.body == "abc");
  CHECK(s3.time.sleeps().size() == 2);
}

TEST_CASE("a streamed put is not made again once bytes were read, and says so in its attempts") {
  ScriptedS3 s3;
  s3.options.part_size = 5U << 20U;
  int calls = 0;
  s3.transport->answer = [&](const auto&) -> Result<http::Response> {
    ++calls;
    return Error(ErrorCode::unavailable, "reset");
  };
  auto store = s3.open();
  const std::string text = pattern(6U << 20U);
  CHECK(code_of(put_text(*store, "k", text)) == "unavailable");
  CHECK(calls == 1);
}

TEST_CASE("a bucket elsewhere: the request is signed for the region that the server names, two hops at the most") {
  ScriptedS3 s3;
  s3.options.endpoint.clear();
  s3.options.quirks = "aws";
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    if (sent.url.find("eu-west-1") != std::string::npos) return reply(200, "", etag);
    return reply(301, s3_error("PermanentRedirect"), {{"x-amz-bucket-region", "eu-west-1"}});
  };
  auto store = s3.open();
  REQUIRE(store->head("k"));
  CHECK(s3.lines() == std::vector<std::string>{"HEAD https://bucket.s3.us-east-1.amazonaws.com/k",
                                               "HEAD https://bucket.s3.eu-west-1.amazonaws.com/k"});
  REQUIRE(store->head("k"));
  CHECK(s3.transport->seen.size() == 3);  // remembered
  CHECK(s3.transport->seen.back().headers.get("authorization").find("/eu-west-1/s3/") != std::string_view::npos);

  int hops = 0;
  s3.transport->answer = [&](const auto&) {
    return reply(400, s3_error("AuthorizationHeaderMalformed", "<Region>r-" + std::to_string(++hops) + "</Region>"));
  };
  CHECK_FALSE(store->head("k"));
  CHECK(hops == 3);
}

TEST_CASE("a redirect to another domain or to a region that is none is not followed") {
  for (const std::string region : {"evil.test/", "@evil", "../x", "127.0.0.1"}) {
    CAPTURE(region);
    ScriptedS3 s3;
    s3.options.endpoint.clear();
    s3.transport->answer = [&](const auto&) { return reply(301, "", {{"x-amz-bucket-region", region}}); };
    auto store = s3.open();
    CHECK_FALSE(store->head("k"));
    CHECK(s3.transport->seen.size() == 1);
  }
  ScriptedS3 s3;
  s3.transport->answer = [](const auto&) {
    return reply(301, s3_error("PermanentRedirect", "<Endpoint>bucket.evil.test</Endpoint><Region>eu-west-1</Region>"));
  };
  auto store = s3.open();
  MemoryWriter into;
  CHECK_FALSE(store->get("k", into));
  CHECK(s3.transport->seen.size() == 1);
}

TEST_CASE("a server that refuses a checksum gets the request without, and the store remembers") {
  ScriptedS3 s3;
  s3.options.checksums = S3Checksums::when_supported;
  s3.transport->answer = [](const AnsweringTransport::Seen& sent) {
    if (sent.headers.find("x-amz-checksum-crc64nvme")) return reply(400, s3_error("InvalidArgument"));
    return reply(200, "", etag);
  };
  auto store = s3.open();
  REQUIRE(put_text(*store, "k", "abc"));
  CHECK(s3.transport->seen.size() == 2);
  REQUIRE(put_text(*store, "k", "abc"));
  CHECK(s3.transport->seen.size() == 3);
  // What fails without the checksum too was not the checksum's fault.
  ScriptedS3 other;
  other.options.checksums = S3Checksums::when_supported;
  other.transport->answer = [](const auto&) { return reply(400, s3_error("InvalidArgument")); };
  auto second = other.open();
  CHECK(code_of(put_text(*second, "k", "abc")) == "invalid_argument");
  CHECK(code_of(put_text(*second, "k", "abc")) == "invalid_argument");
  CHECK(other.transport->seen.size() == 4);
}

TEST_CASE("a server without conditional writes is asked first, and capabilities say so from then on") {
  ScriptedS3 s3;
  s3.options.quirks = "r2";
  bool there = false;
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    if (sent.headers.find("if-none-match")) return reply(501, s3_error("NotImplemented"));
    if (sent.method == "HEAD") return there ? reply(200, "", etag) : reply(404);
    return reply(200, "", etag);
  };
  auto store = s3.open();
  CHECK(store->capabilities().conditional_put);
  REQUIRE(put_text(*store, "k", "abc", {.if_absent = true}));
  CHECK_FALSE(store->capabilities().conditional_put);
  there = true;
  CHECK(code_of(put_text(*store, "k", "abc", {.if_absent = true})) == "already_exists");
}

TEST_CASE("if_absent: the write whose reply was lost is known by its mark, somebody else's is not") {
  for (const bool ours : {true, false}) {
    CAPTURE(ours);
    ScriptedS3 s3;
    s3.options.quirks = "aws";
    std::string mark;
    int puts = 0;
    s3.transport->answer = [&](const AnsweringTransport::Seen& sent) -> Result<http::Response> {
      if (sent.method == "PUT") {
        if (++puts > 1) return reply(412, s3_error("PreconditionFailed"));
        mark = sent.headers.get("x-amz-meta-docupilot-write");
        return Error(ErrorCode::unavailable, "the reply was lost");
      }
      http::Headers headers = etag;
      headers.add("x-amz-meta-docupilot-write", ours ? mark : "another").add("x-amz-meta-a", "b");
      return reply(200, "", headers);
    };
    auto store = s3.open();
    const auto put = put_text(*store, "k", "abc", {.attributes = {{"a", "b"}}, .if_absent = true});
    CHECK(mark.size() == 32);
    CHECK(code_of(put) == (ours ? "ok" : "already_exists"));
    if (put) CHECK(put->attributes == std::map<std::string, std::string>{{"a", "b"}});
  }
}

TEST_CASE("a 200 that holds an error is one: tried again or not by its code; white space in front is none") {
  const auto copy_with = [](const std::string& first, int& calls) {
    ScriptedS3 s3;
    s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
      if (sent.method == "HEAD") return reply(200, "", etag);
      if (++calls == 1) return reply(200, first);
      return reply(200,
                   "\n   \n<?xml version=\"1.0\"?><a:CopyObjectResult xmlns:a=\"x\"><a:ETag>&quot;e2&quot;</a:ETag>"
                   "</a:CopyObjectResult>");
    };
    return code_of(s3.open()->copy("a", "b"));
  };
  int calls = 0;
  CHECK(copy_with(s3_error("InternalError"), calls) == "ok");
  CHECK(calls == 2);
  CHECK(copy_with(s3_error("SlowDown"), calls = 0) == "ok");
  CHECK(calls == 2);
  CHECK(copy_with(s3_error("AccessDenied"), calls = 0) == "permission_denied");
  CHECK(calls == 1);
  CHECK(copy_with("", calls = 0) == "ok");  // cut
  CHECK(calls == 2);
}

TEST_CASE("a web page where XML was expected says what may be wrong") {
  for (const int status : {200, 404}) {
    ScriptedS3 s3;
    s3.transport->answer = [&](const auto&) { return reply(status, "<!DOCTYPE html><html><body>hi</body></html>"); };
    const auto listed = s3.open()->list();
    REQUIRE_FALSE(listed);
    CHECK(listed.error().to_string().find("is this URL behind a proxy sub-path?") != std::string::npos);
    CHECK(s3.transport->seen.size() == 1);
  }
}

TEST_CASE("completing: a lost reply is made up for by the object's ETag, and only then") {
  for (const bool same : {true, false}) {
    CAPTURE(same);
    ScriptedS3 s3;
    int posts = 0;
    s3.transport->answer = [&](const AnsweringTransport::Seen& sent) -> Result<http::Response> {
      if (sent.method == "POST") {
        if (++posts == 1) return Error(ErrorCode::unavailable, "cut");
        return reply(404, s3_error("NoSuchUpload"));
      }
      // The MD5 of the MD5 of "a", as the service joins them.
      return reply(
          200, "",
          {{"ETag", same ? "\"b6ff9a06b7e20bcb2858c5b8ff744aea-1\"" : "\"other-1\""}, {"Content-Length", "1"}});
    };
    auto store = s3.open();
    const auto done = store->complete_multipart({.key = "k", .upload_id = "U", .started = {}},
                                                {{.number = 1, .size = 1, .etag = "0cc175b9c0f1b6a831c399e269772661"}});
    CHECK(posts == 2);
    if (!same) CHECK(code_of(done) == "outcome_unknown");  // the first may have made what somebody replaced since
    else CHECK_MESSAGE(done, done.error().to_string());
  }
}

TEST_CASE("an upload in parts that completes is looked at only where the reply leaves its bytes in doubt") {
  struct Case {
    std::string etag, checksum;
    std::uint64_t size;  // that the caller tells of the part
    bool looks;
  };
  const std::string md5_of_a = "0cc175b9c0f1b6a831c399e269772661";
  const std::string joined = "b6ff9a06b7e20bcb2858c5b8ff744aea-1";  // the MD5 of that
  const std::string crc = "<ChecksumCRC64NVME>" + s3::to_checksum(std::uint64_t{7}) + "</ChecksumCRC64NVME>";
  for (const Case& one :
       {Case{joined, "", 1, false}, Case{joined, "", 0, true}, Case{"of-a-key", "", 1, true},
        Case{"of-a-key", crc, 1, false}, Case{"of-a-key", crc + "<ChecksumType>COMPOSITE</ChecksumType>", 1, true},
        Case{"of-a-key", "<ChecksumCRC64NVME>AAAAAAAAAAA=</ChecksumCRC64NVME>", 1, true}}) {
    CAPTURE(one.etag);
    CAPTURE(one.checksum);
    ScriptedS3 s3;
    s3.options.checksums = S3Checksums::when_supported;
    bool looked = false;
    s3.transport->answer = [&](const AnsweringTransport::Seen& sent) -> Result<http::Response> {
      if (sent.method == "POST") {
        return reply(200, "<CompleteMultipartUploadResult><ETag>\"" + one.etag + "\"</ETag>" + one.checksum +
                              "</CompleteMultipartUploadResult>");
      }
      CHECK(sent.method == "HEAD");
      looked = true;
      return reply(200, "", {{"ETag", '"' + one.etag + '"'}, {"Content-Length", "1"}, {"Content-Type", "text/x"}});
    };
    auto store = s3.open();
    const auto done =
        store->complete_multipart({.key = "k", .upload_id = "U", .started = {}},
                                  {{.number = 1, .size = one.size, .etag = md5_of_a, .crc64nvme = std::uint64_t{7}}});
    REQUIRE_MESSAGE(done, done.error().to_string());
    CHECK(looked == one.looks);
    CHECK(done->size == 1);
    CHECK(done->etag == one.etag);
    CHECK(done->content_type == (looked ? "text/x" : ""));
    if (!looked) CHECK(done->modified != Timestamp());  // the reply has no Date
  }
}

TEST_CASE("a download that was cut goes on where it was, and never with another object") {
  enum class Rest { same, replaced, without_ranges, other_etag, unpinned };
  for (const Rest rest : {Rest::same, Rest::replaced, Rest::without_ranges, Rest::other_etag, Rest::unpinned}) {
    CAPTURE(static_cast<int>(rest));
    const std::string text = pattern(500'000);
    const std::string sum = s3::to_checksum(crc::crc64nvme(as_bytes(text)));
    ScriptedS3 s3;
    s3.options.checksums = S3Checksums::when_supported;
    s3.transport->cut_body = {300'000};
    s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
      http::Headers headers{{"ETag", rest == Rest::unpinned ? "" : "\"one\""}, {"x-amz-checksum-crc64nvme", sum}};
      headers.add("content-length", "500000");
      if (sent.headers.get("range").empty()) return reply(200, text, headers);
      CHECK(sent.headers.get("range") == "bytes=300000-");
      CHECK(sent.headers.get("if-match") == "\"one\"");
      CHECK(sent.headers.get("x-amz-checksum-mode").empty());
      if (rest == Rest::replaced) return reply(412, s3_error("PreconditionFailed"));
      if (rest == Rest::without_ranges) return reply(200, text, headers);
      headers.set("etag", rest == Rest::other_etag ? "\"two\"" : "\"one\"");
      headers.set("content-range", "bytes 300000-499999/500000");
      headers.remove("x-amz-checksum-crc64nvme").set("content-length", "200000");
      return reply(206, text.substr(300'000), headers);
    };
    MemoryWriter into;
    const auto got = s3.open()->get("k", into);
    CHECK(s3.transport->seen.size() == (rest == Rest::unpinned ? 1 : 2));
    if (rest == Rest::same || rest == Rest::without_ranges) {
      REQUIRE_MESSAGE(got, got.error().to_string());
      CHECK(into.text() == text);
      CHECK(got->size == 500'000);
    } else {
      CHECK(code_of(got) == (rest == Rest::unpinned ? "corrupted" : "conflict"));
      CHECK(into.text() == text.substr(0, 300'000));
    }
  }
}

TEST_CASE("a range that was cut goes on to its own end") {
  const std::string text = pattern(5'000);
  ScriptedS3 s3;
  s3.transport->cut_body = {100, 200};
  std::vector<std::string> ranges;
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    ranges.emplace_back(sent.headers.get("range"));
    std::size_t first = 0;
    std::size_t last = 0;
    REQUIRE(std::sscanf(ranges.back().c_str(), "bytes=%zu-%zu", &first, &last) == 2);
    http::Headers headers = etag;
    headers.add("content-range", "bytes " + std::to_string(first) + '-' + std::to_string(last) + "/5000");
    return reply(206, text.substr(first, last - first + 1), headers);
  };
  MemoryWriter into;
  const auto got = s3.open()->get("k", into, {.offset = 1'000, .length = 2'000});
  REQUIRE_MESSAGE(got, got.error().to_string());
  CHECK(into.text() == text.substr(1'000, 2'000));
  CHECK(ranges == std::vector<std::string>{"bytes=1000-2999", "bytes=1100-2999", "bytes=1300-2999"});
}

TEST_CASE("a whole read is compared with the checksum that the store has; one of parts says nothing") {
  const auto read = [](const std::string& checksum) {
    ScriptedS3 s3;
    s3.options.checksums = S3Checksums::when_supported;
    s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
      CHECK(sent.headers.get("x-amz-checksum-mode") == "ENABLED");
      http::Headers headers = etag;
      headers.add("x-amz-checksum-crc64nvme", checksum);
      return reply(200, "abc", headers);
    };
    return text_of(*s3.open(), "k");
  };
  CHECK(read(s3::to_checksum(crc::crc64nvme(as_bytes("abc")))) == "abc");
  CHECK(read("AAAAAAAAAAA=") == "[corrupted]");
  CHECK(read("AAAAAAAAAAA=-2") == "abc");
}

TEST_CASE("presigned URLs lead to the public endpoint, requests to the other") {
  ScriptedS3 s3;
  s3.options.public_endpoint = "https://files.example.test";
  s3.transport->answer = [](const auto&) { return reply(200, "", etag); };
  auto store = s3.open();
  const auto url = store->presign("a b", {});
  REQUIRE(url);
  CHECK(url->expose().starts_with("https://files.example.test/bucket/a%20b?X-Amz-Algorithm="));
  CHECK(s3.transport->seen.empty());
  REQUIRE(store->head("k"));
  CHECK(s3.lines() == std::vector<std::string>{"HEAD https://s3.example.test/bucket/k"});
}

TEST_CASE("a URL for others is signed for the bucket's region, which is asked for once when none was named") {
  for (const bool is_known : {false, true}) {
    CAPTURE(is_known);
    ScriptedS3 s3;
    s3.options.region = is_known ? "eu-west-1" : "";
    s3.transport->answer = [](const AnsweringTransport::Seen& sent) {
      if (sent.headers.get("authorization").find("/eu-west-1/") != std::string_view::npos) return reply(403);
      return reply(400, "", {{"x-amz-bucket-region", "eu-west-1"}});
    };
    const auto store = s3.open();
    for (int i = 0; i < 2; ++i) {
      const auto url = store->presign("k");
      REQUIRE_MESSAGE(url, url.error().to_string());
      CHECK(url->expose().find("%2Feu-west-1%2Fs3") != std::string_view::npos);
    }
    CHECK(store->presign_post("k"));
    for (const std::string& line : s3.lines()) CHECK(line.starts_with("HEAD "));
    CHECK(s3.transport->seen.empty() == is_known);
    CHECK(s3.transport->seen.size() <= 3);
  }
}

TEST_CASE("a copy rests as the store says, whatever its source did") {
  ScriptedS3 s3;
  s3.options.storage_class = "STANDARD_IA";
  s3.options.encryption = {.kind = S3Encryption::Kind::kms, .kms_key_id = "the-key"};
  s3.transport->answer = [](const AnsweringTransport::Seen& sent) {
    if (sent.method == "HEAD") return reply(200, "", {{"ETag", "\"one\""}, {"Content-Length", "1"}});
    CHECK(sent.headers.get("x-amz-storage-class") == "STANDARD_IA");
    CHECK(sent.headers.get("x-amz-server-side-encryption") == "aws:kms");
    CHECK(sent.headers.get("x-amz-server-side-encryption-aws-kms-key-id") == "the-key");
    return reply(200, "<CopyObjectResult><ETag>&quot;two&quot;</ETag></CopyObjectResult>");
  };
  CHECK(s3.open()->copy("a", "b"));
  CHECK(s3.open()->copy("a", "a"));
}

TEST_CASE("of many keys one that cannot be sent is told, and the others are removed") {
  ScriptedS3 s3;
  s3.transport->answer = [](const AnsweringTransport::Seen& sent) {
    CHECK(sent.body.find("<Key>good</Key>") != std::string::npos);
    return reply(200, "<DeleteResult/>");
  };
  const auto stay = s3.open()->remove_many({"bad\x01", "good"});
  REQUIRE(stay);
  REQUIRE(stay->size() == 1);
  CHECK(stay->front().key == "bad\x01");
}

TEST_CASE("many keys are removed a thousand a request, and what stays is told") {
  ScriptedS3 s3;
  s3.options.prefix = "p/";
  s3.transport->answer = [](const AnsweringTransport::Seen& sent) {
    CHECK_FALSE(sent.headers.get("content-md5").empty());
    return reply(200,
                 "<DeleteResult><Error><Key>p/k7</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
                 "</DeleteResult>");
  };
  std::vector<std::string> keys;
  for (int i = 0; i < 1001; ++i) keys.push_back("k" + std::to_string(i));
  const auto failed = s3.open()->remove_many(keys);
  REQUIRE(failed);
  CHECK(s3.transport->seen.size() == 2);
  REQUIRE(failed->size() == 2);
  CHECK((*failed)[0].key == "k7");
  CHECK((*failed)[0].error.code() == ErrorCode::permission_denied);
}

TEST_CASE("a store opened read-only writes nothing") {
  ScriptedS3 s3;
  s3.options.read_only = true;
  s3.transport->answer = [](const auto&) { return reply(200, "", etag); };
  auto store = s3.open();
  CHECK(code_of(put_text(*store, "k", "x")) == "permission_denied");
  CHECK(code_of(store->remove("k")) == "permission_denied");
  CHECK(code_of(store->presign("k", {.method = PresignOptions::Method::put})) == "permission_denied");
  CHECK(s3.transport->seen.empty());
  CHECK(store->head("k"));
}
