#include <pthread.h>

#include <string>
#include <vector>

#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>

#include <doctest/doctest.h>

#include "json/json_reader.h"
#include "store/s3_wire.h"
#include "support/object_calls.h"
#include "support/s3_server.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using docupilot::testing::RecordedRequest;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;

namespace {

/// What comes of a reply within the limits that a request has by itself.
Result<http::Response> get(Reply reply) {
  ScriptedServer server;
  server.push({.reply = std::move(reply), .after = Script::After::close});
  return http::make_transport()->send({.url = server.url("/k")});
}

std::string head_of(std::size_t bytes) {
  std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
  for (int i = 1'000; bytes - head.size() > 2'100; ++i) {
    head += "X-" + std::to_string(i) + ": " + std::string(1'000, 'x') + "\r\n";
  }
  head += "X-Last: " + std::string(bytes - head.size() - 12, 'x') + "\r\n\r\n";
  return head;
}

}  // namespace

TEST_CASE("rule 13: the headers of a reply are 64 KiB at the most") {
  REQUIRE(head_of(65'536).size() == 65'536);
  const auto fits = get(Reply::verbatim(head_of(65'536) + "ab"));
  REQUIRE_MESSAGE(fits, fits.error().to_string());
  CHECK(fits->body == "ab");
  CHECK(code_of(get(Reply::verbatim(head_of(65'537) + "ab"))) == "too_large");
  std::string endless = "HTTP/1.1 200 OK\r\n";
  while (endless.size() < 4U << 20U) endless += "X: " + std::string(1'000, 'x') + "\r\n";
  CHECK_FALSE(get(Reply::verbatim(endless)).has_value());
}

TEST_CASE("rule 13: a reply kept in memory is 8 MiB at the most, however its length is told") {
  constexpr std::size_t most = 8U << 20U;
  for (const auto framing : {Reply::Framing::length, Reply::Framing::chunked}) {
    const auto fits = get({.body = std::string(most, 'b'), .framing = framing});
    REQUIRE(fits);
    CHECK(fits->body.size() == most);
    CHECK(code_of(get({.body = std::string(most + 1, 'b'), .framing = framing})) == "too_large");
  }
  // A length that nobody means to send reserves nothing.
  const std::string boast = "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nab";
  CHECK_FALSE(get(Reply::verbatim(boast)).has_value());
}

TEST_CASE("rule 13: of an error 8 KiB are kept, and not more than 8 MiB are read") {
  for (const auto framing : {Reply::Framing::length, Reply::Framing::chunked}) {
    const auto whole = get({.status = 500, .body = std::string(8'192, 'e'), .framing = framing});
    REQUIRE(whole);
    CHECK(whole->body.size() == 8'192);
    CHECK_FALSE(whole->body_is_cut);
    const auto cut = get({.status = 500, .body = std::string(8'193, 'e'), .framing = framing});
    REQUIRE(cut);
    CHECK(cut->body.size() == 8'192);
    CHECK(cut->body_is_cut);
    const auto large = get({.status = 500, .body = std::string(12U << 20U, 'e'), .framing = framing});
    REQUIRE(large);
    CHECK(large->body.size() == 8'192);
    CHECK(large->body_is_cut);
    CHECK(large->bytes_received < 10U << 20U);
  }
}

TEST_CASE("rule 13: XML is 4 MiB at the most") {
  const auto list_of = [](std::size_t size) {
    const std::string begin = "<ListBucketResult><Name>";
    const std::string end = "</Name></ListBucketResult>";
    return begin + std::string(size - begin.size() - end.size(), 'n') + end;
  };
  for (const std::size_t over : {0U, 1U}) {
    const std::string body = list_of((4U << 20U) + over);
    CHECK(s3::read_list(body).has_value() == (over == 0));
    ScriptedServer server([&](const RecordedRequest&) { return Script{.reply = {.body = body}}; });
    ScriptedS3 s3;
    s3.options.endpoint = server.url();
    s3.options.transport = http::make_transport();
    CHECK(code_of(s3.open()->list()) == (over == 0 ? "ok" : "too_large"));
  }
}

TEST_CASE("rule 13: a list that stands still or goes on for 10,000 pages is refused") {
  ScriptedS3 s3;
  int pages = 0;
  int last = 0;
  s3.transport->answer = [&](const AnsweringTransport::Seen& sent) {
    s3.transport->seen.clear();
    const std::string number = std::to_string(++pages);
    const std::string more = pages == last ? "false" : "true";
    if (sent.url.find("uploadId") != std::string::npos) {
      return reply(200, "<ListPartsResult><IsTruncated>" + more + "</IsTruncated><NextPartNumberMarker>" + number +
                            "</NextPartNumberMarker></ListPartsResult>");
    }
    return reply(200, "<ListMultipartUploadsResult><IsTruncated>" + more + "</IsTruncated><NextKeyMarker>" + number +
                          "</NextKeyMarker></ListMultipartUploadsResult>");
  };
  const auto store = s3.open();
  const MultipartUpload upload{.key = "k", .upload_id = "U", .started = {}};
  for (const int end : {10'000, 10'001}) {
    last = end;
    pages = 0;
    CHECK(code_of(store->list_multipart()) == (end == 10'000 ? "ok" : "corrupted"));
    CHECK(pages == 10'000);
    pages = 0;
    CHECK(code_of(store->list_parts(upload)) == (end == 10'000 ? "ok" : "corrupted"));
    CHECK(pages == 10'000);
  }
  s3.transport->answer = [](const auto&) {
    return reply(200,
                 "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>"
                 "</ListBucketResult>");
  };
  CHECK(store->list()->next_page_token == "same");
  CHECK(code_of(store->list({.page_token = "same"})) == "corrupted");
  CHECK(code_of(store->list({.limit = 10'000})) == "ok");
  CHECK(code_of(store->list({.limit = 10'001})) == "invalid_argument");
}

TEST_CASE("rule 14: nothing is asked for or taken compressed, so that nothing can blow up") {
  const std::string packed("\x1f\x8b\x08\x00 no bomb goes off in here", 30);
  ScriptedServer server([&](const RecordedRequest&) {
    return Script{.reply = {.headers = {{"Content-Encoding", "gzip"}, {"ETag", "\"e\""}}, .body = packed}};
  });
  ScriptedS3 s3;
  s3.options.endpoint = server.url();
  s3.options.transport = http::make_transport();
  const auto store = s3.open();
  CHECK(text_of(*store, "k") == packed);  // an object is what was stored
  const auto listed = store->list();
  REQUIRE_FALSE(listed.has_value());
  CHECK(listed.error().code() == ErrorCode::corrupted);
  for (const auto& request : server.ledger().snapshot().requests) {
    CHECK(request.header("Accept-Encoding").empty());
    CHECK(request.header("TE").empty());
  }
  const auto encoded =
      get(Reply::verbatim("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"));
  CHECK_FALSE(encoded.has_value());
}

TEST_CASE("rule 15: XML with a document type or entities of its own is refused, and values stand as they are") {
  for (const std::string bad :
       {"<!DOCTYPE x><ListBucketResult/>", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><ListBucketResult/>",
        "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><ListBucketResult>&b;</ListBucketResult>",
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY % p SYSTEM \"http://evil.test/\">%p;]><ListBucketResult/>"}) {
    CAPTURE(bad);
    CHECK_FALSE(s3::read_list(bad).has_value());
  }
  const auto key_of = [](const std::string& key) {
    const auto page = s3::read_list(
        "<y:ListBucketResult xmlns:y=\"z\"><y:Contents unknown=\"1\"><y:New><y:Key>no</y:Key></y:New>"
        "<y:Key>" +
        key + "</y:Key><y:Size>1</y:Size></y:Contents></y:ListBucketResult>");
    return page && page->objects.size() == 1 ? page->objects[0].key : std::string("[refused]");
  };
  CHECK(key_of("${HOME} $(id) %ENV% &amp;lt; &#65;&lt;&gt;&quot;&apos;") == "${HOME} $(id) %ENV% &lt; A<>\"'");
  CHECK(key_of("&unknown;") == "&unknown;");
  CHECK(key_of("<![CDATA[<b>]]>") == "<b>");
}

TEST_CASE("rule 16: a million brackets do not overflow the smallest stack") {
  std::string open(1'000'000, '[');
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  std::string closed = std::string(64, '[') + std::string(64, ']');
  std::string deeper = '[' + closed + ']';
  struct Work {
    std::vector<const std::string*> texts;
    std::vector<bool> taken;
  } work{{&open, &objects, &closed, &deeper}, {}};
  pthread_attr_t attributes;
  REQUIRE(::pthread_attr_init(&attributes) == 0);
  REQUIRE(::pthread_attr_setstacksize(&attributes, 128U << 10U) == 0);
  pthread_t thread{};
  REQUIRE(::pthread_create(
              &thread, &attributes,
              [](void* given) -> void* {
                auto& own = *static_cast<Work*>(given);
                for (const std::string* text : own.texts) own.taken.push_back(json::parse(*text).has_value());
                return nullptr;
              },
              &work) == 0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
  CHECK(work.taken == std::vector<bool>{false, false, true, false});
}
