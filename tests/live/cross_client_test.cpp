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
