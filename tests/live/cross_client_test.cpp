#include <algorithm>
#include <filesystem>

#include <docupilot/upload/uploader.h>

#include "live/s3_live.h"
#include "support/object_calls.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

// One half of a test of tests/live/cross_client.py, which says where the bucket is: what the command has no words for.
TEST_CASE("metadata goes to and comes from the other client") {
  S3Options options = options_for(environment("DOCUPILOT_TEST_SHARED"), "");
  if (options.endpoint.empty()) return;
  options.transport = http::make_transport({.tls = {.ca_file = environment("AWS_CA_BUNDLE")}});
  options.bucket = environment("DOCUPILOT_TEST_SHARED_BUCKET");
  const auto store = opened(options);
  const auto theirs = store->head("theirs");
  REQUIRE_MESSAGE(theirs, theirs.error().to_string());
  CHECK(theirs->content_type == "text/x-theirs; charset=utf-8");
  CHECK(theirs->attributes ==
        std::map<std::string, std::string>{{"plain", "value"}, {"spaced", "two words"}, {"with-dash", "1"}});
  REQUIRE(put_text(*store, "ours", "ours",
                   {.content_type = "text/x-ours; charset=utf-8",
                    .attributes = {{"plain", "value"}, {"Upper", "two  words"}, {"name", "J\u00f6rg"}}}));
  CHECK(store->head("ours")->attributes.at("name") == "J\u00f6rg");
}

// One half of a test of tests/live/transfer_sizes.py.
TEST_CASE("many files go up side by side") {
  S3Options options = options_for(environment("DOCUPILOT_TEST_SHARED"), "");
  if (options.endpoint.empty()) return;
  options.transport = http::make_transport({.tls = {.ca_file = environment("AWS_CA_BUNDLE")}});
  options.bucket = environment("DOCUPILOT_TEST_SHARED_BUCKET");
  auto uploader = make_uploader(opened(options));
  REQUIRE(uploader);
  std::vector<UploadItem> items;
  for (const auto& entry : std::filesystem::directory_iterator(environment("DOCUPILOT_TEST_SHARED_FOLDER"))) {
    items.push_back({.path = entry.path(), .key = entry.path().filename()});
  }
  REQUIRE(items.size() > 100);
  std::vector<int> told(items.size());
  const std::size_t failed =
      (*uploader)->upload_many(std::move(items), [&](std::size_t index, const Result<UploadResult>& result) {
        CHECK_MESSAGE(result, result.error().to_string());
        ++told[index];
      });
  CHECK(failed == 0);
  CHECK(std::ranges::all_of(told, [](int times) { return times == 1; }));
}
