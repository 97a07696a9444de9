#include <map>

#include <doctest/doctest.h>

#include "store/s3_errors.h"
#include "store/s3_wire.h"
#include "support/vectors.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

namespace {

http::Response response_of(const Value& entry) {
  const Value& recorded = member(entry, "response");
  http::Response reply;
  reply.status = static_cast<int>(number(recorded, "status"));
  for (const auto& [name, value] : *member(recorded, "headers").get_if<Value::Map>())
    reply.headers.add(name, text(value));
  reply.body = text_or_empty(recorded, "body_text");
  return reply;
}

http::Response recorded(std::string_view name) {
  static const Value file = read_vectors("recordings/s3_moto.json");
  for (const Value& entry : cases(file, "entries")) {
    if (text(entry, "name") == name) return response_of(entry);
  }
  FAIL("no recording " << std::string(name));
  return {};
}

}  // namespace

TEST_CASE("every recorded reply is judged: a success by its status, an error by its code") {
  const Value file = read_vectors("recordings/s3_moto.json");
  const std::map<std::string, ErrorCode> wanted = {{"NoSuchKey", ErrorCode::not_found},
                                                   {"NoSuchBucket", ErrorCode::not_found},
                                                   {"NoSuchUpload", ErrorCode::not_found},
                                                   {"PreconditionFailed", ErrorCode::precondition_failed},
                                                   {"InvalidPart", ErrorCode::corrupted},
                                                   {"EntityTooSmall", ErrorCode::invalid_argument},
                                                   {"BucketAlreadyOwnedByYou", ErrorCode::already_exists}};
  std::map<std::string, int> seen;
  for (const Value& entry : cases(file, "entries")) {
    CAPTURE(text(entry, "name"));
    const http::Response reply = response_of(entry);
    const auto judged = s3::judge(reply, "");
    if (reply.status < 300) {
      CHECK(judged.verdict == http::Verdict::done);
      continue;
    }
    CHECK(judged.verdict != http::Verdict::done);
    REQUIRE(judged.error);
    CHECK(judged.error->http_status() == reply.status);
    const auto expected = wanted.find(judged.error->service_code());
    if (expected == wanted.end()) continue;
    CHECK(judged.error->code() == expected->second);
    ++seen[expected->first];
  }
  CHECK(seen.size() >= 6);
}

TEST_CASE("the recorded lists, parts, uploads and results are read") {
  const auto page = s3::read_list(recorded("list-v2-page").body);
  REQUIRE_MESSAGE(page, page.error().to_string());
  CHECK(page->truncated);
  CHECK_FALSE(page->next_token.empty());
  const auto last = s3::read_list(recorded("list-v2-page-2").body);
  REQUIRE(last);
  CHECK(page->objects.size() + page->prefixes.size() + last->objects.size() + last->prefixes.size() > 2);
  const auto parts = s3::read_parts(recorded("mp-list-parts").body);
  REQUIRE_MESSAGE(parts, parts.error().to_string());
  CHECK(parts->parts.size() == 2);
  CHECK(s3::read_parts(recorded("mp-list-parts-page").body)->truncated);
  CHECK(s3::read_uploads(recorded("mp-list-uploads").body)->uploads.size() >= 1);
  CHECK_FALSE(s3::read_upload_id(recorded("mp-create").body)->empty());
  CHECK(s3::read_write_result(recorded("mp-complete").body, "CompleteMultipartUploadResult")->etag.find('-') !=
        std::string::npos);
  CHECK_FALSE(s3::read_write_result(recorded("copy").body, "CopyObjectResult")->etag.empty());
  CHECK(s3::read_remove_result(recorded("delete-objects").body));
  CHECK(s3::read_tags(recorded("get-tagging").body));
}

TEST_CASE("hostile XML is an error and nothing worse") {
  const std::string entity = "<!DOCTYPE r [<!ENTITY a \"b\">]><ListBucketResult>&a;</ListBucketResult>";
  CHECK(s3::read_list(entity).error().code() == ErrorCode::corrupted);
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  CHECK_FALSE(s3::read_list(deep));
  for (int i = 0; i < 200'000; ++i) deep += "</a>";
  CHECK_FALSE(s3::read_list(deep));
  CHECK_FALSE(s3::read_list(std::string(s3::largest_xml + 1, ' ')));
  CHECK_FALSE(s3::read_list(""));
  CHECK_FALSE(s3::read_list("<ListBucketResult>"));
  CHECK_FALSE(s3::read_list("<Other/>"));
  const std::string truncated = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>";
  CHECK_FALSE(s3::read_list(truncated));
  const std::string bad_size = "<ListBucketResult><Contents><Key>k</Key><Size>-1</Size></Contents></ListBucketResult>";
  CHECK_FALSE(s3::read_list(bad_size));
  const std::string bad_name =
      "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key><Size>1</Size>"
      "</Contents></ListBucketResult>";
  CHECK_FALSE(s3::read_list(bad_name));
  const std::string encoded =
      "<x:ListBucketResult xmlns:x=\"u\"><x:EncodingType>url</x:EncodingType><x:Contents><x:Key>a+"
      "b%2Bc%0A</x:Key><x:Size>1</x:Size><x:New/></x:Contents></x:ListBucketResult>";
  const auto read = s3::read_list(encoded);
  REQUIRE_MESSAGE(read, read.error().to_string());
  CHECK(read->objects.at(0).key == "a b+c\n");
}

TEST_CASE("parts that a list tells of are numbered from 1 to 10,000") {
  const auto parts = [](const std::string& number) {
    return s3::read_parts("<ListPartsResult><Part><PartNumber>" + number +
                          "</PartNumber><ETag>e</ETag><Size>1</Size></Part></ListPartsResult>");
  };
  REQUIRE(parts("1"));
  CHECK(parts("1")->parts.at(0).number == 1);
  CHECK(parts("10000")->parts.at(0).number == 10'000);
  for (const char* number : {"0", "-1", "10001", ""}) {
    CAPTURE(number);
    REQUIRE_FALSE(parts(number));
    CHECK(parts(number).error().code() == ErrorCode::corrupted);
  }
}

TEST_CASE("an upload without an id is not believed, neither when it begins nor in a list") {
  const auto uploads = [](const std::string& id) {
    return s3::read_uploads("<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>" + id +
                            "</UploadId></Upload></ListMultipartUploadsResult>");
  };
  CHECK(uploads("u")->uploads.at(0).upload_id == "u");
  REQUIRE_FALSE(uploads(""));
  CHECK(uploads("").error().code() == ErrorCode::corrupted);
  const std::string begun = "<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>";
  CHECK_FALSE(s3::read_upload_id(begun));
}

TEST_CASE("an error says its code and message, and nothing else of what the server repeats") {
  const auto error = s3::judge(
      [] {
        http::Response reply;
        reply.status = 403;
        reply.body =
            "<Error><Code>SignatureDoesNotMatch</Code><Message>no match</Message><AWSAccessKeyId>AKSECRET"
            "</AWSAccessKeyId><StringToSign>CANARY</StringToSign><RequestId>R</RequestId></Error>";
        return Result<http::Response>(reply);
      }(),
      "");
  REQUIRE(error.error);
  CHECK(error.error->to_string().find("CANARY") == std::string::npos);
  CHECK(error.error->to_string().find("AKSECRET") == std::string::npos);
  CHECK(error.error->service_code() == "SignatureDoesNotMatch");
}

TEST_CASE("what is sent is XML whatever the names hold") {
  CHECK(s3::write_complete({{.number = 1, .size = 1, .etag = "a\"<"}}).find("&lt;") != std::string::npos);
  CHECK(s3::write_remove({"a&b<c>"}).find("<Key>a&amp;b&lt;c&gt;</Key>") != std::string::npos);
  CHECK(s3::read_tags(s3::write_tags({{"a<", "b&"}})).value() == std::map<std::string, std::string>{{"a<", "b&"}});
}
