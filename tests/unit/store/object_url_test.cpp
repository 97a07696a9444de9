#include <doctest/doctest.h>
#include <docupilot/store/memory_store.h>
#include <docupilot/store/object_store.h>
#include <docupilot/store/object_url.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

TEST_CASE("an object's URL is a store and a key") {
  const ObjectUrl object = ObjectUrl::parse("s3://bucket/a%20b/%2523+c?region=eu-west-1&endpoint=http://h:1").value();
  CHECK(object.store == "s3://bucket?region=eu-west-1&endpoint=http://h:1");
  CHECK(object.key == "a b/%23+c");
  CHECK(ObjectUrl::parse("S3://bucket").value().key.empty());
  CHECK(ObjectUrl::parse("S3://bucket").value().store == "s3://bucket");
  CHECK(ObjectUrl::parse("s3://bucket/").value().key.empty());
  CHECK(ObjectUrl::parse("s3://bucket//a/../b//").value().key == "/a/../b//");
}

TEST_CASE("what is no object's URL is refused with a hint") {
  for (const char* text :
       {"", "report", "file:./x", "s3:bucket/key", "s3:///key", "s3://bucket/%zz", "s3://bucket/a#b"}) {
    CAPTURE(text);
    const auto object = ObjectUrl::parse(text);
    REQUIRE_FALSE(object.has_value());
    CHECK(object.error().code() == ErrorCode::invalid_argument);
  }
  CHECK(ObjectUrl::is_url("s3://b"));
  CHECK_FALSE(ObjectUrl::is_url("0123abcd"));
  CHECK_FALSE(ObjectUrl::is_url("://b"));
  CHECK_FALSE(ObjectUrl::is_url("a b://c"));
}

TEST_CASE("an object comes into a file whole or not at all") {
  const TempDir folder;
  const auto store = make_memory_store();
  MemoryReader body(as_bytes("bytes"));
  REQUIRE(store->put("a", body));
  CHECK(get_to_file(*store, "a", folder / "copy").value().size == 5);
  CHECK(std::filesystem::file_size(folder / "copy") == 5);
  CHECK(get_to_file(*store, "b", folder / "none").error().code() == ErrorCode::not_found);
  CHECK(get_to_file(*store, "b", folder / "copy").error().code() == ErrorCode::not_found);
  CHECK(std::filesystem::file_size(folder / "copy") == 5);
  CHECK(get_to_file(*store, "a", folder / ".").error().code() == ErrorCode::invalid_argument);
  CHECK(get_to_file(*store, "a", "").error().code() == ErrorCode::invalid_argument);
  CHECK(get_to_file(*store, "a", folder / "no/such/folder").error().code() == ErrorCode::not_found);
  CHECK(std::distance(std::filesystem::directory_iterator(folder / ""), {}) == 1);
}
