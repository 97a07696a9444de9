#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <docupilot/source/content_hash.h>
#include <docupilot/store/local_store.h>

#include <doctest/doctest.h>

#include "unit/upload/download_support.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Steady = std::chrono::steady_clock;

std::size_t threads() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("objects of every size come whole from memory and from a folder, over any number of connections") {
  const TempDir dir;
  const std::vector<std::shared_ptr<ObjectStore>> stores = {make_memory_store(),
                                                            open_local_store({.root = dir / "store"}).value()};
  fs::create_directory(dir / "to");
  for (const auto& store : stores) {
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, small_range - 1, small_range, small_range + 1,
                                     5 * small_range, 16 * small_range + 77}) {
      const std::string text = pattern(size);
      REQUIRE(put_text(*store, "k", text));
      for (const unsigned connections : {1U, 3U, 64U}) {
        CAPTURE(size);
        CAPTURE(connections);
        const auto got = downloader_for(store, {.connections = connections})->to_file("k", dir / "to/target");
        REQUIRE(got);
        CHECK((file_text(dir / "to/target") == text));
        CHECK(got->object == store->head("k").value());
        CHECK(got->crc64nvme == crc64nvme(as_bytes(text)));
        CHECK_FALSE(got->verified);
        CHECK(got->bytes_resumed == 0);
        CHECK(got->attempts_failed == 0);
        CHECK(names_in(dir / "to") == Names{"target"});
      }
    }
  }
}

TEST_CASE("what the store says of the whole is compared with what came") {
  const Download download(3 * small_range + 5);
  download.tell_checksum();
  const auto got = download.run();
  REQUIRE(got);
  CHECK(got->verified);
  CHECK(download.is_whole());
}

TEST_CASE("a file whose SHA-256 is not the wanted one does not take the place of what is there") {
  const Download download(3 * small_range + 5);
  ContentHash hash(Hashes::sha256);
  hash.update(as_bytes(download.text));
  std::ofstream(download.target) << "before";
  const auto refused = download.run({}, {.sha256 = std::string(64, '0')});
  CHECK(code_of(refused) == "corrupted");
  CHECK(file_text(download.target) == "before");
  CHECK(download.names() == Names{"target"});
  REQUIRE(download.run({}, {.sha256 = hash.finish().sha256}));
  CHECK(download.is_whole());
}

TEST_CASE("each range is asked for once, at its place and of one version; a small object as a whole") {
  const Download download(3 * small_range + 5);
  const std::string etag = download.etag();
  REQUIRE(download.run());
  for (const auto& get : download.store->gets()) {
    CHECK(get.length.value() == std::min(small_range, download.text.size() - get.offset));
    CHECK(get.if_match == etag);
  }
  CHECK(download.store->take_offsets() == Offsets{0, small_range, 2 * small_range, 3 * small_range});
  REQUIRE(put_text(*download.store, "k", "small"));
  REQUIRE(download.run());
  REQUIRE(download.store->gets().size() == 1);
  CHECK_FALSE(download.store->gets()[0].length);
  CHECK(download.store->gets()[0].offset == 0);
}

TEST_CASE("an object without an etag comes in one reply, and nothing of it is kept for another run") {
  const Download download(3 * small_range);
  download.store->on_info = [](ObjectInfo& info) { info.etag.clear(); };
  REQUIRE(download.run());
  CHECK(download.is_whole());
  REQUIRE(download.store->gets().size() == 1);
  CHECK_FALSE(download.store->gets()[0].length);
  fs::remove(download.target);
  download.store->on_bytes = [](std::uint64_t, ByteView bytes, Writer& into) -> Result<void> {
    static_cast<void>(into.write(bytes));
    return Error(ErrorCode::unavailable, "the test's store is gone");
  };
  CHECK(code_of(download.run()) == "unavailable");
  CHECK(download.names().empty());
}

TEST_CASE("as many ranges move at a time as there are connections, and no more") {
  const Download download(12 * small_range);
  std::mutex mutex;
  std::condition_variable changed;
  unsigned now = 0;
  unsigned most = 0;
  download.store->on_get = [&](const GetOptions&, const Context&) -> Result<void> {
    std::unique_lock lock(mutex);
    most = std::max(most, ++now);
    changed.notify_all();
    // All of them meet here; only a download with too few connections waits in vain.
    changed.wait_for(lock, 20s, [&] { return most >= 4; });
    --now;
    return {};
  };
  REQUIRE(download.run({.connections = 4}));
  CHECK(most == 4);
  CHECK(download.is_whole());
}

TEST_CASE("a downloader has no thread before a call and none after it") {
  const Download download(8 * small_range);
  const std::size_t before = threads();
  const auto downloader = downloader_for(download.store);
  CHECK(threads() == before);
  REQUIRE(downloader->to_file("k", download.target));
  CHECK(threads() == before);
  download.store->on_get = [](const GetOptions&, const Context&) -> Result<void> {
    return Error(ErrorCode::unavailable, "the test's store is gone");
  };
  CHECK_FALSE(downloader->to_file("k", download.target).has_value());
  CHECK(threads() == before);
}

TEST_CASE("options that cannot be right are refused") {
  const std::shared_ptr<ObjectStore> store = make_memory_store();
  CHECK(code_of(make_downloader(nullptr)) == "invalid_argument");
  for (const DownloaderOptions& options :
       {DownloaderOptions{.connections = 0}, DownloaderOptions{.connections = 65},
        DownloaderOptions{.range_size = 65'535}, DownloaderOptions{.range_size = (1ULL << 30U) + 1}}) {
    CHECK(code_of(make_downloader(store, options)) == "invalid_argument");
  }
  CHECK(code_of(make_downloader(store, {.connections = 64, .range_size = 1ULL << 30U})) == "ok");
}

TEST_CASE("only the version that is wanted comes, and of a key without an object nothing") {
  const Download download(100);
  const std::string etag = download.etag();
  CHECK(code_of(download.run({}, {.if_match = etag + "x"})) == "precondition_failed");
  CHECK(code_of(downloader_for(download.store)->to_file("none", download.target)) == "not_found");
  CHECK(code_of(downloader_for(download.store)->to_file("", download.target)) == "invalid_argument");
  CHECK(download.names().empty());
  CHECK(download.run({}, {.if_match = etag}));
  CHECK(download.is_whole());
}

TEST_CASE("below a folder an object comes to its own key, by the rules of get_into_folder") {
  const TempDir dir;
  const std::shared_ptr<ObjectStore> store = make_memory_store();
  const std::string victim = dir.write("outside/victim", "untouched");
  fs::create_directory(dir / "in");
  fs::create_symlink(victim, dir / "in/link");
  fs::create_directory_symlink(dir / "outside", dir / "in/folder");
  for (const std::string key : {"a/b.txt", "../x", "/x", "link", "folder/victim"})
    REQUIRE(put_text(*store, key, "new"));
  const auto downloader = downloader_for(store);
  CHECK(code_of(downloader->into_folder("a/b.txt", dir / "in")) == "ok");
  CHECK(file_text(dir / "in/a/b.txt") == "new");
  for (const std::string key : {"../x", "/x"})
    CHECK(code_of(downloader->into_folder(key, dir / "in")) == "invalid_argument");
  for (const std::string key : {"link", "folder/victim"}) {
    CHECK(code_of(downloader->into_folder(key, dir / "in")) == "permission_denied");
  }
  CHECK(file_text(victim) == "untouched");
  CHECK(names_in(dir / "outside") == Names{"victim"});
  CHECK(names_in(dir / "in") == Names{"a", "folder", "link"});
}

TEST_CASE("progress never falls, is told by the thread that called, and ends with everything") {
  const Download download(40 * small_range + 1);
  download.store->piece = 8'192;
  download.store->on_bytes = [](std::uint64_t, ByteView bytes, Writer& into) {
    std::this_thread::sleep_for(2ms);
    return into.write(bytes);
  };
  std::vector<TransferProgress> told;
  std::set<std::thread::id> tellers;
  const auto begin = Steady::now();
  REQUIRE(download.run({.connections = 2}, {.on_progress = [&](const TransferProgress& progress) {
                         told.push_back(progress);
                         tellers.insert(std::this_thread::get_id());
                       }}));
  const double seconds = std::chrono::duration<double>(Steady::now() - begin).count();
  CHECK(tellers == std::set{std::this_thread::get_id()});
  // 322 pieces at 2 ms over two connections last at least 0.32 s.
  CHECK(told.size() >= 2);
  CHECK(static_cast<double>(told.size()) <= seconds / 0.25 + 1);
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(told[i].bytes_total == download.text.size());
    CHECK(told[i].parts_total == 41);
    CHECK(told[i].bytes_done + told[i].bytes_moving <= download.text.size());
    if (i > 0) {
      CHECK(told[i].bytes_done >= told[i - 1].bytes_done);
      CHECK(told[i].bytes_done + told[i].bytes_moving >= told[i - 1].bytes_done + told[i - 1].bytes_moving);
      CHECK(told[i].parts_done >= told[i - 1].parts_done);
    }
  }
  CHECK(told.front().bytes_per_second > 0);
  CHECK(told.back().bytes_done == download.text.size());
  CHECK(told.back().bytes_moving == 0);
  CHECK(told.back().parts_done == 41);
  CHECK(told.back().remaining == Duration(0));
}

TEST_CASE("all downloads of a downloader together are no faster than its limit") {
  const Download download(small_range);
  const auto downloader = downloader_for(download.store, {.connections = 4, .bytes_per_second = 500'000});
  const auto begin = Steady::now();
  {
    const std::jthread other([&] { CHECK(downloader->to_file("k", download.dir / "other")); });
    CHECK(downloader->to_file("k", download.target));
  }
  // A bucket that begins empty lets nothing through too early, however fast or slow this machine is.
  CHECK(std::chrono::duration<double>(Steady::now() - begin).count() >= 2 * static_cast<double>(small_range) / 500'000);
  CHECK(download.is_whole());
  CHECK((file_text(download.dir / "other") == download.text));
}

TEST_CASE("the limit changes at once, also for those who wait for it") {
  const Download download(4 * small_range);
  const auto downloader = downloader_for(download.store, {.connections = 2, .bytes_per_second = 1});  // three days
  std::atomic<bool> waits = false;
  download.store->on_get = [&](const GetOptions&, const Context&) -> Result<void> {
    waits = true;
    waits.notify_all();
    return {};
  };
  const std::jthread other([&] {
    waits.wait(false);
    downloader->limit_rate(0);
  });
  CHECK(code_of(downloader->to_file("k", download.target, {}, {.deadline = Deadline::after(60s)})) == "ok");
  CHECK(download.is_whole());
}

TEST_CASE("many downloads of one downloader run at the same time") {
  const Download download(6 * small_range + 9);
  const auto downloader = downloader_for(download.store, {.connections = 3});
  {
    std::vector<std::jthread> others;
    for (int i = 0; i < 6; ++i) {
      others.emplace_back([&, i] { CHECK(downloader->to_file("k", download.dir / ("to" + std::to_string(i)))); });
    }
  }
  REQUIRE(download.names().size() == 6);
  for (const auto& name : download.names()) CHECK((file_text(download.dir / name) == download.text));
}
