#include <doctest/doctest.h>

#include "support/scripted_gateway.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

namespace {

const http::Headers etag = {{"ETag", "\"e1\""}};
using Asked = std::vector<std::vector<int>>;

}  // namespace

TEST_CASE("parts go to URLs that are asked for in batches, with the headers of the gateway and none besides") {
  GatewayCase test;
  for (int number = 1; number <= 4; ++number) {
    const PartReply sent = test.send(number, "part " + std::to_string(number));
    REQUIRE_MESSAGE(sent.verdict == PartVerdict::stored, sent.error->to_string());
    CHECK(sent.part.number == number);
    CHECK(sent.part.size == 6);
    CHECK(sent.part.etag == "e1");
    CHECK(sent.part.crc64nvme == crc64nvme(as_bytes("part " + std::to_string(number))));
    CHECK(sent.bytes_sent == 6);
  }
  CHECK(test.gateway->asked() == Asked{{1, 2, 3}, {4, 5, 6}});
  for (const auto& seen : test.transport->seen) {
    CHECK(seen.method == "PUT");
    CHECK(seen.url.starts_with("https://store.example.test/k?partNumber="));
    REQUIRE(seen.headers.fields().size() == 1);
    CHECK(seen.headers.get("x-wanted") == "yes");
  }
  CHECK(test.transport->seen.at(3).body == "part 4");
}

TEST_CASE("a URL that expires within the margin is not used, whether it says so itself or the gateway does") {
  GatewayCase test;
  test.gateway->lifetime = 100;
  CHECK(test.send(1).verdict == PartVerdict::stored);
  test.time.advance(std::chrono::seconds(69));
  CHECK(test.send(2).verdict == PartVerdict::stored);
  CHECK(test.gateway->asked() == Asked{{1, 2, 3}});
  test.time.advance(std::chrono::seconds(2));
  CHECK(test.send(3).verdict == PartVerdict::stored);
  CHECK(test.gateway->asked() == Asked{{1, 2, 3}, {3, 4, 5}});

  GatewayCase told;
  told.gateway->lifetime = 0;
  told.gateway->expires = Timestamp{told.time.wall().microseconds + 40'000'000};
  CHECK(told.send(1).verdict == PartVerdict::stored);
  told.time.advance(std::chrono::seconds(11));
  told.gateway->expires = {};
  CHECK(told.send(2).verdict == PartVerdict::stored);
  CHECK(told.gateway->asked() == Asked{{1, 2, 3}, {2, 3, 4}});
  told.time.advance(std::chrono::hours(100));
  CHECK(told.send(3).verdict == PartVerdict::stored);  // nothing says that these expire
  CHECK(told.gateway->asked().size() == 2);
}

TEST_CASE("a gateway whose URLs have expired already is told of its clock, and nothing is sent") {
  GatewayCase test;
  test.gateway->lifetime = 30;
  const PartReply sent = test.send(1);
  CHECK(sent.verdict == PartVerdict::final);
  REQUIRE(sent.error);
  CHECK(sent.error->code() == ErrorCode::unauthenticated);
  CHECK(sent.error->hint().find("clock") != std::string::npos);
  CHECK(test.transport->seen.empty());
  CHECK(test.gateway->asked().size() == 1);
}

TEST_CASE("a refused URL is asked for anew, with all that came with it; refused again, the credentials are wrong") {
  GatewayCase test;
  test.transport->answer = [](const AnsweringTransport::Seen& seen) {
    const bool early = seen.url.ends_with("=sign1") || seen.url.ends_with("=sign2");
    return early ? reply(403, s3_error("AccessDenied")) : reply(200, "", etag);
  };
  CHECK(test.send(1).verdict == PartVerdict::mended);
  CHECK(test.send(1).verdict == PartVerdict::stored);
  CHECK(test.send(2).verdict == PartVerdict::stored);
  CHECK(test.gateway->asked() == Asked{{1, 2, 3}, {1, 2, 3}});

  for (const auto& [status, code] : {std::pair{403, "AccessDenied"}, {403, ""}, {400, "ExpiredToken"}, {401, ""}}) {
    CAPTURE(status);
    CAPTURE(code);
    GatewayCase refused;
    refused.transport->answer = [&](const auto&) { return reply(status, *code == 0 ? "" : s3_error(code)); };
    CHECK(refused.send(1).verdict == PartVerdict::mended);
    const PartReply again = refused.send(1);
    CHECK(again.verdict == PartVerdict::final);
    REQUIRE(again.error);
    CHECK(again.error->code() == ErrorCode::unauthenticated);
    CHECK(again.error->http_status() == status);
    CHECK(again.error->hint().find("signs") != std::string::npos);
    CHECK(refused.gateway->asked().size() == 2);
  }
}

TEST_CASE("other replies to a signed URL become the verdict that fits them, and no redirect is followed") {
  struct Row {
    int status;
    std::string code;
    PartVerdict verdict;
  };
  for (const Row& row :
       {Row{404, "NoSuchUpload", PartVerdict::no_upload}, Row{500, "", PartVerdict::transient},
        Row{503, "SlowDown", PartVerdict::throttled}, Row{429, "", PartVerdict::throttled},
        Row{400, "RequestTimeout", PartVerdict::transient}, Row{400, "BadDigest", PartVerdict::transient},
        Row{307, "", PartVerdict::final}, Row{400, "EntityTooLarge", PartVerdict::final}}) {
    CAPTURE(row.status);
    CAPTURE(row.code);
    GatewayCase test;
    test.transport->answer = [&](const auto&) {
      return reply(row.status, row.code.empty() ? "" : s3_error(row.code),
                   {{"Location", "https://elsewhere.test/"}, {"Retry-After", "3"}});
    };
    const PartReply sent = test.send(1);
    CHECK(sent.verdict == row.verdict);
    REQUIRE(sent.error);
    CHECK(sent.error->operation() == "put_part");
    CHECK(sent.error->target() == "k");
    CHECK(sent.wait == Duration(std::chrono::seconds(3)));
    CHECK(test.transport->seen.size() == 1);
    CHECK(test.gateway->asked().size() == 1);
  }
}

TEST_CASE("another checksum than was sent is a lost part, and a reply without an ETag is none of a store") {
  GatewayCase test;
  test.transport->answer = [](const auto&) {
    return reply(200, "", {{"ETag", "\"e\""}, {"x-amz-checksum-crc64nvme", "AAAAAAAAAAE="}});
  };
  CHECK(test.send(1).verdict == PartVerdict::transient);
  test.transport->answer = [](const auto&) { return reply(200, ""); };
  CHECK(test.send(1).verdict == PartVerdict::final);
}

TEST_CASE("no signature of a URL comes into an error, whatever the server repeats") {
  GatewayCase test;
  test.transport->answer = [](const AnsweringTransport::Seen& seen) {
    return reply(400, "<Error><Code>Weird</Code><Message>you sent " + seen.url + "</Message></Error>");
  };
  const PartReply sent = test.send(1);
  REQUIRE(sent.error);
  CHECK(sent.error->to_string().find("Weird") != std::string::npos);
  CHECK(sent.error->to_string().find("sign1") == std::string::npos);
}

TEST_CASE("what the gateway fails with is told as its own, and passes or does not") {
  const auto sent_after = [](const Error& error) {
    GatewayCase test;
    test.gateway->before = [&]() -> Result<void> { return error; };
    const PartReply sent = test.send(1);
    REQUIRE(sent.error);
    CHECK(sent.error->backend() == "gateway");
    CHECK(sent.error->code() == error.code());
    CHECK(test.transport->seen.empty());
    return sent.verdict;
  };
  CHECK(sent_after(Error(ErrorCode::unavailable, "down")) == PartVerdict::transient);
  CHECK(sent_after(Error(ErrorCode::rate_limited, "slower")) == PartVerdict::throttled);
  CHECK(sent_after(Error(ErrorCode::permission_denied, "not you")) == PartVerdict::final);

  GatewayCase silent;
  silent.gateway->change = [](std::vector<PartUrl>& urls) {
    for (PartUrl& url : urls) url.number += 100;  // of parts that nobody asked for
  };
  const PartReply sent = silent.send(1);
  CHECK(sent.verdict == PartVerdict::final);
  CHECK(sent.error->code() == ErrorCode::corrupted);
  CHECK(silent.transport->seen.empty());
}

TEST_CASE("a whole object goes to a URL of its own, for the options it is put with, and one URL is for one object") {
  GatewayCase test;
  REQUIRE(test.send(1).verdict == PartVerdict::stored);
  for (int time = 1; time <= 2; ++time) {
    const auto target = target_of(test.store->part_sender()->begin_whole("whole", {}),
                                  {.content_type = "text/plain", .attributes = {{"a", "b"}}});
    const PartReply sent =
        send_part(*test.store->part_sender(), {.target = target, .body = std::make_shared<ScriptedBody>("bytes")});
    REQUIRE_MESSAGE(sent.verdict == PartVerdict::stored, sent.error->to_string());
    CHECK(sent.object.key == "whole");
    CHECK(sent.object.size == 5);
    CHECK(sent.object.etag == "e1");
    CHECK(sent.object.crc64nvme == crc64nvme(as_bytes("bytes")));
    CHECK(test.transport->seen.back().body == "bytes");
  }
  REQUIRE(test.gateway->put_options);
  CHECK(test.gateway->put_options->content_type == "text/plain");
  CHECK(test.gateway->asked() == Asked{{1, 2, 3}, {0}, {0}});
}
