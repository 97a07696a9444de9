#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/child_process.h"
#include "unit/upload/download_support.h"

using namespace docupilot;
using namespace docupilot_test;
namespace fs = std::filesystem;

namespace {

/// Mounts a small file system that only this process sees.
bool mount_small(const std::string& at, const char* options) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
}

/// A download that cannot be written has to tell early what is wrong, and leave what was there and nothing else.
std::string check_refused(const Download& download, const std::string& code, const Names& names) {
  const auto got = download.run();
  if (code_of(got) != code) return "it ends with " + code_of(got);
  if (got.error().hint().empty()) return "no hint";
  if (!download.store->gets().empty()) return "bytes were fetched for which there is no room";
  if (download.names() != names) return "the folder has changed";
  if (!names.empty() && file_text(download.target) != "old") return "the target has changed";
  return "good";
}

void check_unless_skipped(ChildProcess& child, const std::string& what) {
  const std::string outcome = child.finish();
  if (outcome == "SKIPPED") MESSAGE("SKIPPED: " << what << " (a small file system cannot be mounted here)");
  else CHECK(outcome == "good");
}

}  // namespace

TEST_CASE("F35: a full disk is told before the first byte comes, and the target stays") {
  const Download download(3'000'000);
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    if (!mount_small(download.dir.path(), "size=1m")) return tell("SKIPPED");
    download.dir.write("target", "old");
    const std::string refused = check_refused(download, "exhausted", {"target"});
    if (refused != "good") return tell(refused);
    if (!put_text(*download.store, "k", "fits") || !download.run()) return tell("what fits is refused");
    tell(file_text(download.target) == "fits" ? "good" : "the target is wrong");
  });
  check_unless_skipped(child, "a full disk");
}

TEST_CASE("a disk that is full for a download that goes on keeps nothing and harms nothing") {
  const Download download(12 * small_range);
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    if (!mount_small(download.dir.path(), "size=1m")) return tell("SKIPPED");
    download.dir.write("target", "old");
    download.bring_only(4);
    // Somebody gives back the room that was set aside, and takes it.
    const std::string part = path_ending(download.dir.path(), ".part");
    if (::truncate(part.c_str(), 4 * small_range) != 0) return tell("cannot truncate");
    download.dir.write("large", std::string(600'000, 'x'));
    tell(check_refused(download, "exhausted", {"large", "target"}));
  });
  check_unless_skipped(child, "a disk that fills");
}

TEST_CASE("a file past the process's limit is too_large before the first byte comes") {
  const Download download(3'000'000);
  download.dir.write("target", "old");
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 1'000'000, .rlim_max = 1'000'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return tell("cannot set the limit");
    tell(check_refused(download, "too_large", {"target"}));
  });
  CHECK(child.finish() == "good");
}

TEST_CASE("a folder that may not be written is permission_denied, one that is not there not_found") {
  const Download download(3 * small_range);
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    if (!mount_small(download.dir.path(), "size=1m")) return tell("SKIPPED");
    download.dir.write("target", "old");
    if (::mount(nullptr, download.dir.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
      return tell("SKIPPED");
    }
    tell(check_refused(download, "permission_denied", {"target"}));
  });
  check_unless_skipped(child, "a folder that may not be written");
  CHECK(code_of(downloader_for(download.store)->to_file("k", download.dir / "no/such/folder")) == "not_found");
  for (const std::string& target : {download.dir.path().string(), download.dir / ".", std::string()}) {
    CHECK(code_of(downloader_for(download.store)->to_file("k", target)) == "invalid_argument");
  }
  CHECK(download.store->gets().empty());
  CHECK(download.names().empty());
}

TEST_CASE("few free descriptors are exhausted, and nothing is left") {
  const Download download(3 * small_range);
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    const int free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(free);
    for (rlim_t few = 0; few < 3; ++few) {  // the folder, the file and its record
      const rlim_t most = static_cast<rlim_t>(free) + few;
      const rlimit limit = {.rlim_cur = most, .rlim_max = 1'024};
      if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return tell("cannot set the limit");
      const std::string code = code_of(download.run());
      const rlimit again = {.rlim_cur = 1'024, .rlim_max = 1'024};
      if (::setrlimit(RLIMIT_NOFILE, &again) != 0) return tell("cannot set the limit");
      if (code != "exhausted") return tell("it ends with " + code);
      if (!download.names().empty()) return tell("something is left");
    }
    tell("good");
  });
  CHECK(child.finish() == "good");
}

TEST_CASE("a target that is a symbolic link is followed, and the file it leads to is replaced with its mode") {
  const Download download(2 * small_range);
  const std::string real = download.dir.write("elsewhere/real", "old");
  REQUIRE(::chmod(real.c_str(), 0640) == 0);
  fs::create_symlink(real, download.target);
  REQUIRE(download.run());
  CHECK(fs::is_symlink(download.target));
  CHECK((file_text(real) == download.text));
  struct stat status{};
  REQUIRE(::stat(real.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0640);
  CHECK(download.names() == Names{"elsewhere", "target"});
  CHECK(names_in(download.dir / "elsewhere") == Names{"real"});
}

TEST_CASE("links planted in the place of the hidden files lead nowhere") {
  const Download download(3 * small_range);
  const std::string victim = download.dir.write("outside/victim", "untouched");
  download.bring_only(2);
  const std::string part = path_ending(download.dir.path(), ".part");
  const std::string record = path_ending(download.dir.path(), ".record");
  for (const std::string& place : {part, record}) {
    for (const bool hard : {false, true}) {
      CAPTURE(place);
      CAPTURE(hard);
      if (!fs::exists(record)) download.bring_only(2);
      fs::remove(place);
      if (hard) fs::create_hard_link(victim, place);
      else fs::create_symlink(victim, place);
      REQUIRE(download.run());
      CHECK(download.is_whole());
      CHECK(download.names() == Names{"outside", "target"});
      CHECK(file_text(victim) == "untouched");
    }
  }
}

TEST_CASE("while one process downloads to a file, another gets conflict, until the first one is dead") {
  const Download download(4 * small_range);
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    download.store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
      if (get.offset < 2 * small_range) return {};
      tell("x");
      for (;;) ::pause();
    };
    static_cast<void>(download.run({.connections = 1}));
  });
  REQUIRE(child.read(1) == "x");
  for (int i = 0; i < 3; ++i) {
    const auto refused = download.run();
    CHECK(code_of(refused) == "conflict");
    CHECK_FALSE(refused.error().hint().empty());
  }
  CHECK(code_of(downloader_for(download.store)->into_folder("k", download.dir.path())) == "ok");  // another name
  CHECK(download.names().size() == 3);
  static_cast<void>(download.store->take_offsets());
  child.kill();
  const auto got = download.run();
  REQUIRE(got);
  CHECK(got->bytes_resumed == 2 * small_range);
  CHECK(download.store->take_offsets() == Offsets{2 * small_range, 3 * small_range});
  CHECK(download.is_whole());
}

TEST_CASE("two downloads of one process to the same file: the second gets conflict, the first is not harmed") {
  const Download download(4 * small_range);
  std::mutex mutex;
  std::condition_variable changed;
  bool is_under_way = false;
  bool go_on = false;
  download.store->on_get = [&](const GetOptions&, const Context&) -> Result<void> {
    std::unique_lock lock(mutex);
    is_under_way = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
    return {};
  };
  std::jthread first([&] { CHECK(code_of(download.run()) == "ok"); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_under_way; });
  }
  CHECK(code_of(download.run()) == "conflict");
  {
    const std::scoped_lock lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  first.join();
  CHECK(download.is_whole());
  CHECK(download.names() == Names{"target"});
}

TEST_CASE("a hidden file that somebody swaps does not come into place") {
  const Download download(3 * small_range);
  download.dir.write("target", "old");
  download.store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
    if (get.offset != 2 * small_range) return {};
    const std::string part = path_ending(download.dir.path(), ".part");
    fs::remove(part);
    std::ofstream(part) << "theirs";
    return {};
  };
  CHECK(code_of(download.run()) == "conflict");
  CHECK(file_text(download.target) == "old");
}
