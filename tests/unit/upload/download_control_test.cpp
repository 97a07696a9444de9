#include <docupilot/upload/downloader.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "unit/upload/download_support.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;

namespace {

std::size_t entries_of(const char* folder) { return names_in(folder).size(); }

/// Waits as a store does: until the call is to end.
Result<void> block(const Context& context) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  for (;;) {
    if (auto go_on = context.check("get"); !go_on) return go_on;
    never.wait_for(lock, context.stop, 10ms, [] { return false; });
  }
}

}  // namespace

TEST_CASE(
    "F42: a download that is cancelled while the store blocks ends soon, with no thread, descriptor or file left") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "k", pattern(500'000)));
  const auto downloader = downloader_for(store, {.connections = 4});
  // The first thread of a process brings a second one along under a sanitizer.
  std::jthread([] {}).join();
  const std::size_t threads = entries_of("/proc/self/task");
  const std::size_t descriptors = entries_of("/proc/self/fd");
  for (int round = 0; round < 20; ++round) {
    std::stop_source stop;
    std::latch blocked(4);
    store->on_get = [&](const GetOptions&, const Context& context) {
      blocked.count_down();
      return block(context);
    };
    std::chrono::steady_clock::time_point asked;
    std::jthread canceller([&] {
      blocked.wait();
      asked = std::chrono::steady_clock::now();
      stop.request_stop();
    });
    const auto got = downloader->to_file("k", dir / "file", {}, {.stop = stop.get_token()});
    const auto took = std::chrono::steady_clock::now();
    canceller.join();
    CHECK(code_of(got) == "cancelled");
    CHECK(took - asked < 2s);  // 250 ms and what a busy machine adds
    CHECK(names_in(dir.path()).empty());
  }
  // The kernel may show a thread for a moment after it was joined; one that was forgotten stays for ever.
  const auto patience = std::chrono::steady_clock::now() + 10s;
  while (entries_of("/proc/self/task") > threads && std::chrono::steady_clock::now() < patience) {
    std::this_thread::yield();
  }
  CHECK(entries_of("/proc/self/task") <= threads);
  CHECK(entries_of("/proc/self/fd") == descriptors);
}

TEST_CASE("a download that is cancelled at any of its blocks keeps its whole ranges, and the next one ends it") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string text = pattern(300'000);
  REQUIRE(put_text(*store, "k", text));
  store->piece = 16'384;
  const auto downloader = downloader_for(store, {.connections = 2});
  for (int blocks = 0; blocks < 20; ++blocks) {
    CAPTURE(blocks);
    std::stop_source stop;
    std::atomic<int> left = blocks;
    store->on_bytes = [&](std::uint64_t, ByteView bytes, Writer& into) {
      if (left-- == 0) stop.request_stop();
      return into.write(bytes);
    };
    const auto got = downloader->to_file("k", dir / "file", {}, {.stop = stop.get_token()});
    if (stop.stop_requested() && !got) {
      CHECK(code_of(got) == "cancelled");
      CHECK(names_in(dir.path()).size() % 2 == 0);  // file and record, or none
    }
    store->on_bytes = {};
    REQUIRE(downloader->to_file("k", dir / "file"));
    CHECK(file_text(dir / "file") == text);
    CHECK(names_in(dir.path()) == Names{"file"});
    std::filesystem::remove(dir / "file");
  }
}

TEST_CASE("a deadline ends a download while the store blocks, and before it begins") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "k", pattern(500'000)));
  store->on_get = [](const GetOptions&, const Context& context) { return block(context); };
  const auto downloader = downloader_for(store);
  CHECK(code_of(downloader->to_file("k", dir / "file", {}, {.deadline = Deadline::after(50ms)})) == "timeout");
  CHECK(code_of(downloader->to_file("k", dir / "file", {}, {.deadline = Deadline::after(0ms)})) == "timeout");
  CHECK(names_in(dir.path()).empty());
}

TEST_CASE("one range that fails ends the others at once, with its error and not theirs") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "k", pattern(500'000)));
  std::latch all(4);
  store->on_get = [&](const GetOptions& get, const Context& context) -> Result<void> {
    all.arrive_and_wait();
    if (get.offset == 131'072) return Error(ErrorCode::rate_limited, "the test slows it down");
    return block(context);
  };
  CHECK(code_of(downloader_for(store, {.connections = 4})->to_file("k", dir / "file")) == "rate_limited");
  CHECK(names_in(dir.path()).empty());
}

TEST_CASE("a rate is kept by all downloads together") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "k", pattern(200'000)));
  const auto downloader = downloader_for(store, {.connections = 4, .bytes_per_second = 1'000'000});
  const auto start = std::chrono::steady_clock::now();
  {
    std::jthread other([&] { CHECK(downloader->to_file("k", dir / "a")); });
    CHECK(downloader->to_file("k", dir / "b"));
  }
  CHECK(std::chrono::steady_clock::now() - start >= 399ms);
}

TEST_CASE("a rate that is raised counts at once, and a download that waits for its turn can be cancelled") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "k", pattern(200'000)));
  const auto downloader = downloader_for(store, {.bytes_per_second = 1});
  std::stop_source stop;
  const DownloadOptions cancelling = {.on_progress = [&](const TransferProgress&) { stop.request_stop(); }};
  CHECK(code_of(downloader->to_file("k", dir / "file", cancelling, {.stop = stop.get_token()})) == "cancelled");
  const DownloadOptions raising = {.on_progress = [&](const TransferProgress&) { downloader->limit_rate(0); }};
  CHECK(downloader->to_file("k", dir / "file", raising));  // at a byte a second it would take two days
}

TEST_CASE("progress never falls, never passes the whole, and ends with it") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  REQUIRE(put_text(*store, "k", pattern(1'000'000)));
  store->piece = 10'000;
  const auto downloader = downloader_for(store, {.connections = 3, .bytes_per_second = 1'000'000});
  std::vector<TransferProgress> seen;
  const auto caller = std::this_thread::get_id();
  REQUIRE(downloader->to_file("k", dir / "file", {.on_progress = [&](const TransferProgress& progress) {
                                CHECK(std::this_thread::get_id() == caller);
                                seen.push_back(progress);
                              }}));
  REQUIRE(seen.size() >= 2);
  CHECK(seen.size() <= 100);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    CHECK(seen[i].bytes_total == 1'000'000);
    CHECK(seen[i].parts_total == 16);
    CHECK(seen[i].bytes_done + seen[i].bytes_moving <= 1'000'000);
    CHECK(seen[i].bytes_per_second > 0);
    if (i == 0) continue;
    CHECK(seen[i].bytes_done >= seen[i - 1].bytes_done);
    CHECK(seen[i].bytes_done + seen[i].bytes_moving >= seen[i - 1].bytes_done + seen[i - 1].bytes_moving);
    CHECK(seen[i].parts_done >= seen[i - 1].parts_done);
  }
  CHECK(seen.back().bytes_done == 1'000'000);
  CHECK(seen.back().bytes_moving == 0);
  CHECK(seen.back().parts_done == 16);
}

TEST_CASE("two downloads to one file at a time: the second is conflict, and the first is not disturbed") {
  const TempDir dir;
  const auto store = std::make_shared<ScriptedStore>();
  const std::string text = pattern(300'000);
  REQUIRE(put_text(*store, "k", text));
  REQUIRE(put_text(*store, "other", "other"));
  const auto downloader = downloader_for(store, {.connections = 1});
  std::string second;
  store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
    if (get.offset == 65'536) second = code_of(downloader->to_file("other", dir / "file"));
    return {};
  };
  CHECK(downloader->to_file("k", dir / "file"));
  CHECK(second == "conflict");
  CHECK(file_text(dir / "file") == text);
  CHECK(names_in(dir.path()) == Names{"file"});
}
