#include <docupilot/base/document.h>

#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace docupilot;

TEST_CASE("ids have 1 to 128 safe characters, the first a letter or digit") {
  for (const std::string& id :
       {std::string("a"), std::string("Z"), std::string("0"), std::string("a_-9"), std::string(128, 'x')}) {
    CHECK(check_document_id(id).has_value());
  }
  for (int c = 0; c < 256; ++c) {
    const std::string id = {'a', static_cast<char>(c)};
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    CHECK(check_document_id(id).has_value() == (alphanumeric || c == '_' || c == '-'));
    CHECK(check_document_id(id.substr(1)).has_value() == alphanumeric);
  }
  for (const std::string& id : {std::string(), std::string(129, 'x'), std::string(1'000'000, 'x')}) {
    const auto checked = check_document_id(id);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code() == ErrorCode::invalid_argument);
    CHECK(checked.error().to_string().size() < 400);
  }
}

TEST_CASE("stages and their states have names") {
  std::set<std::string_view> names;
  for (int i = 0; i < stage_count; ++i) names.insert(to_string(static_cast<Stage>(i)));
  CHECK(names == std::set<std::string_view>{"store", "extract", "metadata", "index", "summary"});
  CHECK(to_string(StageState::pending) == "pending");
  CHECK(to_string(StageState::done) == "done");
  CHECK(to_string(StageState::skipped) == "skipped");
  CHECK(to_string(StageState::failed) == "failed");
}

TEST_CASE("a document is written as one line of JSON, members in order") {
  Document d;
  d.id = "d1";
  d.title = "A \"title\"";
  d.name = "a/b.txt";
  d.object = {"file", "d1/content", "v2", "etag"};
  d.size = UINT64_MAX;
  d.content_type = "text/plain";
  d.checksums = {"aa", "bb", "cc", "dd"};
  d.created = {1'000'000};
  d.updated = {2'000'001};
  d.tags = {"x", "y"};
  d.attributes = {{"n", 1}, {"r", 1.0}, {"when", Timestamp{0}}};
  d.summary = "Short.\n";
  d.stage(Stage::extract) = {StageState::failed, "no text"};
  d.stage(Stage::store).state = StageState::done;
  d.revision = "r1";
  CHECK(
      to_json(d) ==
      R"({"id":"d1","title":"A \"title\"","name":"a/b.txt",)"
      R"("object":{"store":"file","key":"d1/content","version":"v2","etag":"etag"},)"
      R"("size":18446744073709551615,"content_type":"text/plain",)"
      R"("sha256":"aa","crc32c":"bb","crc64nvme":"cc","md5":"dd",)"
      R"("created":"1970-01-01T00:00:01Z","updated":"1970-01-01T00:00:02.000001Z","tags":["x","y"],)"
      R"("attributes":{"n":1,"r":1.0,"when":"1970-01-01T00:00:00Z"},"summary":"Short.\n",)"
      R"("stages":{"store":{"state":"done"},"extract":{"state":"failed","error":"no text"},)"
      R"("metadata":{"state":"pending"},"index":{"state":"pending"},"summary":{"state":"pending"}},"revision":"r1"})");
}

TEST_CASE("what is not known is left out or empty") {
  CHECK(to_json(Document()) ==
        R"({"id":"","title":"","name":"","object":{"store":"","key":""},"size":0,"content_type":"",)"
        R"("created":"1970-01-01T00:00:00Z","updated":"1970-01-01T00:00:00Z","tags":[],"attributes":{},"summary":"",)"
        R"("stages":{"store":{"state":"pending"},"extract":{"state":"pending"},"metadata":{"state":"pending"},)"
        R"("index":{"state":"pending"},"summary":{"state":"pending"}},"revision":""})");
}
