#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <docupilot/store/memory_store.h>

#include <doctest/doctest.h>

#include "base/safe_name.h"
#include "support/forwarding_store.h"
#include "support/object_calls.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

std::string text_in(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> all_below(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    names.push_back(entry.path().lexically_relative(folder));
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("rule 12: no key leads out of the folder it is downloaded to, nor to a drive or device") {
  const TempDir dir;
  fs::create_directory(dir / "foo");
  fs::create_directory(dir / "foo-bar");
  const auto store = make_memory_store();
  for (const std::string key : {"..",
                                ".",
                                "../x",
                                "../foo-bar/x",
                                "a/../x",
                                "a/../../foo-bar/x",
                                "a/./x",
                                "/etc/passwd",
                                "//host/share",
                                "a//x",
                                "a/",
                                "////../x",
                                "\\\\host\\share",
                                "..\\x",
                                "a\\..\\..\\x",
                                "c:",
                                "C:\\x",
                                "c:/x",
                                "a/c:x",
                                "CON",
                                "con.txt",
                                "a/NUL",
                                "aux .txt",
                                "COM1",
                                "lpt9.log",
                                "x.",
                                "x ",
                                "a./x",
                                "..."}) {
    CAPTURE(key);
    REQUIRE(put_text(*store, key, "evil"));
    CHECK(code_of(get_into_folder(*store, key, dir / "foo")) == "invalid_argument");
    CHECK_FALSE(safe_components(key).has_value());
  }
  for (const std::string& name : {std::string("a\0b", 3), std::string("a\nb"), std::string("a\xff"), std::string()}) {
    CHECK_FALSE(safe_components(name).has_value());
  }
  CHECK(all_below(dir.path()) == std::vector<std::string>{"foo", "foo-bar"});
  for (const std::string key :
       {"a", "a b/c d.txt", "\u00e9/\u65e5\u672c", "..a/b..c", ".hidden", "10:30.log", "COM", "com10", "console"}) {
    CAPTURE(key);
    REQUIRE(put_text(*store, key, "of " + key));
    if (key == "a") continue;  // a folder of that name comes first
    REQUIRE(get_into_folder(*store, key, dir / "foo"));
    CHECK(text_in(dir.path() / "foo" / key) == "of " + key);
  }
}

TEST_CASE("rule 12: a download is a file of mode 0600 that nobody saw half, made anew beside its target") {
  const TempDir dir;
  const auto memory = make_memory_store();
  REQUIRE(put_text(*memory, "a/b", "whole"));
  const mode_t before = ::umask(0);
  const auto kept = get_into_folder(*memory, "a/b", dir.path().string());
  const auto named = get_to_file(*memory, "a/b", dir / "named");
  const auto failed = get_into_folder(*memory, "a/none", dir.path().string());
  ::umask(before);
  REQUIRE(kept);
  REQUIRE(named);
  CHECK(code_of(failed) == "not_found");
  CHECK(all_below(dir.path()) == std::vector<std::string>{"a", "a/b", "named"});
  struct stat status{};
  for (const std::string name : {"a/b", "named"}) {
    REQUIRE(::stat((dir / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600);
  }
  REQUIRE(::stat((dir / "a").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0700);
}

TEST_CASE("rule 12: symbolic links below the folder are neither followed nor replaced") {
  const TempDir dir;
  const std::string victim = dir.write("outside/victim", "untouched");
  fs::create_directory(dir / "in");
  const auto store = make_memory_store();
  for (const std::string key : {"link", "folder/x", "deep/er/x"}) REQUIRE(put_text(*store, key, "evil"));
  fs::create_symlink(victim, dir / "in/link");
  fs::create_directory_symlink(dir / "outside", dir / "in/folder");
  fs::create_directory(dir / "in/deep");
  fs::create_directory_symlink("../../outside", dir / "in/deep/er");
  for (const std::string key : {"link", "folder/x", "deep/er/x"}) {
    CAPTURE(key);
    CHECK(code_of(get_into_folder(*store, key, dir / "in")) == "permission_denied");
  }
  CHECK(fs::is_symlink(dir / "in/link"));
  CHECK(text_in(victim) == "untouched");
  CHECK(all_below(dir / "outside") == std::vector<std::string>{"victim"});
}

TEST_CASE("rule 12: folders and files that are swapped for symbolic links, again and again, lead no download out") {
  const TempDir dir;
  const std::string victim = dir.write("outside/x", "untouched");
  const fs::path in = dir.path() / "in";
  fs::create_directories(in / "a");
  const auto store = make_memory_store();
  REQUIRE(put_text(*store, "a/x", "bytes"));
  std::atomic<bool> done = false;
  std::atomic<int> swaps = 0;
  std::jthread swapper([&] {
    std::error_code ignored;
    while (!done) {
      fs::rename(in / "a", in / "aside", ignored);
      fs::create_directory_symlink(dir.path() / "outside", in / "a", ignored);
      std::this_thread::yield();
      fs::remove(in / "a", ignored);
      fs::rename(in / "aside", in / "a", ignored);
      fs::remove(in / "a" / "x", ignored);
      fs::create_symlink(victim, in / "a" / "x", ignored);
      std::this_thread::yield();
      fs::remove(in / "a" / "x", ignored);
      ++swaps;
    }
  });
  int kept = 0;
  int refused = 0;
  for (int i = 0; i < 200'000 && (i < 2'000 || swaps < 200 || kept == 0 || refused == 0); ++i) {
    (get_into_folder(*store, "a/x", in.string()) ? kept : refused) += 1;
  }
  done = true;
  swapper.join();
  CHECK(kept > 0);
  CHECK(refused > 0);  // the race was met
  CHECK(swaps >= 200);
  CHECK(text_in(victim) == "untouched");
  CHECK(all_below(dir / "outside") == std::vector<std::string>{"x"});
}
