#include <docupilot/upload/downloader.h>

#include <csignal>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <doctest/doctest.h>

#include "support/child_process.h"
#include "unit/upload/download_support.h"

using namespace docupilot;
using namespace docupilot_test;

namespace {

/// Mounts a small file system that only this process sees.
bool mount_small(const std::string& at, const char* options) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
}

void check(ChildProcess& child, const std::string& name) {
  const std::string outcome = child.finish();
  if (outcome == "SKIPPED") MESSAGE("SKIPPED: ", name, " (a small file system cannot be mounted here)");
  else CHECK(outcome == "good");
}

}  // namespace

TEST_CASE("F35: a disk without room is told of before a byte comes, and the target stays as it was") {
  const TempDir dir;
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    const std::string at = dir.path().string();
    if (!mount_small(at, "size=1m,nr_inodes=64")) return tell("SKIPPED");
    const std::string target = dir.write("file", "old");
    const auto store = std::make_shared<ScriptedStore>();
    const auto downloader = downloader_for(store);
    if (!put_text(*store, "k", pattern(3'000'000))) return tell("cannot put");
    for (int round = 0; round < 3; ++round) {
      const auto got = downloader->to_file("k", target);
      if (got || got.error().code() != ErrorCode::exhausted) return tell("not exhausted");
      if (got.error().hint().empty()) return tell("no hint");
      if (!store->take_offsets().empty()) return tell("bytes were asked for");
      if (names_in(at) != Names{"file"} || file_text(target) != "old") return tell("something is left");
    }
    if (!put_text(*store, "k", pattern(700'000))) return tell("cannot put");
    if (!downloader->to_file("k", target)) return tell("what fits is refused");
    if (file_text(target) != pattern(700'000)) return tell("wrong bytes");
    tell("good");
  });
  check(child, "full disk");
}

TEST_CASE("F35: a folder that may not be written to is permission_denied, before a byte comes") {
  const TempDir dir;
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    const std::string at = dir.path().string();
    if (!mount_small(at, "size=1m")) return tell("SKIPPED");
    const auto store = std::make_shared<ScriptedStore>();
    if (!put_text(*store, "k", pattern(3'000))) return tell("cannot put");
    if (::mount(nullptr, at.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return tell("SKIPPED");
    const auto downloader = downloader_for(store);
    for (const auto& got : {downloader->to_file("k", dir / "file"), downloader->into_folder("k", at)}) {
      if (got || got.error().code() != ErrorCode::permission_denied) return tell("not denied");
    }
    if (!store->take_offsets().empty()) return tell("bytes were asked for");
    tell("good");
  });
  check(child, "read-only disk");
}

TEST_CASE("F35: a download past the process's file size limit is too_large, and nothing of it is left") {
  const TempDir dir;
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    const std::string target = dir.write("file", "old");
    const auto store = std::make_shared<ScriptedStore>();
    if (!put_text(*store, "k", pattern(400'000))) return tell("cannot put");
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 300'000, .rlim_max = 300'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return tell("cannot set the limit");
    const auto got = downloader_for(store)->to_file("k", target);
    if (got || got.error().code() != ErrorCode::too_large) return tell("not too large");
    if (names_in(dir.path()) != Names{"file"} || file_text(target) != "old") return tell("something is left");
    if (!put_text(*store, "k", pattern(300'000))) return tell("cannot put");
    if (!downloader_for(store)->to_file("k", target)) return tell("what fits is refused");
    tell("good");
  });
  CHECK(child.finish() == "good");
}

TEST_CASE("a store that tells an impossible size costs neither disk nor memory") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "k", "text"));
  for (const std::uint64_t size : {std::uint64_t{UINT64_MAX}, std::uint64_t{INT64_MAX}}) {
    store->on_info = [size](ObjectInfo& info) { info.size = size; };
    const auto got = downloader_for(store)->to_file("k", dir / "file");
    CHECK((code_of(got) == "too_large" || code_of(got) == "exhausted"));
    CHECK(names_in(dir.path()).empty());
  }
}
