#include <doctest/doctest.h>
#include <docupilot/store/local_store.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "support/object_calls.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;

// This program's own versions of the calls that decide what survives a loss of power: they write down the order in
// which they come and can fail, and then do what the C library's do.
namespace {

struct Recorder {
  std::vector<std::string> calls = {};
  std::string fails = {};  // the call to fail with EIO

  Recorder() { current = this; }
  ~Recorder() { current = nullptr; }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  static bool passes(const std::string& call) {
    Recorder* const recorder = current;
    if (recorder == nullptr) return true;
    recorder->calls.push_back(call);
    if (call != recorder->fails) return true;
    errno = EIO;
    return false;
  }
  static std::atomic<Recorder*> current;

  [[nodiscard]] auto count(const std::string& call) const { return std::count(calls.begin(), calls.end(), call); }
};
std::atomic<Recorder*> Recorder::current = nullptr;

}  // namespace

extern "C" int fsync(int fd) {
  struct stat status = {};
  const bool is_folder = ::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
  return Recorder::passes(is_folder ? "sync folder" : "sync file") ? static_cast<int>(::syscall(SYS_fsync, fd)) : -1;
}
extern "C" int syncfs(int fd) noexcept {
  return Recorder::passes("sync all") ? static_cast<int>(::syscall(SYS_syncfs, fd)) : -1;
}
extern "C" int renameat(int from, const char* name, int to, const char* target) noexcept {
  return Recorder::passes("rename") ? static_cast<int>(::syscall(SYS_renameat2, from, name, to, target, 0)) : -1;
}

namespace {

using Calls = std::vector<std::string>;
const PutOptions later = {.durability = Durability::on_flush};

struct Library {
  TempDir dir;
  std::unique_ptr<ObjectStore> store = open_local_store({.root = dir / "s"}).value();

  Library() { REQUIRE(put_text(*store, "folder/first", "old")); }
};

}  // namespace

TEST_CASE("a put synchronises the object, then gives it its name, then synchronises the folder") {
  const Library library;
  Recorder recorder;
  REQUIRE(put_text(*library.store, "folder/k", "v"));
  REQUIRE(recorder.calls.size() >= 3);
  CHECK(recorder.calls[0] == "sync file");
  CHECK(recorder.calls[1] == "rename");
  CHECK(recorder.calls[2] == "sync folder");
  CHECK(recorder.count("sync all") == 0);
}

TEST_CASE("a put into new folders synchronises those above them too") {
  const Library library;
  Recorder recorder;
  REQUIRE(put_text(*library.store, "folder/new/k", "v"));
  CHECK(recorder.count("sync folder") >= 2);
  recorder.calls.clear();
  REQUIRE(put_text(*library.store, "a/b/c/d/e/f/k", "v"));
  CHECK(recorder.calls == Calls{"sync file", "rename", "sync all"});
}

TEST_CASE("a put on_flush synchronises nothing, and the flush all of them at once when they are many") {
  const Library library;
  Recorder recorder;
  for (const int count : {4, 5, 300}) {
    CAPTURE(count);
    for (int i = 0; i < count; ++i) REQUIRE(put_text(*library.store, "folder/" + std::to_string(i), "v", later));
    CHECK(recorder.calls.empty());
    REQUIRE(library.store->flush());
    CHECK(recorder.count("rename") == count);
    CHECK(recorder.count("sync file") == (count <= 4 ? count : 0));
    CHECK(recorder.count("sync all") == (count <= 4 ? 0 : 1));
    const auto first_rename = std::find(recorder.calls.begin(), recorder.calls.end(), "rename");
    CHECK(std::find(first_rename, recorder.calls.end(), "sync file") == recorder.calls.end());
    CHECK(std::find(first_rename, recorder.calls.end(), "sync all") == recorder.calls.end());
    CHECK(recorder.calls.back() == "sync folder");
    recorder.calls.clear();
  }
  REQUIRE(library.store->flush());
  CHECK(recorder.calls.empty());
}

TEST_CASE("a removal is durable when it returns") {
  const Library library;
  Recorder recorder;
  REQUIRE(library.store->remove("folder/first"));
  CHECK(recorder.calls == Calls{"sync folder"});
}

TEST_CASE("an object that cannot be synchronised or named is not there, and the old one stays") {
  const Library library;
  for (const char* call : {"sync file", "rename"}) {
    CAPTURE(call);
    Recorder recorder;
    recorder.fails = call;
    const auto failed = put_text(*library.store, "folder/first", "new");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == ErrorCode::internal);
    CHECK_FALSE(failed.error().hint().empty());
    CHECK(text_of(*library.store, "folder/first") == "old");
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(library.dir / "s/tmp")) {
    CHECK(entry.is_directory());
  }
}

TEST_CASE("when the folder cannot be synchronised, the outcome is said to be unknown") {
  const Library library;
  Recorder recorder;
  recorder.fails = "sync folder";
  const auto failed = put_text(*library.store, "folder/k", "v");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == ErrorCode::outcome_unknown);
  REQUIRE(failed.error().cause() != nullptr);
  CHECK(failed.error().cause()->code() == ErrorCode::internal);
}

TEST_CASE("a flush that cannot synchronise shows none of its objects, and they can be put again") {
  const Library library;
  for (int i = 0; i < 10; ++i) REQUIRE(put_text(*library.store, "folder/" + std::to_string(i), "v", later));
  {
    Recorder recorder;
    recorder.fails = "sync all";
    CHECK_FALSE(library.store->flush());
    CHECK(recorder.count("rename") == 0);
  }
  REQUIRE(library.store->flush());
  CHECK(text_of(*library.store, "folder/0") == "[not_found]");
  CHECK(library.store->sweep_temporary(Duration(0), true).value().empty());
  REQUIRE(put_text(*library.store, "folder/0", "again", later));
  REQUIRE(library.store->flush());
  CHECK(text_of(*library.store, "folder/0") == "again");
}
