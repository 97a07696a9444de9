#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "support/child_process.h"
#include "unit/upload/download_support.h"
#include "upload/download_record.h"

using namespace docupilot;
using namespace docupilot_test;
namespace fs = std::filesystem;

namespace {

/// Writes a file as a download would have left it.
void plant(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
}

/// What a run that was ended has left, to be brought back as often as a test likes.
struct Left {
  std::string part_path;
  std::string record_path;
  std::string part;
  std::string record;

  explicit Left(const Download& download)
      : part_path(path_ending(download.dir.path(), ".part")),
        record_path(path_ending(download.dir.path(), ".record")),
        part(file_text(part_path)),
        record(file_text(record_path)) {}
  void bring_back() const {
    plant(part_path, part);
    plant(record_path, record);
  }
};

/// The next run is right whatever it found, and fetches exactly these ranges.
void check_next(const Download& download, const Offsets& fetched) {
  const auto got = download.run();
  REQUIRE(got);
  REQUIRE(download.is_whole());
  REQUIRE(got->crc64nvme == crc64nvme(as_bytes(download.text)));
  REQUIRE(download.store->take_offsets() == fetched);
  REQUIRE(download.names() == Names{"target"});
}

/// The ranges that the record on the disk tells of.
std::set<std::uint64_t> recorded(const Download& download, std::uint64_t ranges) {
  const std::string path = path_ending(download.dir.path(), ".record");
  const DownloadRecord record({.location = download.store->location(),
                               .key = "k",
                               .etag = download.etag(),
                               .size = download.text.size(),
                               .range_size = small_range});
  std::set<std::uint64_t> indexes;
  for (const auto& entry : record.read(as_bytes(file_text(path)), ranges)) indexes.insert(entry.index);
  return indexes;
}

}  // namespace

TEST_CASE("a run that goes on fetches only what is missing, and the whole is still verified") {
  const Download download(5 * small_range + 9);
  download.tell_checksum();
  download.bring_only(3);
  CHECK(download.names().size() == 2);
  std::vector<TransferProgress> told;
  const auto got = download.run({}, {.on_progress = [&](const TransferProgress& now) { told.push_back(now); }});
  REQUIRE(got);
  CHECK(got->verified);
  CHECK(got->bytes_resumed == 3 * small_range);
  CHECK(download.is_whole());
  CHECK(download.store->take_offsets() == Offsets{3 * small_range, 4 * small_range, 5 * small_range});
  CHECK(told.back().bytes_resumed == 3 * small_range);
  CHECK(told.back().bytes_done == download.text.size());
  CHECK(download.names() == Names{"target"});
}

TEST_CASE("an object of which all ranges have come is only read back") {
  const Download download(3 * small_range);
  download.tell_checksum();
  // All ranges are recorded; then the process is to die before the file is in its place.
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    static_cast<void>(download.run({.connections = 1}, {.on_progress = [&](const TransferProgress& now) {
                                     if (now.bytes_done < download.text.size()) return;
                                     tell("x");
                                     for (;;) ::pause();
                                   }}));
  });
  REQUIRE(child.read(1) == "x");
  child.kill();
  CHECK_FALSE(fs::exists(download.target));
  check_next(download, {});
}

TEST_CASE("without resume nothing is kept of a run that fails, and nothing used of one that kept") {
  const Download download(3 * small_range);
  download.bring_only(2);
  CHECK(download.names().size() == 2);
  download.store->on_get = [](const GetOptions& get, const Context&) -> Result<void> {
    if (get.offset < 2 * small_range) return {};
    return Error(ErrorCode::unavailable, "the test lets no more come");
  };
  CHECK(code_of(download.run({.connections = 1, .resume = false})) == "unavailable");
  CHECK(download.names().empty());
  download.store->on_get = {};
  download.bring_only(2);
  const auto got = download.run({.resume = false});
  REQUIRE(got);
  CHECK(got->bytes_resumed == 0);
  CHECK(download.store->take_offsets().size() == 3);
  CHECK(download.is_whole());
}

TEST_CASE("nothing is used of a download of another version, size, key, store or size of ranges") {
  for (const std::string what : {"version", "size", "key", "store", "range size"}) {
    CAPTURE(what);
    Download download(4 * small_range);
    download.bring_only(2);
    std::string key = "k";
    std::uint64_t range_size = small_range;
    if (what == "version") REQUIRE(put_text(*download.store, key, download.text = pattern(4 * small_range, 2)));
    if (what == "size") {
      // Of a store that gives everything the same etag, and asks for none.
      const std::string etag = download.etag();
      REQUIRE(put_text(*download.store, key, download.text = pattern(4 * small_range - 9, 2)));
      download.store->on_info = [etag](ObjectInfo& info) { info.etag = etag; };
      download.store->ignores_if_match = true;
    }
    if (what == "key") REQUIRE(put_text(*download.store, key = "other", download.text = pattern(4 * small_range, 3)));
    if (what == "store") download.store->where = "elsewhere";
    if (what == "range size") range_size *= 2;
    const auto got = make_downloader(download.store, {.range_size = range_size}).value()->to_file(key, download.target);
    REQUIRE(got);
    CHECK(got->bytes_resumed == 0);
    CHECK(download.store->take_offsets().size() == 4 * small_range / range_size);
    CHECK(download.is_whole());
    CHECK(download.names() == Names{"target"});
  }
}

TEST_CASE("a record cut anywhere or with any bit flipped costs ranges, and never skips one wrongly") {
  const Download download(2 * small_range + 500);
  download.bring_only(2);
  const Left left(download);
  REQUIRE(left.record.size() == 64);
  const Offsets all = {0, small_range, 2 * small_range};
  for (std::size_t size = 0; size <= left.record.size(); ++size) {
    CAPTURE(size);
    left.bring_back();
    plant(left.record_path, left.record.substr(0, size));
    check_next(download, size < 48 ? all : size < 64 ? Offsets{all[1], all[2]} : Offsets{all[2]});
  }
  for (std::size_t bit = 0; bit < left.record.size() * 8; ++bit) {
    CAPTURE(bit);
    left.bring_back();
    std::string record = left.record;
    record[bit / 8] = static_cast<char>(record[bit / 8] ^ (1 << (bit % 8)));
    plant(left.record_path, record);
    check_next(download, bit / 8 < 32 ? all : bit / 8 < 48 ? Offsets{all[0], all[2]} : Offsets{all[1], all[2]});
  }
}

TEST_CASE("bytes on the disk that are not as recorded are fetched again, and so are those that are gone") {
  const Download download(3 * small_range + 500);
  download.bring_only(3);
  const Left left(download);
  std::mt19937 random(11);
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t bit = random() % (3 * small_range * 8);
    CAPTURE(bit);
    left.bring_back();
    std::string part = left.part;
    part[bit / 8] = static_cast<char>(part[bit / 8] ^ (1 << (bit % 8)));
    plant(left.part_path, part);
    check_next(download, {bit / 8 / small_range * small_range, 3 * small_range});
  }
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, small_range, 2 * small_range + 77}) {
    CAPTURE(size);
    left.bring_back();
    plant(left.part_path, left.part.substr(0, size));
    Offsets missing;
    for (std::uint64_t at = size / small_range * small_range; at < download.text.size(); at += small_range) {
      missing.push_back(at);
    }
    check_next(download, missing);
  }
  left.bring_back();
  plant(left.part_path, left.part + std::string(100'000, 'x'));
  check_next(download, {3 * small_range});
  left.bring_back();
  fs::remove(left.record_path);
  check_next(download, {0, small_range, 2 * small_range, 3 * small_range});
  left.bring_back();
  fs::remove(left.part_path);
  check_next(download, {0, small_range, 2 * small_range, 3 * small_range});
  left.bring_back();
  plant(left.record_path, left.record + std::string(1'000, 'x'));
  check_next(download, {3 * small_range});
}

TEST_CASE("a download killed at any instant, thirty times, goes on where it was") {
  constexpr std::uint64_t ranges = 24;
  std::mt19937 random(2026);
  unsigned kills = 0;
  std::uint64_t spared = 0;
  while (kills < 30) {
    const Download download((ranges - 1) * small_range + 4'321);
    download.tell_checksum();
    download.store->piece = 16'384;
    const unsigned connections = 1 + random() % 4;
    CAPTURE(connections);
    std::set<std::uint64_t> had;
    for (int lives = 1 + static_cast<int>(random() % 3); lives > 0; --lives, ++kills) {
      CAPTURE(kills);
      ChildProcess child([&](const ChildProcess::Tell& tell) {
        download.store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
          tell(std::string(1, static_cast<char>(get.offset / small_range)));
          return {};
        };
        download.store->on_bytes = [&](std::uint64_t, ByteView bytes, Writer& into) {
          std::this_thread::sleep_for(std::chrono::microseconds(100));
          return into.write(bytes);
        };
        static_cast<void>(download.run({.connections = connections}));
        for (;;) ::pause();
      });
      const std::uint64_t left = ranges - had.size();
      std::string asked = child.read(random() % (left + 1));
      const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 2'000);
      while (std::chrono::steady_clock::now() < until) continue;
      child.kill();
      asked += child.finish();
      for (const char index : asked) REQUIRE_FALSE(had.contains(static_cast<std::uint64_t>(index)));
      if (fs::exists(download.target)) {
        REQUIRE(download.is_whole());
        had.clear();
        for (std::uint64_t i = 0; i < ranges; ++i) had.insert(i);
        break;
      }
      const auto now = recorded(download, ranges);
      REQUIRE(std::ranges::includes(now, had));
      // All but those that were on their way have come.
      REQUIRE(now.size() + connections >= had.size() + asked.size());
      had = now;
    }
    if (fs::exists(download.target)) continue;
    spared += had.size();
    Offsets missing;
    for (std::uint64_t i = 0; i < ranges; ++i) {
      if (!had.contains(i)) missing.push_back(i * small_range);
    }
    check_next(download, missing);
  }
  CHECK(spared > 30);
}
