#include <doctest/doctest.h>
#include <docupilot/store/local_store.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <vector>

#include "support/child_process.h"
#include "support/object_calls.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<ObjectStore> open_store(const std::string& root) { return open_local_store({.root = root}).value(); }

std::size_t temporary_files(const std::string& root) {
  std::size_t count = 0;
  if (!fs::exists(root + "/tmp")) return 0;
  for (const auto& entry : fs::recursive_directory_iterator(root + "/tmp")) count += entry.is_directory() ? 0 : 1;
  return count;
}

/// What a failing put has to leave: the error with its hint, the old object, and no temporary file.
std::string check_failed_put(ObjectStore& store, const std::string& root, ErrorCode code) {
  const auto failed = put_text(store, "k", pattern(3'000'000));
  if (failed) return "the put went well";
  if (failed.error().code() != code) return failed.error().to_string();
  if (failed.error().hint().empty()) return "no hint";
  if (text_of(store, "k") != "old") return "the old object is gone";
  if (temporary_files(root) != 0) return "a temporary file is left";
  if (!put_text(store, "small", "fits")) return "a small object no longer fits";
  return "good";
}

/// Mounts a small file system that only this process sees.
bool mount_small(const std::string& at, const char* options) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
}

}  // namespace

TEST_CASE("of four processes that put the same keys if_absent, exactly one wins each key") {
  const TempDir dir;
  const std::string root = dir / "s";
  constexpr int keys = 40;
  std::string wins;
  {
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (char name : {'a', 'b', 'c', 'd'}) {
      children.push_back(std::make_unique<ChildProcess>([&, name](const ChildProcess::Tell& tell) {
        const auto store = open_store(root);
        for (int i = 0; i < keys; ++i) {
          const auto won = put_text(*store, "race/" + std::to_string(i), std::string(1, name), {.if_absent = true});
          if (!won && won.error().code() != ErrorCode::already_exists) tell("!");
          if (won) tell(std::string(1, name));
        }
      }));
    }
    for (const auto& child : children) wins += child->finish();
  }
  CHECK(wins.size() == keys);
  CHECK(wins.find('!') == std::string::npos);
  const auto store = open_store(root);
  std::string kept;
  for (int i = 0; i < keys; ++i) kept += text_of(*store, "race/" + std::to_string(i));
  std::sort(wins.begin(), wins.end());
  std::sort(kept.begin(), kept.end());
  CHECK(kept == wins);
}

TEST_CASE("processes that count with if_match lose no step") {
  const TempDir dir;
  const std::string root = dir / "s";
  REQUIRE(put_text(*open_store(root), "count", "0"));
  const auto count = [&](const ChildProcess::Tell& tell) {
    const auto store = open_store(root);
    for (int done = 0; done < 15;) {
      MemoryWriter into;
      const auto got = store->get("count", into);
      if (!got) return tell(got.error().to_string());
      const auto next = std::to_string(std::stoi(into.text()) + 1);
      const auto stored = put_text(*store, "count", next, {.if_match = got->etag});
      if (stored) ++done;
      else if (stored.error().code() != ErrorCode::precondition_failed) return tell(stored.error().to_string());
    }
  };
  ChildProcess one(count);
  ChildProcess two(count);
  CHECK(one.finish().empty());
  CHECK(two.finish().empty());
  CHECK(text_of(*open_store(root), "count") == "30");
}

TEST_CASE("a process killed in the middle of a put leaves the old object, and its file is swept once it is dead") {
  const TempDir dir;
  const std::string root = dir / "s";
  const auto store = open_store(root);
  REQUIRE(put_text(*store, "k", "old"));
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    const auto own = open_store(root);
    if (!put_text(*own, "waits", "for a flush", {.durability = Durability::on_flush})) return;
    ScriptedReader body(pattern(1'000'000));
    body.on_read = [&](std::size_t so_far) {
      if (so_far < 600'000) return;
      tell("x");
      for (;;) ::pause();
    };
    static_cast<void>(own->put("k", body));
  });
  REQUIRE(child.read(1) == "x");
  CHECK(temporary_files(root) == 2);
  CHECK(store->sweep_temporary(Duration(0), false).value().empty());  // it lives
  CHECK(temporary_files(root) == 2);
  child.kill();

  CHECK(text_of(*store, "k") == "old");
  CHECK(text_of(*store, "waits") == "[not_found]");
  CHECK(store->sweep_temporary(1h, false).value().empty());  // too young
  const auto told = store->sweep_temporary(Duration(0), true).value();
  REQUIRE(told.size() == 2);
  for (const auto& name : told) CHECK(fs::exists(root + "/" + name));
  CHECK(store->sweep_temporary(Duration(0), false).value() == told);
  CHECK(temporary_files(root) == 0);
  CHECK(store->sweep_temporary(Duration(0), false).value().empty());
}

TEST_CASE("a process killed at any point of its puts leaves every object absent or whole") {
  const TempDir dir;
  const std::string root = dir / "s";
  for (unsigned round = 0; round < 12; ++round) {
    CAPTURE(round);
    ChildProcess child([&](const ChildProcess::Tell& tell) {
      const auto own = open_store(root);
      for (unsigned i = 0;; ++i) {
        ScriptedReader body(pattern(300'000, i % 5));
        body.piece = 100'000;
        body.on_read = [&](std::size_t) { tell("x"); };
        const PutOptions options = {.content_type = "n/" + std::to_string(i % 5),
                                    .durability = i % 2 == 0 ? Durability::now : Durability::on_flush};
        static_cast<void>(own->put("folder/" + std::to_string(i % 5), body, options));
        tell("y");
        if (i % 4 == 3) static_cast<void>(own->flush());
        if (i % 7 == 6) static_cast<void>(own->remove("folder/" + std::to_string(i % 5)));
      }
    });
    const std::size_t points = 5 + round * 7;
    REQUIRE(child.read(points).size() == points);
    child.kill();
    const auto store = open_store(root);
    const auto page = store->list();
    REQUIRE(page);
    for (const auto& object : page->objects) {
      const unsigned seed = static_cast<unsigned>(object.key.back() - '0');
      CHECK((text_of(*store, object.key) == pattern(300'000, seed)));
      CHECK(store->head(object.key)->content_type == "n/" + std::to_string(seed));
    }
    REQUIRE(store->sweep_temporary(Duration(0), false));
    CHECK(temporary_files(root) == 0);
  }
}

TEST_CASE("a folder swapped with a symbolic link, again and again, leads no call out of the store") {
  const TempDir dir;
  const std::string root = dir / "s";
  const auto store = open_store(root);
  REQUIRE(put_text(*store, "a/b/k", "inside"));
  dir.write("outside/b.d/k", "outside");
  fs::create_directory_symlink(dir / "outside", root + "/objects/swap");
  const std::string real = root + "/objects/a.d";
  const std::string link = root + "/objects/swap";
  int wrong = 0;
  {
    const std::jthread attacker([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        ::renameat2(AT_FDCWD, real.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
      }
    });
    for (int i = 0; i < 300; ++i) {
      const std::string text = text_of(*store, "a/b/k");
      wrong += text == "outside";
      static_cast<void>(put_text(*store, "a/b/" + std::to_string(i % 7), "new", {.durability = Durability::on_flush}));
      if (i % 50 == 49) static_cast<void>(store->flush());
      static_cast<void>(store->remove("a/b/" + std::to_string(i % 5)));
      if (const auto page = store->list(); page) {
        for (const auto& object : page->objects) wrong += object.size == 7;  // "outside"
      }
    }
  }
  CHECK(wrong == 0);
  std::size_t outside = 0;
  for (const auto& entry : fs::recursive_directory_iterator(dir / "outside")) outside += entry.is_directory() ? 0 : 1;
  CHECK(outside == 1);
  CHECK(fs::file_size(dir / "outside/b.d/k") == 7);
}

TEST_CASE("a full disk ends a put with exhausted and leaves the old object and no temporary file") {
  const TempDir dir;
  const std::string root = dir / "s";
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    fs::create_directory(root);
    if (!mount_small(root, "size=1m")) return tell("SKIPPED");
    const auto store = open_store(root);
    if (!put_text(*store, "k", "old")) return tell("cannot put");
    tell(check_failed_put(*store, root, ErrorCode::exhausted));
  });
  const std::string outcome = child.finish();
  if (outcome == "SKIPPED") MESSAGE("SKIPPED: full disk (a small file system cannot be mounted here)");
  else CHECK(outcome == "good");
}

TEST_CASE("a disk without free inodes or mounted read-only is reported as what it is") {
  const TempDir dir;
  const std::string root = dir / "s";
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    fs::create_directory(root);
    if (!mount_small(root, "size=1m,nr_inodes=20")) return tell("SKIPPED");
    const auto store = open_store(root);
    if (!put_text(*store, "k", "old")) return tell("cannot put");
    for (int i = 0; i < 30; ++i) {
      const auto stored = put_text(*store, "n" + std::to_string(i), "");
      if (!stored && stored.error().code() != ErrorCode::exhausted) return tell(stored.error().to_string());
      if (i == 29 && stored) return tell("there were inodes enough");
    }
    if (temporary_files(root) != 0) return tell("a temporary file is left");
    if (::mount(nullptr, root.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return tell("SKIPPED");
    if (text_of(*store, "k") != "old") return tell("cannot read");
    const auto denied = put_text(*store, "k", "new");
    if (denied || denied.error().code() != ErrorCode::permission_denied) return tell("a write was not denied");
    if (text_of(*open_store(root), "k") != "old") return tell("cannot open what is mounted read-only");
    tell("good");
  });
  const std::string outcome = child.finish();
  if (outcome == "SKIPPED") MESSAGE("SKIPPED: read-only disk (a small file system cannot be mounted here)");
  else CHECK(outcome == "good");
}

TEST_CASE("a put past the process's file size limit is too_large and leaves the old object and no temporary file") {
  const TempDir dir;
  const std::string root = dir / "s";
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    const auto store = open_store(root);
    if (!put_text(*store, "k", "old")) return tell("cannot put");
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 2'000'000, .rlim_max = 2'000'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return tell("cannot set the limit");
    if (!put_text(*store, "fits", pattern(2'000'000))) return tell("what fits is refused");
    tell(check_failed_put(*store, root, ErrorCode::too_large));
  });
  CHECK(child.finish() == "good");
}

TEST_CASE("few free descriptors are enough for deep folders, and none at all is exhausted") {
  const TempDir dir;
  const std::string root = dir / "s";
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    const auto store = open_store(root);
    std::string deep;
    for (int i = 0; i < 200; ++i) deep += "d/";
    if (!put_text(*store, deep + "k", "v")) return tell("cannot put");
    rlimit limit = {.rlim_cur = 40, .rlim_max = 40};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return tell("cannot set the limit");
    const auto page = store->list();
    if (!page) return tell(page.error().to_string());
    if (page->objects.size() != 1) return tell("the object is not listed");
    if (const auto removed = store->remove(deep + "k"); !removed) return tell(removed.error().to_string());
    limit.rlim_cur = 0;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return tell("cannot set the limit");
    const auto stored = put_text(*store, "k", "v");
    if (stored || stored.error().code() != ErrorCode::exhausted) return tell("no error");
    tell("good");
  });
  CHECK(child.finish() == "good");
}
