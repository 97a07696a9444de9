#include <doctest/doctest.h>
#include <docupilot/store/memory_store.h>
#include <docupilot/testing/scripted_server.h>

#include "store/s3_body.h"
#include "support/object_calls.h"
#include "support/part_bodies.h"
#include "support/s3_server.h"
#include "support/scripted_streams.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

namespace {

const http::Headers etag = {{"ETag", "\"e1\""}};
const MultipartUpload upload{.key = "k", .upload_id = "U - 0123", .started = {}};

PartRequest part_of(std::string bytes, int number = 1) {
  return {.target = target_of(upload), .number = number, .body = std::make_shared<ScriptedBody>(std::move(bytes))};
}
PartRequest whole_of(std::string bytes, PutOptions options = {}) {
  return {.target = target_of({.key = "k"}, std::move(options)),
          .body = std::make_shared<ScriptedBody>(std::move(bytes))};
}

/// Hands out the first credentials until they are invalidated.
class TwoKeys final : public http::CredentialsProvider {
 public:
  bool has_second = true;
  int dropped = 0;
  Result<http::SharedCredentials> get(const Context&) override {
    const bool second = dropped > 0 && has_second;
    return std::make_shared<const http::Credentials>(http::Credentials{
        .access_key_id = second ? "SECOND" : "FIRST", .secret_access_key = Secret("hush-hush"), .source = "test"});
  }
  void invalidate(const http::Credentials& stale) override {
    if (stale.access_key_id == "FIRST") ++dropped;
  }
};

}  // namespace

TEST_CASE("a part goes to its number and upload, without the mark in the id, and tells its ETag") {
  ScriptedS3 s3;
  s3.transport->answer = [](const auto&) { return reply(200, "", etag); };
  const auto store = s3.open();
  const PartReply sent = send_part(*store->part_sender(), part_of("abc", 7));
  REQUIRE_MESSAGE(sent.verdict == PartVerdict::stored, sent.error->to_string());
  CHECK(sent.part.etag == "e1");
  CHECK(sent.part.number == 7);
  CHECK(s3.lines() == std::vector<std::string>{"PUT https://s3.example.test/bucket/k?partNumber=7&uploadId=U"});
  CHECK(s3.transport->seen.at(0).body == "abc");
}

TEST_CASE("each reply of a server becomes the verdict that fits it") {
  struct Row {
    int status;
    std::string code;
    PartVerdict verdict;
    std::string error;
  };
  for (const Row& row : std::vector<Row>{
           {500, "InternalError", PartVerdict::transient, "unavailable"},
           {502, "", PartVerdict::transient, "unavailable"},
           {400, "RequestTimeout", PartVerdict::transient, "unavailable"},
           {503, "SlowDown", PartVerdict::throttled, "rate_limited"},
           {503, "ServiceUnavailable", PartVerdict::throttled, "unavailable"},
           {429, "", PartVerdict::throttled, "rate_limited"},
           {404, "NoSuchUpload", PartVerdict::no_upload, "not_found"},
           {400, "BadDigest", PartVerdict::transient, "corrupted"},
           {400, "XAmzContentSHA256Mismatch", PartVerdict::transient, "corrupted"},
           {404, "NoSuchBucket", PartVerdict::final, "not_found"},
           {403, "AccessDenied", PartVerdict::final, "permission_denied"},
           {403, "SignatureDoesNotMatch", PartVerdict::final, "unauthenticated"},
           {403, "InvalidAccessKeyId", PartVerdict::final, "unauthenticated"},
           {400, "EntityTooLarge", PartVerdict::final, "too_large"},
           {507, "XMinioStorageFull", PartVerdict::final, "exhausted"},
           {307, "", PartVerdict::final, "invalid_argument"},
       }) {
    CAPTURE(row.status);
    CAPTURE(row.code);
    ScriptedS3 s3;
    s3.transport->answer = [&](const auto&) { return reply(row.status, row.code.empty() ? "" : s3_error(row.code)); };
    const auto store = s3.open();
    const PartReply sent = send_part(*store->part_sender(), part_of("abc"));
    CHECK(sent.verdict == row.verdict);
    REQUIRE(sent.error);
    CHECK(std::string(to_string(sent.error->code())) == row.error);
    CHECK(sent.error->operation() == "put_part");
    CHECK(sent.error->backend() == "s3");
    CHECK(sent.error->target() == "k");
    CHECK(s3.transport->seen.size() == 1);  // one attempt is one request
  }
}

TEST_CASE("trouble on the way is transient, and a body's own error comes back as it was, for good") {
  ScriptedS3 s3;
  s3.transport->answer = [](const auto&) -> Result<http::Response> { return Error(ErrorCode::unavailable, "reset"); };
  const auto store = s3.open();
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::transient);
  auto broken = part_of(pattern(700'000));
  static_cast<ScriptedBody&>(*broken.body).fails = Error(ErrorCode::internal, "disk").operation("read").target("/f");
  const PartReply failed = send_part(*store->part_sender(), broken);
  CHECK(failed.verdict == PartVerdict::final);
  CHECK(failed.error->target() == "/f");
  CHECK(failed.error->operation() == "read");
  auto shorter = part_of(pattern(700'000));
  static_cast<ScriptedBody&>(*shorter.body).missing = 1;
  CHECK(send_part(*store->part_sender(), shorter).error->code() == ErrorCode::corrupted);
}

TEST_CASE("what the server asks to wait is told, AWS's own hint apart from others, and absurd ones are cut") {
  for (const auto& [name, value, wait, aws] :
       std::vector<std::tuple<std::string, std::string, std::int64_t, bool>>{{"Retry-After", "7", 7000, false},
                                                                             {"x-amz-retry-after", "1500", 1500, true},
                                                                             {"Retry-After", "5000", 60'000, false}}) {
    ScriptedS3 s3;
    s3.transport->answer = [&](const auto&) { return reply(503, s3_error("SlowDown"), {{name, value}}); };
    const auto store = s3.open();
    const PartReply sent = send_part(*store->part_sender(), part_of("abc"));
    REQUIRE(sent.wait);
    CHECK(sent.wait->nanoseconds() == wait * 1'000'000);
    CHECK(sent.asked_by_aws == aws);
  }
}

TEST_CASE("expired credentials are dropped and the next attempt has others; the same ones again are final, once") {
  for (const bool has_second : {true, false}) {
    ScriptedS3 s3;
    const auto keys = std::make_shared<TwoKeys>();
    keys->has_second = has_second;
    s3.options.credentials = keys;
    s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
      const bool good = sent.headers.get("authorization").find("SECOND") != std::string_view::npos;
      return good ? reply(200, "", etag) : reply(400, s3_error("ExpiredToken", "<Note>hush-hush</Note>"));
    };
    const auto store = s3.open();
    const PartReply first = send_part(*store->part_sender(), part_of("abc"));
    CHECK(first.verdict == PartVerdict::mended);
    CHECK(first.error->to_string().find("hush-hush") == std::string::npos);
    const PartReply second = send_part(*store->part_sender(), part_of("abc"));
    CHECK(second.verdict == (has_second ? PartVerdict::stored : PartVerdict::final));
    CHECK(s3.transport->seen.size() == (has_second ? 2 : 1));
    if (has_second) continue;
    CHECK(second.error->code() == ErrorCode::unauthenticated);
    CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::mended);  // asks anew
  }
}

TEST_CASE("a clock that is off is corrected from the reply's date, for other calls too, and only when it differs") {
  ScriptedS3 s3;
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    const bool good = sent.headers.get("x-amz-date").starts_with("20300101");
    return good ? reply(200, "", etag)
                : reply(403, s3_error("RequestTimeTooSkewed"), {{"Date", "Tue, 01 Jan 2030 12:00:00 GMT"}});
  };
  const auto store = s3.open();
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::mended);
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::stored);
  CHECK(put_text(*store, "other", "abc"));
  CHECK(s3.transport->seen.size() == 3);
  s3.transport->answer = [](const auto&) {
    return reply(403, s3_error("RequestTimeTooSkewed"), {{"Date", "Tue, 01 Jan 2030 12:00:00 GMT"}});
  };
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::final);
}

TEST_CASE("a bucket in another region is followed, one on another host is not") {
  ScriptedS3 s3;
  s3.options.endpoint.clear();
  s3.options.quirks = "aws";
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    if (sent.url.find("eu-west-1") != std::string::npos) return reply(200, "", etag);
    return reply(307, s3_error("TemporaryRedirect"), {{"x-amz-bucket-region", "eu-west-1"}});
  };
  const auto store = s3.open();
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::mended);
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::stored);
  CHECK(store->location() == "s3://bucket/ at AWS");
  s3.transport->answer = [&](const auto&) {
    return reply(301, s3_error("PermanentRedirect", "<Endpoint>evil.test</Endpoint><Region>eu-west-3</Region>"));
  };
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::final);
}

TEST_CASE("a refused checksum is left out, remembered when that helped, and put back when it did not") {
  ScriptedS3 s3;
  s3.options.checksums = S3Checksums::when_supported;
  bool helps = true;
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    const bool plain = !sent.headers.find("x-amz-checksum-crc64nvme");
    return plain && helps ? reply(200, "", etag) : reply(400, s3_error("InvalidRequest"));
  };
  const auto store = s3.open();
  helps = false;
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::mended);
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::final);
  helps = true;
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::mended);
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::stored);
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::stored);
  CHECK(s3.transport->seen.size() == 5);
}

TEST_CASE("a checksum that the server tells and that is not ours makes the part a lost one; so does a missing ETag") {
  ScriptedS3 s3;
  std::string told = s3::to_checksum(crc64nvme(as_bytes("abc")));
  s3.transport->answer = [&](const auto&) {
    return reply(200, "", {{"ETag", "\"e\""}, {"x-amz-checksum-crc64nvme", told}});
  };
  const auto store = s3.open();
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::stored);
  told = s3::to_checksum(std::uint64_t{1});
  const PartReply wrong = send_part(*store->part_sender(), part_of("abc"));
  CHECK(wrong.verdict == PartVerdict::transient);
  CHECK(wrong.error->code() == ErrorCode::corrupted);
  s3.transport->answer = [](const auto&) { return reply(200); };
  CHECK(send_part(*store->part_sender(), part_of("abc")).error->code() == ErrorCode::corrupted);
}

TEST_CASE("a signed stream whose signature fails was changed on its way, once the keys have been good") {
  ScriptedS3 s3;
  s3.options.endpoint = "http://localhost:9000";
  bool good = false;
  s3.transport->answer = [&](const auto&) {
    return good ? reply(200, "", etag) : reply(403, s3_error("SignatureDoesNotMatch"));
  };
  const auto store = s3.open();
  // That of an upload's part was begun with these keys.
  PartRequest whole = part_of(pattern(300'000));
  whole.number = 0;
  CHECK(send_part(*store->part_sender(), whole).verdict == PartVerdict::final);
  good = true;
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::stored);
  good = false;
  const PartReply flipped = send_part(*store->part_sender(), part_of(pattern(300'000)));
  CHECK(flipped.verdict == PartVerdict::transient);
  CHECK(flipped.error->code() == ErrorCode::corrupted);
  CHECK(send_part(*store->part_sender(), part_of("abc")).verdict == PartVerdict::final);  // not the bytes: hashed whole
}

TEST_CASE("a whole object carries type, metadata, condition and mark, and is known again by the mark") {
  ScriptedS3 s3;
  s3.options.quirks = "r2";
  std::string mark;
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    if (sent.method == "HEAD") {
      return reply(200, "", {{"ETag", "\"e1\""}, {"Content-Length", "3"}, {"x-amz-meta-docupilot-write", mark}});
    }
    mark = sent.headers.get("x-amz-meta-docupilot-write");
    return reply(412, s3_error("PreconditionFailed"));
  };
  const auto store = s3.open();
  const PutOptions options{.content_type = "text/plain", .attributes = {{"a", "b"}}, .if_absent = true};
  const MultipartUpload begun = store->part_sender()->begin_whole("k", options);
  auto request = whole_of("abc");
  request.target = target_of(begun, options);
  CHECK(s3.transport->seen.empty());
  const PartReply refused = send_part(*store->part_sender(), request);
  CHECK(refused.verdict == PartVerdict::final);
  CHECK(refused.error->code() == ErrorCode::already_exists);
  CHECK(refused.error->operation() == "put");
  const auto& sent = s3.transport->seen.at(0);
  CHECK(sent.headers.get("if-none-match") == "*");
  CHECK(sent.headers.get("content-type") == "text/plain");
  CHECK(sent.headers.get("x-amz-meta-a") == "b");
  CHECK(begun.upload_id == " - " + mark);
  CHECK(mark.size() == 32);
  const std::vector<PartInfo> whole = {{.number = 1, .size = 3, .etag = ""}};
  const auto found = store->find_completed(begun, whole);
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->etag == "e1");
  CHECK((*found)->attributes.empty());
  CHECK_FALSE(store->find_completed(begun, {{.number = 1, .size = 4, .etag = ""}})->has_value());
  mark[0] = mark[0] == 'a' ? 'b' : 'a';
  CHECK_FALSE(store->find_completed(begun, whole)->has_value());
}

TEST_CASE("a whole object without a condition needs no mark: it can be made twice") {
  ScriptedS3 s3;
  s3.transport->answer = [](const AnsweringTransport::Seen&) { return reply(200, "", etag); };
  const auto store = s3.open();
  auto request = whole_of("abc");
  request.target = target_of(store->part_sender()->begin_whole("k", {}), {});
  CHECK(request.target->upload.upload_id.empty());
  CHECK(send_part(*store->part_sender(), request).verdict == PartVerdict::stored);
  CHECK_FALSE(s3.transport->seen.at(0).headers.find("x-amz-meta-docupilot-write"));
}

TEST_CASE("where the server knows no conditions, the object is looked at before a whole one is sent") {
  ScriptedS3 s3;
  s3.options.quirks = "r2";
  bool there = false;
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    if (sent.headers.find("if-none-match")) return reply(501, s3_error("NotImplemented"));
    if (sent.method == "HEAD") return there ? reply(200, "", etag) : reply(404);
    return reply(200, "", etag);
  };
  const auto store = s3.open();
  CHECK(send_part(*store->part_sender(), whole_of("abc", {.if_absent = true})).verdict == PartVerdict::mended);
  CHECK(send_part(*store->part_sender(), whole_of("abc", {.if_absent = true})).object.etag == "e1");
  there = true;
  const PartReply refused = send_part(*store->part_sender(), whole_of("abc", {.if_absent = true}));
  CHECK(refused.verdict == PartVerdict::final);
  CHECK(refused.error->code() == ErrorCode::already_exists);
}

TEST_CASE("nothing is sent of what cannot be right, to a store that is read-only, or after the deadline") {
  ScriptedS3 s3;
  s3.options.read_only = true;
  s3.transport->answer = [](const auto&) { return reply(200, "", etag); };
  const auto store = s3.open();
  CHECK(send_part(*store->part_sender(), part_of("abc")).error->code() == ErrorCode::permission_denied);
  CHECK(send_part(*store->part_sender(), part_of("abc", 10'001)).error->code() == ErrorCode::invalid_argument);
  const Context late{.deadline = Deadline::after(Duration())};
  CHECK(send_part(*store->part_sender(), part_of("abc"), late).error->code() == ErrorCode::timeout);
  std::stop_source stop;
  stop.request_stop();
  CHECK(send_part(*store->part_sender(), part_of("abc"), {.stop = stop.get_token()}).verdict == PartVerdict::final);
  CHECK(s3.transport->seen.empty());
}

TEST_CASE("many attempts are under way at a time, each ends once when it is cancelled, the last with the store") {
  testing::ScriptedServer server({.body_limit = 16U << 20U});
  server.handle([](const auto&) {
    return testing::Script{.faults = {testing::Fault::stall(testing::Fault::Place::request_body, 1000)}};
  });
  S3Options options{.bucket = "bucket", .region = "us-east-1", .endpoint = server.url(), .quirks = "ceph"};
  options.credentials = http::static_credentials({.access_key_id = "A", .secret_access_key = Secret("s")});
  auto store = open_s3_store(options);
  REQUIRE(store);
  constexpr std::size_t count = 16;
  std::array<PartWaiter, count> waiters;
  std::vector<std::shared_ptr<PartTransfer>> transfers;
  for (std::size_t i = 0; i < count; ++i) {
    transfers.push_back(
        (*store)->part_sender()->send(part_of(pattern(8U << 20U), static_cast<int>(i) + 1), waiters[i].done()));
  }
  CHECK(server.ledger().wait_until([](const auto& record) { return record.requests.size() == count; }));
  for (std::size_t i = 0; i + 1 < count; ++i) transfers[i]->cancel();
  for (std::size_t i = 0; i + 1 < count; ++i) {
    CHECK(waiters[i].wait().error->code() == ErrorCode::cancelled);
    CHECK(waiters[i].calls() == 1);
    transfers[i]->cancel();
    transfers[i]->resume();
  }
  options = {};
  store->reset();  // and with it the transport: waits for the last one
  CHECK(waiters.back().calls() == 1);
  CHECK(waiters.back().wait().error->code() == ErrorCode::cancelled);
  transfers.back()->cancel();
  transfers.back()->resume();
}

TEST_CASE("an upload in parts completes with the checksums of all of them, the whole's combined, and no list") {
  ScriptedS3 s3;
  s3.options.quirks = "aws";
  s3.options.endpoint = "https://s3.example.test";
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    if (sent.method == "POST" && sent.url.ends_with("?uploads=")) {
      return reply(200, "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>");
    }
    if (sent.method == "POST") {
      return reply(200,
                   "<CompleteMultipartUploadResult><ETag>e</ETag>"
                   "<ChecksumCRC64NVME>" +
                       s3::to_checksum(crc64nvme(as_bytes("abcabc"))) +
                       "</ChecksumCRC64NVME></CompleteMultipartUploadResult>",
                   {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"x-amz-version-id", "v1"}});
    }
    return reply(200, "", {{"ETag", "\"e\""}, {"Content-Length", "6"}});
  };
  const auto store = s3.open();
  const auto begun = store->begin_multipart("k");
  REQUIRE(begun);
  CHECK(begun->upload_id.starts_with("U - "));
  std::vector<PartInfo> parts;
  for (int number = 1; number <= 2; ++number) {
    MemoryReader bytes(as_bytes("abc"));
    const auto part = store->put_part(*begun, number, bytes);
    REQUIRE_MESSAGE(part, part.error().to_string());
    CHECK(part->crc64nvme == crc64nvme(as_bytes("abc")));
    parts.push_back(*part);
  }
  const auto done = store->complete_multipart(*begun, parts);
  REQUIRE_MESSAGE(done, done.error().to_string());
  CHECK(done->etag == "e");
  CHECK(done->size == 6);
  CHECK(done->version == "v1");
  CHECK(done->modified == Timestamp{784'111'777'000'000});
  CHECK(done->crc64nvme == crc64nvme(as_bytes("abcabc")));
  std::vector<AnsweringTransport::Seen> posts;
  for (const auto& sent : s3.transport->seen) {
    CHECK((sent.method == "POST" || sent.method == "PUT"));
    if (sent.method == "POST") posts.push_back(sent);
  }
  REQUIRE(posts.size() == 2);
  const auto& headers = posts.back().headers;
  CHECK(headers.get("x-amz-checksum-crc64nvme") == s3::to_checksum(crc64nvme(as_bytes("abcabc"))));
  CHECK(headers.get("x-amz-checksum-type") == "FULL_OBJECT");
  CHECK(headers.get("x-amz-mp-object-size") == "6");
  CHECK(posts.back().body.find("<ChecksumCRC64NVME>" + s3::to_checksum(crc64nvme(as_bytes("abc")))) !=
        std::string::npos);
}

TEST_CASE("where a store is: the same for the same place, without secrets") {
  ScriptedS3 s3;
  s3.options.prefix = "team/";
  CHECK(s3.open()->location() == "s3://bucket/team/ at https://s3.example.test");
  const auto one = make_memory_store();
  const auto two = make_memory_store();
  CHECK(one->location() == one->location());
  CHECK(one->location() != two->location());
}
