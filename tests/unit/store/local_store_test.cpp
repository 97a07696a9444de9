#include <doctest/doctest.h>
#include <docupilot/store/local_store.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "support/object_calls.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<ObjectStore> open_store(const std::string& root, bool read_only = false) {
  return open_local_store({.root = root, .read_only = read_only}).value();
}

/// Every file below a folder, by its path from there.
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) files.push_back(fs::relative(entry.path(), folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("opening makes the folder and those above it, but nothing in it") {
  const TempDir dir;
  const auto store = open_store(dir / "a/b/library");
  CHECK(fs::is_directory(dir / "a/b/library"));
  CHECK(fs::is_empty(dir / "a/b/library"));
  CHECK(store->list().value().objects.empty());
  CHECK(text_of(*store, "k") == "[not_found]");
  CHECK(store->remove("k"));
  CHECK(files_below(dir / "a/b/library").size() <= 1);  // a lock
  struct stat status = {};
  REQUIRE(::stat((dir / "a/b/library").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("a folder may be named with a slash at its end, relatively, or through a symbolic link") {
  const TempDir dir;
  fs::create_directory(dir / "real");
  fs::create_directory_symlink(dir / "real", dir / "link");
  CHECK(put_text(*open_store(dir / "link"), "k", "v"));
  CHECK(text_of(*open_store(dir / "real/"), "k") == "v");
  CHECK(open_local_store({.root = dir / "new/"}));
  CHECK(fs::is_directory(dir / "new"));
}

TEST_CASE("opening something else than a folder is refused with a hint") {
  const TempDir dir;
  const std::string file = dir.write("file", "x");
  for (const std::string& root : {file, file + "/below", std::string(), std::string("a\0b", 3)}) {
    const auto opened = open_local_store({.root = root});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == ErrorCode::invalid_argument);
    CHECK(opened.error().backend() == "file");
    CHECK_FALSE(opened.error().hint().empty());
  }
  CHECK(open_local_store({.root = dir / "missing", .read_only = true}).error().code() == ErrorCode::not_found);
  CHECK_FALSE(fs::exists(dir / "missing"));
}

TEST_CASE("an object is one plain file at the path that the format says") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  REQUIRE(put_text(*store, "2024/May.pdf", "bytes", {.content_type = "application/pdf"}));
  CHECK(read_file(dir / "s/objects/2024.d/May.pdf") == "bytes");
  REQUIRE(store->begin_multipart("k"));
  for (const auto& file : files_below(dir / "s")) {
    CAPTURE(file);
    const std::string first = file.substr(0, file.find('/'));
    CHECK((first == "objects" || first == "locks" || first == "uploads" || first == "attributes"));
  }
}

TEST_CASE("removing the last object of a folder removes the folder, and no other") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  REQUIRE(put_text(*store, "a/b/c/1", "1"));
  REQUIRE(put_text(*store, "a/2", "2"));
  REQUIRE(store->remove("a/b/c/1"));
  CHECK_FALSE(fs::exists(dir / "s/objects/a.d/b.d"));
  CHECK(fs::exists(dir / "s/objects/a.d/2"));
  REQUIRE(store->remove("a/2"));
  CHECK(fs::is_empty(dir / "s/objects"));
}

TEST_CASE("files and folders that the store did not make are left alone and not listed") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  REQUIRE(put_text(*store, "a/known", "1"));
  dir.write("s/objects/.DS_Store", "x");
  dir.write("s/objects/plain-folder/file", "x");
  dir.write("s/objects/a.d/b.d.tmp.", "x");
  REQUIRE(::mkfifo((dir / "s/objects/pipe").c_str(), 0600) == 0);
  fs::create_symlink("/etc/passwd", dir / "s/objects/passwd");
  fs::create_directory_symlink("/etc", dir / "s/objects/etc.d");
  const auto page = store->list().value();
  REQUIRE(page.objects.size() == 1);
  CHECK(page.objects[0].key == "a/known");
  CHECK(text_of(*store, "pipe") == "[corrupted]");
  CHECK(fs::exists(dir / "s/objects/.DS_Store"));
}

TEST_CASE("a file put into the folder by hand is an object") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  dir.write("s/objects/in.d/hand.txt", "made by hand");
  CHECK(text_of(*store, "in/hand.txt") == "made by hand");
  CHECK(store->list().value().objects.at(0).key == "in/hand.txt");
}

TEST_CASE(
    "a symbolic link in the place of a folder or object is refused by every call, and nothing beyond it changes") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  REQUIRE(put_text(*store, "a/k", "inside"));
  const std::string outside = dir.write("outside/k", "outside");
  const auto refused = [&](const std::string& key) {
    CAPTURE(key);
    CHECK(text_of(*store, key) == "[corrupted]");
    CHECK(store->head(key).error().code() == ErrorCode::corrupted);
    CHECK(store->copy(key, "elsewhere").error().code() == ErrorCode::corrupted);
    CHECK(read_file(outside) == "outside");
  };
  SUBCASE("a folder") {
    fs::remove_all(dir / "s/objects/a.d");
    fs::create_directory_symlink(dir / "outside", dir / "s/objects/a.d");
    refused("a/k");
    CHECK(put_text(*store, "a/k", "new").error().code() == ErrorCode::corrupted);
    CHECK(put_text(*store, "a/fresh", "new").error().code() == ErrorCode::corrupted);
    CHECK(store->remove("a/k").error().code() == ErrorCode::corrupted);
    CHECK_FALSE(fs::exists(dir / "outside/fresh"));
  }
  SUBCASE("the tree itself") {
    fs::remove_all(dir / "s/objects");
    fs::create_directory_symlink(dir / "outside", dir / "s/objects");
    refused("k");
    CHECK(put_text(*store, "k", "new").error().code() == ErrorCode::corrupted);
    CHECK(store->list().error().code() == ErrorCode::corrupted);
  }
  SUBCASE("an object, which a put replaces and a remove removes") {
    fs::remove(dir / "s/objects/a.d/k");
    fs::create_symlink(outside, dir / "s/objects/a.d/k");
    refused("a/k");
    REQUIRE(put_text(*store, "a/k", "new"));
    CHECK(text_of(*store, "a/k") == "new");
    fs::remove(dir / "s/objects/a.d/k");
    fs::create_symlink(outside, dir / "s/objects/a.d/k");
    CHECK(store->remove("a/k"));
  }
  SUBCASE("the folder of temporary files, before the first write") {
    const auto other = open_store(dir / "t");
    fs::create_directory_symlink(dir / "outside", dir / "t/tmp");
    CHECK(put_text(*other, "k", "new").error().code() == ErrorCode::corrupted);
    CHECK(other->sweep_temporary(Duration(0), false).error().code() == ErrorCode::corrupted);
  }
  CHECK(read_file(outside) == "outside");
  CHECK(files_below(dir / "outside").size() == 1);
}

TEST_CASE("a store that was opened read-only reads, refuses every write and makes nothing") {
  const TempDir dir;
  REQUIRE(put_text(*open_store(dir / "s"), "k", "v"));
  const auto before = files_below(dir / "s");
  const auto store = open_store(dir / "s", true);
  CHECK(text_of(*store, "k") == "v");
  CHECK(store->list().value().objects.size() == 1);
  CHECK(store->list_multipart().value().empty());
  CHECK(store->flush());
  const auto denied = [](const auto& result) {
    return !result && result.error().code() == ErrorCode::permission_denied && !result.error().hint().empty();
  };
  MemoryReader body(as_bytes("x"));
  const MultipartUpload upload{.key = "k", .upload_id = std::string(32, 'a'), .started = {}};
  CHECK(denied(store->put("k", body)));
  CHECK(denied(store->remove("k")));
  CHECK(denied(store->remove("absent")));
  CHECK(denied(store->copy("k", "l")));
  CHECK(denied(store->begin_multipart("k")));
  CHECK(denied(store->put_part(upload, 1, body)));
  CHECK(denied(store->complete_multipart(upload, {{.number = 1, .size = 1, .etag = "x"}})));
  CHECK(denied(store->abort_multipart(upload)));
  CHECK(denied(store->sweep_temporary(Duration(0), false)));
  CHECK(store->sweep_temporary(Duration(0), true));
  CHECK(files_below(dir / "s") == before);
}

TEST_CASE("the etag stays when the folder is copied with its times, and changes with every put") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  std::vector<std::string> etags;
  for (int i = 0; i < 200; ++i) {
    etags.push_back(put_text(*store, "k", "same", {.durability = Durability::on_flush})->etag);
  }
  std::sort(etags.begin(), etags.end());
  CHECK(std::adjacent_find(etags.begin(), etags.end()) == etags.end());
  const auto last = put_text(*store, "k", "same").value();
  fs::create_directories(dir / "copy/objects");
  fs::copy_file(dir / "s/objects/k", dir / "copy/objects/k");
  fs::last_write_time(dir / "copy/objects/k", fs::last_write_time(dir / "s/objects/k"));
  CHECK(open_store(dir / "copy")->head("k")->etag == last.etag);
  dir.write("s/objects/k", "edit");
  CHECK(store->head("k")->etag != last.etag);
}

TEST_CASE("a failing put or part leaves no temporary file, and a closed store leaves no temporary folder") {
  const TempDir dir;
  {
    const auto store = open_store(dir / "s");
    ScriptedReader body(pattern(400'000));
    body.fails = Error(ErrorCode::unavailable, "the test's reader fails");
    CHECK_FALSE(store->put("k", body));
    CHECK_FALSE(put_text(*store, "k", "v", {.if_match = "other"}));
    const auto upload = store->begin_multipart("k").value();
    CHECK_FALSE(store->put_part(upload, 1, body));
    for (const auto& file : files_below(dir / "s")) CHECK_MESSAGE(!file.starts_with("tmp/"), file);
    REQUIRE(put_text(*store, "never-flushed", "v", {.durability = Durability::on_flush}));
    REQUIRE(put_text(*store, "replaced", "1", {.durability = Durability::on_flush}));
    REQUIRE(put_text(*store, "replaced", "2", {.durability = Durability::on_flush}));
    const auto files = files_below(dir / "s/tmp");
    CHECK(files.size() == 2);
  }
  CHECK(fs::is_empty(dir / "s/tmp"));
  CHECK(text_of(*open_store(dir / "s"), "never-flushed") == "[not_found]");
}

TEST_CASE("objects that wait for a flush appear with it, few or many, in one folder or in many") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  for (const int count : {1, 4, 5, 300}) {
    CAPTURE(count);
    const std::string folder = "n" + std::to_string(count) + "/";
    for (int i = 0; i < count; ++i) {
      const std::string key = folder + (i % 2 == 0 ? std::to_string(i % 10) + "/" : "") + std::to_string(i);
      REQUIRE(put_text(*store, key, key, {.content_type = "text/plain", .durability = Durability::on_flush}));
    }
    CHECK(store->list({.prefix = folder})->objects.empty());
    REQUIRE(store->flush());
    const auto page = store->list({.prefix = folder}).value();
    CHECK(page.objects.size() == static_cast<std::size_t>(count));
    for (const auto& object : page.objects) CHECK(text_of(*store, object.key) == object.key);
    CHECK(store->head(page.objects[0].key)->content_type == "text/plain");
  }
  CHECK(fs::is_empty(*fs::directory_iterator(dir / "s/tmp")));
}

TEST_CASE("a store goes on when its temporary folder is removed under it") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  REQUIRE(put_text(*store, "a", "1"));
  fs::remove_all(dir / "s/tmp");
  REQUIRE(put_text(*store, "b", "2"));
  CHECK(text_of(*store, "b") == "2");
  REQUIRE(put_text(*store, "c", "3", {.durability = Durability::on_flush}));
  fs::remove_all(dir / "s/tmp");
  CHECK_FALSE(store->flush());
  CHECK(text_of(*store, "c") == "[not_found]");
  REQUIRE(put_text(*store, "c", "4"));
}

TEST_CASE("damaged attributes and upload descriptions are reported, and can be replaced and aborted") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  const auto upload = store->begin_multipart("k").value();
  dir.write("s/uploads/" + upload.upload_id + "/upload", "{\"key\": 5}");
  CHECK(store->list_parts(upload).error().code() == ErrorCode::corrupted);
  const auto listed = store->list_multipart();
  REQUIRE_FALSE(listed);
  CHECK(listed.error().message().find(upload.upload_id) != std::string::npos);
  CHECK(store->abort_multipart(upload));
  CHECK(store->list_multipart().value().empty());

  REQUIRE(put_text(*store, "k", "v"));
  const std::string etag = store->head("k")->etag;
  dir.write("s/attributes/k.d/" + etag, "{\"attributes\": [1]}");
  CHECK(store->head("k").error().code() == ErrorCode::corrupted);
  REQUIRE(put_text(*store, "k", "w"));
  CHECK(text_of(*store, "k") == "w");
  CHECK_FALSE(fs::exists(dir / ("s/attributes/k.d/" + etag)));
}

TEST_CASE("attributes too large for the file system's own are kept beside the object and go with it") {
  const TempDir dir;
  const auto store = open_store(dir / "s");
  const std::map<std::string, std::string> large = {{"quotes", std::string(2000, '"')}};  // 4 KB as JSON: past ext4
  REQUIRE(put_text(*store, "a/k", "v", {.attributes = large}));
  CHECK(store->head("a/k")->attributes == large);
  REQUIRE(store->copy("a/k", "b"));
  CHECK(store->head("b")->attributes == large);
  REQUIRE(put_text(*store, "b", "w"));
  CHECK(store->head("b")->attributes.empty());
  REQUIRE(store->remove("a/k"));
  REQUIRE(store->remove("b"));
  if (fs::exists(dir / "s/attributes")) CHECK(files_below(dir / "s/attributes").empty());
}
