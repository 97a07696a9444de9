#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "support/child_process.h"
#include "unit/upload/download_support.h"

using namespace docupilot;
using namespace docupilot_test;
namespace fs = std::filesystem;

TEST_CASE("rule 12: folders and hidden files that are swapped for links, again and again, lead no download out") {
  const TempDir dir;
  const std::string victim = dir.write("outside/x", "untouched");
  const fs::path in = dir.path() / "in";
  fs::create_directories(in / "a");
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "a/x", pattern(100'000)));
  const auto downloader = downloader_for(store, {.connections = 2});
  std::string hidden;
  store->on_get = [&](const GetOptions&, const Context&) -> Result<void> {
    hidden = fs::path(path_ending(in / "a", ".part")).filename();
    return {};
  };
  REQUIRE(downloader_for(store, {.connections = 1})->into_folder("a/x", in));
  store->on_get = {};
  REQUIRE_FALSE(hidden.empty());
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
      fs::remove(in / "a" / hidden, ignored);
      fs::create_symlink(victim, in / "a" / hidden, ignored);
      std::this_thread::yield();
      ++swaps;
    }
  });
  int kept = 0;
  int refused = 0;
  for (int i = 0; i < 50'000 && (i < 300 || swaps < 200 || kept == 0 || refused == 0); ++i) {
    (downloader->into_folder("a/x", in) ? kept : refused) += 1;
  }
  done = true;
  swapper.join();
  CHECK(kept > 0);
  CHECK(refused > 0);  // the race was met
  CHECK(file_text(victim) == "untouched");
  CHECK(names_in(dir / "outside") == Names{"x"});
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

TEST_CASE("F37: one download killed again and again gets on each time") {
  const TempDir dir;
  const std::string target = dir / "file";
  const std::string text = pattern(60 * small_range);
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "k", text));
  std::size_t asked = 0;
  for (int round = 0; round < 5; ++round) {
    ChildProcess child([&](const ChildProcess::Tell& tell) {
      std::atomic<int> left = 10;
      store->on_get = [&](const GetOptions&, const Context&) -> Result<void> {
        if (left-- > 0) return tell("."), Result<void>();
        tell("!");
        for (;;) ::pause();
      };
      static_cast<void>(downloader_for(store, {.connections = 1})->to_file("k", target));
    });
    const std::string told = child.read(11);
    CHECK(told == "..........!");
    asked += 10;
  }
  const auto got = downloader_for(store)->to_file("k", target);
  REQUIRE(got);
  CHECK(got->bytes_resumed == asked * small_range);
  CHECK(store->take_offsets().size() == 60 - asked);
  CHECK(file_text(target) == text);
}

TEST_CASE("F38: damaged bytes under a damaged record, and no checksum of the store's, still end as the object") {
  std::mt19937 random(3);
  const auto change = [&](const std::string& path, char by) {
    std::string bytes = file_text(path);
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ by);
    std::ofstream(path, std::ios::binary) << bytes;
  };
  const Download download(5 * small_range + 1'000);
  for (int round = 0; round < 60; ++round) {
    download.bring_only(1 + random() % 5);
    for (auto i = random() % 4; i > 0; --i) change(path_ending(download.dir.path(), ".part"), 8);
    for (auto i = random() % 4; i > 0; --i) change(path_ending(download.dir.path(), ".record"), 2);
    REQUIRE(download.run({.connections = 4}));
    REQUIRE(download.is_whole());
    fs::remove(download.target);
  }
}
