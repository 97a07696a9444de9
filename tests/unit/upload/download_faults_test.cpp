#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "unit/upload/download_support.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

Error gone() { return Error(ErrorCode::unavailable, "the test's store is gone"); }

/// Passes on the bytes before `place`, and then does something else.
template <class Then>
auto up_to(std::uint64_t place, Then then) {
  return [=](std::uint64_t at, ByteView bytes, Writer& into) -> Result<void> {
    if (at + bytes.size() <= place) return into.write(bytes);
    if (at < place) {
      if (auto done = into.write(bytes.first(place - at)); !done) return done;
    }
    return then();
  };
}

/// Flips one bit of the object, so many times at the most.
auto flip(std::uint64_t bit, std::atomic<int>& times) {
  return [bit, &times](std::uint64_t at, ByteView bytes, Writer& into) -> Result<void> {
    const std::uint64_t place = bit / 8;
    if (place < at || place >= at + bytes.size() || times.fetch_sub(1) <= 0) return into.write(bytes);
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    changed[place - at] ^= static_cast<std::byte>(1U << (bit % 8));
    return into.write(changed);
  };
}

/// Starts a download that cannot end, stops it once it is under way, and tells how long that took to work.
double seconds_to_stop(const Download& download, const DownloaderOptions& options, std::atomic<bool>& is_under_way) {
  std::stop_source stop;
  Steady::time_point stopped;
  std::jthread stopper([&] {
    is_under_way.wait(false);
    stopped = Steady::now();
    stop.request_stop();
  });
  CHECK(code_of(download.run(options, {}, {.stop = stop.get_token()})) == "cancelled");
  const auto end = Steady::now();
  stopper.join();
  is_under_way = false;
  return std::chrono::duration<double>(end - stopped).count();
}

/// The median of nine is at most 250 ms: single ones may be late on a machine that is busy.
void check_stops_fast(const Download& download, const DownloaderOptions& options, std::atomic<bool>& is_under_way) {
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) times.push_back(seconds_to_stop(download, options, is_under_way));
  std::ranges::sort(times);
  CHECK(times[4] <= 0.25);
  CHECK(download.names().empty());
}

}  // namespace

TEST_CASE("a get that fails at any byte leaves no target, and the next run brings it whole") {
  const Download download(300);
  for (std::uint64_t place = 0; place < 300; ++place) {
    CAPTURE(place);
    download.store->on_bytes = up_to(place, [] { return Result<void>(gone()); });
    REQUIRE(code_of(download.run()) == "unavailable");
    REQUIRE(download.names().empty());
  }
  download.store->on_bytes = {};
  CHECK(download.run());
  CHECK(download.is_whole());
}

TEST_CASE("a get that fails at any place of many ranges keeps those before, which are not fetched again") {
  const Download download(4 * small_range + 700);
  std::vector<std::uint64_t> places;
  for (std::uint64_t place = 0; place < download.text.size(); place += 21'001) places.push_back(place);
  for (std::uint64_t range = 0; range < 5; ++range) {
    for (const std::uint64_t at : {0U, 1U, 65'535U}) places.push_back(range * small_range + at);
  }
  std::erase_if(places, [&](std::uint64_t place) { return place >= download.text.size(); });
  for (const std::uint64_t place : places) {
    CAPTURE(place);
    download.store->on_bytes = up_to(place, [] { return Result<void>(gone()); });
    REQUIRE(code_of(download.run({.connections = 1})) == "unavailable");
    const std::uint64_t whole = place / small_range;
    REQUIRE(download.names().size() == (whole == 0 ? 0 : 2));
    static_cast<void>(download.store->take_offsets());
    download.store->on_bytes = {};
    const auto got = download.run({.connections = 3});
    REQUIRE(got);
    CHECK(got->bytes_resumed == whole * small_range);
    CHECK(got->crc64nvme == crc64nvme(as_bytes(download.text)));
    REQUIRE(download.is_whole());
    const Offsets offsets = download.store->take_offsets();
    CHECK(offsets.size() == 5 - whole);
    CHECK(offsets.front() == whole * small_range);
    REQUIRE(download.names() == Names{"target"});
    std::filesystem::remove(download.target);
  }
}

TEST_CASE("a reply that ends early, and says nothing of it, is fetched again once and then corrupted") {
  const Download download(200);
  for (std::uint64_t place = 0; place < 200; ++place) {
    std::atomic<int> times = 0;
    download.store->on_bytes = up_to(place, [&] {
      ++times;
      return Result<void>();
    });
    CHECK(code_of(download.run()) == "corrupted");
    CHECK(times == 2);
    REQUIRE(download.names().empty());
  }
}

TEST_CASE("a range that the store itself calls damaged is fetched again, it alone and once") {
  const Download download(4 * small_range);
  std::atomic<int> damaged = 1;
  download.store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
    if (get.offset != 2 * small_range || damaged.fetch_sub(1) <= 0) return {};
    return Error(ErrorCode::corrupted, "the test's store is in doubt");
  };
  const auto got = download.run();
  REQUIRE(got);
  CHECK(got->attempts_failed == 1);
  CHECK(download.is_whole());
  CHECK(download.store->take_offsets() == Offsets{0, small_range, 2 * small_range, 2 * small_range, 3 * small_range});
  damaged = 1'000;
  CHECK(code_of(download.run()) == "corrupted");
  CHECK(download.is_whole());
  CHECK(download.names() == Names{"target"});
}

TEST_CASE("a store that sends more than it was asked for is not believed, also when it swallows the error") {
  const Download download(2 * small_range);
  download.store->on_bytes = [](std::uint64_t, ByteView bytes, Writer& into) -> Result<void> {
    static_cast<void>(into.write(bytes));
    static_cast<void>(into.write(bytes.first(1)));
    return {};
  };
  CHECK(code_of(download.run()) == "corrupted");
  CHECK(download.names().empty());
}

TEST_CASE("any bit that flips on the way is found by the checksum of the whole, and all comes once more") {
  const Download small(40);
  small.tell_checksum();
  std::atomic<int> times = 0;
  for (std::uint64_t bit = 0; bit < 40 * 8; ++bit) {
    times = 1;
    small.store->on_bytes = flip(bit, times);
    const auto got = small.run();
    REQUIRE(got);
    REQUIRE(got->verified);
    REQUIRE(got->attempts_failed == 1);
    REQUIRE(small.is_whole());
  }
  const Download large(5 * small_range + 3);
  large.tell_checksum();
  std::mt19937 random(3);
  for (int i = 0; i < 60; ++i) {
    times = 1;
    large.store->on_bytes = flip(random() % (large.text.size() * 8), times);
    const auto got = large.run();
    REQUIRE(got);
    REQUIRE(got->attempts_failed == 1);
    REQUIRE(large.is_whole());
    REQUIRE(large.store->take_offsets().size() == 12);
  }
}

TEST_CASE("what is damaged twice is corrupted: what was there stays, and nothing is kept") {
  const Download download(5 * small_range);
  download.tell_checksum();
  download.dir.write("target", "old");
  std::atomic<int> times = 1'000;
  download.store->on_bytes = flip(3 * small_range * 8 + 5, times);
  const auto got = download.run();
  REQUIRE(code_of(got) == "corrupted");
  CHECK_FALSE(got.error().hint().empty());
  CHECK(download.store->take_offsets().size() == 10);
  CHECK(file_text(download.target) == "old");
  CHECK(download.names() == Names{"target"});
}

TEST_CASE("ranges of an earlier run that turn out damaged are all fetched again") {
  const Download download(4 * small_range);
  download.tell_checksum();
  std::atomic<int> times = 1;
  download.store->on_bytes = flip(7, times);
  download.bring_only(2);
  download.store->on_bytes = {};
  const auto got = download.run();
  REQUIRE(got);
  CHECK(got->verified);
  CHECK(got->bytes_resumed == 0);
  CHECK(download.is_whole());
  CHECK(download.store->take_offsets().size() == 6);
}

TEST_CASE("an object that is replaced in the middle is precondition_failed, and nothing is kept of it") {
  const Download download(6 * small_range);
  for (std::uint64_t range = 1; range < 6; ++range) {
    CAPTURE(range);
    REQUIRE(put_text(*download.store, "k", download.text));
    download.store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
      if (get.offset == range * small_range) REQUIRE(put_text(*download.store, "k", pattern(6 * small_range, 2)));
      return {};
    };
    CHECK(code_of(download.run({.connections = 2})) == "precondition_failed");
    REQUIRE(download.names().empty());
  }
}

TEST_CASE("a store that does not look at the etag that is wanted, or finds the change itself, is the same") {
  const Download download(4 * small_range);
  std::atomic<int> infos = 0;
  download.store->on_info = [&](ObjectInfo& info) {
    if (++infos > 3) info.etag = "other";
  };
  CHECK(code_of(download.run({.connections = 1})) == "precondition_failed");
  CHECK(download.names().empty());
  download.store->on_info = {};
  download.store->on_get = [](const GetOptions&, const Context&) -> Result<void> {
    return Error(ErrorCode::conflict, "the object was replaced while it was read");
  };
  CHECK(code_of(download.run()) == "precondition_failed");
  CHECK(download.names().empty());
}

TEST_CASE("an object that goes away in the middle is not_found, and nothing is kept of it") {
  const Download download(6 * small_range);
  download.store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
    if (get.offset == 3 * small_range) return download.store->remove("k", {});
    return {};
  };
  // A store that is asked for one version may call that either.
  const std::string code = code_of(download.run({.connections = 1}));
  CHECK((code == "not_found" || code == "precondition_failed"));
  CHECK(download.names().empty());
}

TEST_CASE("a download stops within 250 ms while the store blocks, dawdles, or waits for the limit") {
  const Download download(4 * small_range);
  std::atomic<bool> is_under_way = false;
  const auto begins = [&] {
    is_under_way = true;
    is_under_way.notify_all();
  };
  SUBCASE("blocks until it is cancelled") {
    download.store->on_get = [&](const GetOptions&, const Context& context) -> Result<void> {
      begins();
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait(lock, context.stop, [] { return false; });
      return context.check("get");
    };
    check_stops_fast(download, {}, is_under_way);
  }
  SUBCASE("dawdles and never looks whether it is to stop") {
    download.store->piece = 16;
    download.store->on_bytes = [&](std::uint64_t, ByteView bytes, Writer& into) {
      begins();
      std::this_thread::sleep_for(5ms);
      return into.write(bytes);
    };
    check_stops_fast(download, {}, is_under_way);
  }
  SUBCASE("waits for the limit") {
    download.store->on_bytes = [&](std::uint64_t, ByteView bytes, Writer& into) {
      begins();
      return into.write(bytes);
    };
    check_stops_fast(download, {.bytes_per_second = 1}, is_under_way);
  }
}

TEST_CASE("a deadline ends a download as timeout, before it begins or in the middle") {
  const Download download(4 * small_range);
  CHECK(code_of(download.run({}, {}, {.deadline = Deadline::after(Duration(0))})) == "timeout");
  CHECK(code_of(download.run({.bytes_per_second = 1}, {}, {.deadline = Deadline::after(50ms)})) == "timeout");
  CHECK(download.names().empty());
}

TEST_CASE("a download that is stopped at any get or piece keeps what came, and goes on from there") {
  const Download download(5 * small_range + 1);
  download.store->piece = 30'000;
  for (int point = 0; point < 24; ++point) {
    CAPTURE(point);
    std::stop_source stop;
    std::atomic<int> left = point;
    const auto pass = [&] {
      if (left.fetch_sub(1) == 0) stop.request_stop();
    };
    download.store->on_get = [&](const GetOptions&, const Context&) -> Result<void> {
      pass();
      return {};
    };
    download.store->on_bytes = [&](std::uint64_t, ByteView bytes, Writer& into) {
      pass();
      return into.write(bytes);
    };
    const auto stopped = download.run({.connections = 2}, {}, {.stop = stop.get_token()});
    REQUIRE(code_of(stopped) == (point < 22 ? "cancelled" : "ok"));
    download.store->on_get = {};
    download.store->on_bytes = {};
    static_cast<void>(download.store->take_offsets());
    std::uint64_t kept = 0;
    if (!stopped && !download.names().empty()) {
      const auto got = download.run();
      REQUIRE(got);
      kept = got->bytes_resumed;
      CHECK(kept > 0);
      CHECK(download.store->take_offsets().size() + (kept + small_range - 1) / small_range == 6);
    } else if (!stopped) {
      REQUIRE(download.run());
    }
    REQUIRE(download.is_whole());
    REQUIRE(download.names() == Names{"target"});
    std::filesystem::remove(download.target);
  }
}
