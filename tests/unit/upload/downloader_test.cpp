#include <docupilot/upload/downloader.h>

#include <atomic>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "unit/upload/download_support.h"

using namespace docupilot;
using namespace docupilot_test;
namespace fs = std::filesystem;

TEST_CASE("a download is the object, whatever its size and however many connections, and leaves nothing besides") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  for (const std::size_t size : {0U, 1U, 65'535U, 65'536U, 65'537U, 131'072U, 1'048'593U}) {
    const std::string text = pattern(size);
    REQUIRE(put_text(*store, "a/b", text));
    for (const unsigned connections : {1U, 3U, 8U, 64U}) {
      CAPTURE(size);
      CAPTURE(connections);
      const auto downloader = downloader_for(store, {.connections = connections});
      const auto got = downloader->to_file("a/b", dir / "file");
      REQUIRE(got);
      CHECK(got->object.size == size);
      CHECK(got->crc64nvme == crc64nvme(as_bytes(text)));
      CHECK_FALSE(got->verified);
      CHECK(got->bytes_resumed == 0);
      CHECK(file_text(dir / "file") == text);
      CHECK(names_in(dir.path()) == Names{"file"});
      CHECK(store->take_offsets().size() == std::max<std::size_t>(1, (size + 65'535) / 65'536));
    }
  }
}

TEST_CASE("all ranges are of the version that was looked at, and a small object comes in one request, as a whole") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string etag = put_text(*store, "k", pattern(200'000)).value().etag;
  REQUIRE(downloader_for(store)->to_file("k", dir / "file"));
  CHECK(store->gets().size() == 4);
  for (const GetOptions& get : store->gets()) {
    CHECK(get.if_match == etag);
    CHECK(get.length == std::min<std::uint64_t>(65'536, 200'000 - get.offset));
  }
  store->take_offsets();
  REQUIRE(put_text(*store, "k", "small"));
  REQUIRE(downloader_for(store)->to_file("k", dir / "file"));
  REQUIRE(store->gets().size() == 1);
  CHECK(store->gets()[0].offset == 0);
  CHECK_FALSE(store->gets()[0].length);
}

TEST_CASE("a download is verified when the store tells its checksum, in head or with the bytes") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string text = pattern(300'000);
  REQUIRE(put_text(*store, "k", text));
  std::atomic<int> infos = 0;
  for (const int silent : {0, 1}) {
    infos = 0;
    store->on_info = [&, silent](ObjectInfo& info) {
      if (infos++ >= silent) info.crc64nvme = crc64nvme(as_bytes(text));
    };
    const auto got = downloader_for(store)->to_file("k", dir / "file");
    REQUIRE(got);
    CHECK(got->verified);
    CHECK(got->attempts_failed == 0);
  }
}

TEST_CASE("F30: a flipped bit that only the whole checksum shows has all fetched again, once") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string text = pattern(300'000);
  REQUIRE(put_text(*store, "k", text));
  store->on_info = [&](ObjectInfo& info) { info.crc64nvme = crc64nvme(as_bytes(text)); };
  for (const std::size_t where : {0U, 65'535U, 65'536U, 299'999U}) {
    for (const int flips : {1, 2}) {
      CAPTURE(where);
      CAPTURE(flips);
      std::atomic<int> left = flips;
      store->on_bytes = [&](std::uint64_t at, ByteView bytes, Writer& into) {
        std::string changed(as_text(bytes));
        if (at <= where && where < at + changed.size() && left-- > 0) changed[where - at] ^= 4;
        return into.write(as_bytes(changed));
      };
      const std::string target = dir.write("file", "old");
      const auto got = downloader_for(store)->to_file("k", target);
      CHECK(store->take_offsets().size() == 10);
      CHECK(code_of(got) == (flips == 1 ? "ok" : "corrupted"));
      CHECK(file_text(target) == (flips == 1 ? text : "old"));
      CHECK(names_in(dir.path()) == Names{"file"});
      if (got) {
        CHECK(got->verified);
        CHECK(got->attempts_failed == 1);
      }
    }
  }
}

TEST_CASE("F30: a range that the store itself finds damaged is fetched again alone, once") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string text = pattern(300'000);
  REQUIRE(put_text(*store, "k", text));
  for (const int times : {1, 2}) {
    std::atomic<int> left = times;
    store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
      if (get.offset == 131'072 && left-- > 0) return Error(ErrorCode::corrupted, "the test damages it");
      return {};
    };
    const auto got = downloader_for(store, {.connections = 1})->to_file("k", dir / "file");
    CHECK(code_of(got) == (times == 1 ? "ok" : "corrupted"));
    const Offsets offsets = store->take_offsets();
    if (times == 1) CHECK(offsets == Offsets{0, 65'536, 131'072, 131'072, 196'608, 262'144});
    else CHECK(offsets == Offsets{0, 65'536, 131'072, 131'072});
    CHECK(names_in(dir.path()) == (times == 1 ? Names{"file"} : Names{}));
    fs::remove(dir / "file");
  }
}

TEST_CASE("F12: a store that sends less or more than it was asked for is not believed") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  for (const std::size_t size : {100U, 200'000U}) {
    REQUIRE(put_text(*store, "k", pattern(size)));
    store->on_bytes = [](std::uint64_t, ByteView bytes, Writer& into) {
      return into.write(bytes.first(bytes.size() - 1));
    };
    CHECK(code_of(downloader_for(store)->to_file("k", dir / "file")) == "corrupted");
    store->on_bytes = [](std::uint64_t, ByteView bytes, Writer& into) {
      auto done = into.write(bytes);
      return done ? into.write(bytes.first(1)) : done;
    };
    CHECK(code_of(downloader_for(store)->to_file("k", dir / "file")) == "corrupted");
    store->on_bytes = {};
    store->on_info = [size](ObjectInfo& info) { info.size = size + 1; };
    CHECK(code_of(downloader_for(store)->to_file("k", dir / "file")) != "ok");
    store->on_info = {};
    CHECK(names_in(dir.path()).empty());
  }
}

TEST_CASE("F09: a get that fails at any byte leaves no target, and nothing that no range of is whole") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string text = pattern(256);
  REQUIRE(put_text(*store, "k", text));
  store->piece = 1;
  const auto downloader = downloader_for(store);
  for (std::uint64_t fails_at = 0; fails_at < text.size(); ++fails_at) {
    store->on_bytes = [&](std::uint64_t at, ByteView bytes, Writer& into) -> Result<void> {
      if (at == fails_at) return Error(ErrorCode::unavailable, "the test breaks the connection");
      return into.write(bytes);
    };
    REQUIRE(code_of(downloader->to_file("k", dir / "file")) == "unavailable");
    REQUIRE(names_in(dir.path()).empty());
  }
  store->on_bytes = {};
  CHECK(downloader->to_file("k", dir / "file"));
  CHECK(file_text(dir / "file") == text);
}

TEST_CASE("an object that is replaced while its ranges come is precondition_failed, and nothing of it is left") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  for (const std::string how : {"if_match", "etag", "conflict"}) {
    CAPTURE(how);
    REQUIRE(put_text(*store, "k", pattern(300'000)));
    std::atomic<int> gets = 0;
    store->on_info = [&](ObjectInfo& info) {
      if (how == "etag" && gets >= 3) info.etag = "another";  // of a store that does not know if_match
    };
    store->on_get = [&](const GetOptions&, const Context&) -> Result<void> {
      if (++gets != 3) return {};
      if (how == "if_match") REQUIRE(put_text(store->inner(), "k", pattern(300'000, 2)));
      if (how == "conflict") return Error(ErrorCode::conflict, "the object was replaced while it was read");
      return {};
    };
    const std::string target = dir.write("file", "old");
    CHECK(code_of(downloader_for(store, {.connections = 2})->to_file("k", target)) == "precondition_failed");
    CHECK(file_text(target) == "old");
    CHECK(names_in(dir.path()) == Names{"file"});
  }
}

TEST_CASE("a store that tells no version is asked for the whole at once, and nothing of it is used again") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string text = pattern(300'000);
  REQUIRE(put_text(*store, "k", text));
  store->on_info = [](ObjectInfo& info) { info.etag.clear(); };
  REQUIRE(downloader_for(store)->to_file("k", dir / "file"));
  CHECK(store->take_offsets() == Offsets{0});
  CHECK(file_text(dir / "file") == text);
}

TEST_CASE("only the version that is asked for is downloaded, and what is not there is not_found") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string etag = put_text(*store, "k", "text").value().etag;
  const auto downloader = downloader_for(store);
  CHECK(code_of(downloader->to_file("k", dir / "file", {.if_match = "other"})) == "precondition_failed");
  CHECK(code_of(downloader->to_file("none", dir / "file")) == "not_found");
  CHECK(code_of(downloader->to_file("k", "")) == "invalid_argument");
  CHECK(code_of(downloader->to_file("k", dir / ".")) == "invalid_argument");
  CHECK(code_of(downloader->to_file("k", dir / "no/folder")) == "not_found");
  CHECK(names_in(dir.path()).empty());
  CHECK(downloader->to_file("k", dir / "file", {.if_match = etag}));
}

TEST_CASE("options that cannot be right are refused") {
  const auto store = std::make_shared<ScriptedStore>();
  CHECK(code_of(make_downloader(nullptr)) == "invalid_argument");
  for (const unsigned connections : {0U, 65U}) {
    CHECK(code_of(make_downloader(store, {.connections = connections})) == "invalid_argument");
  }
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{65'535}, (std::uint64_t{1} << 30U) + 1}) {
    CHECK(code_of(make_downloader(store, {.range_size = size})) == "invalid_argument");
  }
  CHECK(make_downloader(store, {.connections = 64, .range_size = std::uint64_t{1} << 30U}));
}

TEST_CASE("many threads share one downloader") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  for (unsigned i = 0; i < 8; ++i) REQUIRE(put_text(*store, std::to_string(i), pattern(200'000 + i, i)));
  const auto downloader = downloader_for(store);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 5; ++round) {
          const std::string name = std::to_string(i);
          if (downloader->into_folder(name, dir.path()) && file_text(dir / name) == pattern(200'000 + i, i)) ++good;
        }
      });
    }
  }
  CHECK(good == 40);
  CHECK(names_in(dir.path()).size() == 8);
}

TEST_CASE("rule 12: no key leads out of the folder, through no name and no link") {
  const TempDir dir;
  const std::string victim = dir.write("outside/victim", "untouched");
  fs::create_directory(dir / "in");
  fs::create_symlink(victim, dir / "in/link");
  fs::create_directory_symlink(dir / "outside", dir / "in/folder");
  const auto store = std::make_shared<ScriptedStore>();
  const auto downloader = downloader_for(store);
  const auto outcome = [&](const std::string& key) {
    REQUIRE(put_text(*store, key, pattern(100'000)));
    return code_of(downloader->into_folder(key, dir / "in"));
  };
  for (const char* key : {"..", "../x", "a/../../x", "/x", "a//b", "C:\\x", "CON", "x."}) {
    CHECK(outcome(key) == "invalid_argument");
  }
  for (const char* key : {"link", "folder/victim", "folder/new"}) CHECK(outcome(key) == "permission_denied");
  CHECK(outcome("deep/er/x") == "ok");
  CHECK(file_text(dir / "in/deep/er/x") == pattern(100'000));
  struct stat status{};
  REQUIRE(::stat((dir / "in/deep/er/x").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  CHECK(file_text(victim) == "untouched");
  CHECK(names_in(dir / "outside") == Names{"victim"});
}

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
