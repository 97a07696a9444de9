#include <docupilot/upload/downloader.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "support/child_process.h"
#include "unit/upload/download_support.h"
#include "upload/download_record.h"

using namespace docupilot;
using namespace docupilot_test;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t ranges = 6;
constexpr std::size_t size = 5 * small_range + 1'000;

/// A store with an object "k" that can be told to fail from some range on.
struct Setting {
  TempDir dir;
  std::shared_ptr<ScriptedStore> store = std::make_shared<ScriptedStore>();
  std::string text = pattern(size);
  std::string target = dir / "file";

  Setting() { put_text(*store, "k", text).value(); }
  [[nodiscard]] Result<DownloadResult> download(DownloaderOptions options = {.connections = 1}) const {
    return downloader_for(store, options)->to_file("k", target);
  }
  /// Brings so many ranges and then fails.
  void leave_after(std::size_t count, DownloaderOptions options = {.connections = 1}) {
    store->on_get = [count](const GetOptions& get, const Context&) -> Result<void> {
      if (get.offset >= count * small_range) return Error(ErrorCode::unavailable, "the test breaks the connection");
      return {};
    };
    REQUIRE(code_of(download(options)) == "unavailable");
    store->on_get = {};
    store->take_offsets();
  }
  [[nodiscard]] std::string part() const { return path_ending(dir.path(), ".part"); }
  [[nodiscard]] std::string record() const { return path_ending(dir.path(), ".record"); }
};

void change_byte(const std::string& path, std::uint64_t at, char by) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(file.get() ^ by);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

Offsets from_range(std::size_t first) {
  Offsets offsets;
  for (std::size_t i = first; i < ranges; ++i) offsets.push_back(i * small_range);
  return offsets;
}

}  // namespace

TEST_CASE("a download that failed goes on where it was, and leaves nothing when it is done") {
  Setting setting;
  for (std::size_t count = 1; count < ranges; ++count) {
    setting.leave_after(count);
    CHECK(names_in(setting.dir.path()).size() == 2);
    CHECK_FALSE(fs::exists(setting.target));
    const auto got = setting.download({.connections = 3});
    REQUIRE(got);
    CHECK(got->bytes_resumed == count * small_range);
    CHECK(got->crc64nvme == crc64nvme(as_bytes(setting.text)));
    CHECK(setting.store->take_offsets() == from_range(count));
    CHECK(file_text(setting.target) == setting.text);
    CHECK(names_in(setting.dir.path()) == Names{"file"});
    fs::remove(setting.target);
  }
}

TEST_CASE("a download that failed before a range was whole leaves nothing") {
  Setting setting;
  setting.leave_after(0);
  CHECK(names_in(setting.dir.path()).empty());
}

TEST_CASE("without resume nothing is left, and what an earlier download left is not used and goes away") {
  Setting setting;
  setting.leave_after(3, {.connections = 1, .resume = false});
  CHECK(names_in(setting.dir.path()).empty());
  setting.leave_after(3);
  const auto got = setting.download({.connections = 1, .resume = false});
  REQUIRE(got);
  CHECK(got->bytes_resumed == 0);
  CHECK(setting.store->take_offsets() == from_range(0));
  CHECK(names_in(setting.dir.path()) == Names{"file"});
}

TEST_CASE("a download of another version, size, key, store or range size begins anew") {
  for (const std::string what : {"version", "size", "key", "store", "range size", "nothing"}) {
    CAPTURE(what);
    Setting setting;
    setting.leave_after(3);
    if (what == "version") setting.text = pattern(size, 2);
    if (what == "size") setting.text.pop_back();
    if (what == "version" || what == "size") put_text(*setting.store, "k", setting.text).value();
    if (what == "store") setting.store->where = "memory elsewhere";
    if (what == "key") {
      std::string etag = setting.store->head("k", {}).value().etag;
      put_text(*setting.store, "l", setting.text).value();
      setting.store->on_info = [etag](ObjectInfo& info) { info.etag = etag; };
      setting.store->on_get = {};
    }
    DownloaderOptions options{.connections = 1, .range_size = small_range + (what == "range size" ? 1 : 0)};
    const auto downloader = make_downloader(setting.store, options).value();
    if (what == "key") {
      // Its version is told to be the same, which the memory store does not agree to.
      CHECK(code_of(downloader->to_file("l", setting.target)) == "precondition_failed");
      CHECK(setting.store->take_offsets() == Offsets{0});
      continue;
    }
    const auto got = downloader->to_file("k", setting.target);
    REQUIRE(got);
    CHECK(got->bytes_resumed == (what == "nothing" ? 3 * small_range : 0));
    CHECK(setting.store->take_offsets().size() == (what == "nothing" ? 3 : 6));
    CHECK(file_text(setting.target) == setting.text);
    CHECK(names_in(setting.dir.path()) == Names{"file"});
  }
}

TEST_CASE("F38: a rotten byte in a range that had come is noticed, and that range alone fetched again") {
  Setting setting;
  for (const std::size_t where : {0UL, 65'535UL, 65'536UL, 200'000UL}) {
    CAPTURE(where);
    setting.leave_after(5);
    change_byte(setting.part(), where, 1);
    const auto got = setting.download();
    REQUIRE(got);
    CHECK(got->bytes_resumed == 4 * small_range);
    CHECK(setting.store->take_offsets() == Offsets{where / small_range * small_range, 5 * small_range});
    CHECK(file_text(setting.target) == setting.text);
    fs::remove(setting.target);
  }
}

TEST_CASE("F38: a hidden file that was cut, grew, or was taken away costs what is missing, never a wrong byte") {
  Setting setting;
  for (const std::size_t length : {std::size_t{0}, std::size_t{70'000}, size, size + 9}) {
    CAPTURE(length);
    setting.leave_after(5);
    fs::resize_file(setting.part(), length);
    const auto got = setting.download();
    REQUIRE(got);
    CHECK(got->bytes_resumed == std::min<std::size_t>(5, length / small_range) * small_range);
    CHECK(file_text(setting.target) == setting.text);
    CHECK(names_in(setting.dir.path()) == Names{"file"});
    fs::remove(setting.target);
  }
  for (const bool part : {true, false}) {
    setting.leave_after(5);
    fs::remove(part ? setting.part() : setting.record());
    REQUIRE(setting.download());
    CHECK(setting.store->take_offsets() == from_range(0));
    CHECK(file_text(setting.target) == setting.text);
    CHECK(names_in(setting.dir.path()) == Names{"file"});
    fs::remove(setting.target);
  }
}

TEST_CASE("F38: a record that is cut at any byte or has any bit flipped never makes a wrong file") {
  Setting setting;
  setting.leave_after(5);
  const std::string part_name = setting.part();
  const std::string record_name = setting.record();
  const std::string part = file_text(part_name);
  const std::string record = file_text(record_name);
  REQUIRE(record.size() == 32 + 5 * 16);
  const auto check = [&](const std::string& damaged) {
    {
      std::ofstream(part_name, std::ios::binary) << part;
      std::ofstream(record_name, std::ios::binary) << damaged;
      for (const std::string& name : {part_name, record_name}) {
        fs::permissions(name, fs::perms::owner_read | fs::perms::owner_write);
      }
    }
    const auto got = setting.download();
    REQUIRE(got);
    const Offsets fetched = setting.store->take_offsets();
    CHECK(got->bytes_resumed == size - 1'000 - (fetched.size() - 1) * small_range);
    REQUIRE(file_text(setting.target) == setting.text);
    REQUIRE(names_in(setting.dir.path()) == Names{"file"});
    fs::remove(setting.target);
    return fetched.size();
  };
  CHECK(check(record) == 1);
  for (std::size_t length = 0; length < record.size(); ++length) CHECK(check(record.substr(0, length)) > 1);
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    CHECK(check(flipped) == (bit / 8 < 32 ? ranges : 2));
  }
}

TEST_CASE("F38: a damaged file under a damaged record with the store's checksum unknown is still the object") {
  Setting setting;
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    setting.leave_after(1 + random() % 5);
    for (unsigned i = random() % 4; i > 0; --i) change_byte(setting.part(), random() % size, 8);
    for (unsigned i = random() % 4; i > 0; --i) {
      change_byte(setting.record(), random() % fs::file_size(setting.record()), 2);
    }
    REQUIRE(setting.download({.connections = 4}));
    REQUIRE(file_text(setting.target) == setting.text);
    fs::remove(setting.target);
  }
}

TEST_CASE("F37: downloads killed at 30 random instants fetch no range again that had come, and end as the object") {
  const TempDir dir;
  const std::string target = dir / "file";
  const std::string text = pattern(40 * small_range + 77);
  const auto store = std::make_shared<ScriptedStore>();
  const ObjectInfo object = put_text(*store, "k", text).value();
  const DownloadRecord layout(
      {.location = store->where, .key = "k", .etag = object.etag, .size = object.size, .range_size = small_range});
  std::mt19937 random(11);
  int resumed = 0;
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    {
      ChildProcess child([&](const ChildProcess::Tell& tell) {
        store->piece = 8'192;
        store->on_get = [&](const GetOptions&, const Context&) -> Result<void> {
          tell(".");
          return {};
        };
        const auto got =
            downloader_for(store, {.connections = 3, .bytes_per_second = 40'000'000})->to_file("k", target);
        tell(got ? "good" : "bad");
        for (;;) ::pause();
      });
      static_cast<void>(child.read(1 + random() % 41));
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 4'000));  // any instant will do
      child.kill();
    }
    if (fs::exists(target)) {
      CHECK(file_text(target) == text);
      fs::remove(target);
      continue;
    }
    const std::string record_path = path_ending(dir.path(), ".record");
    const std::string bytes = record_path.empty() ? std::string() : file_text(record_path);
    const auto entries = layout.read(as_bytes(bytes), 41);
    store->take_offsets();
    const auto got = downloader_for(store)->to_file("k", target);
    REQUIRE(got);
    const Offsets fetched = store->take_offsets();
    for (const auto& entry : entries) CHECK_FALSE(std::ranges::binary_search(fetched, entry.index * small_range));
    CHECK(fetched.size() + entries.size() == 41);
    CHECK(file_text(target) == text);
    CHECK(names_in(dir.path()) == Names{"file"});
    resumed += entries.empty() ? 0 : 1;
    fs::remove(target);
  }
  CHECK(resumed > 5);
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

TEST_CASE("F39: of two processes at one target the second is refused, until the first has died") {
  const TempDir dir;
  const std::string target = dir / "file";
  const auto store = std::make_shared<ScriptedStore>();
  const std::string text = pattern(4 * small_range);
  REQUIRE(put_text(*store, "k", text));
  ChildProcess first([&](const ChildProcess::Tell& tell) {
    store->on_get = [&](const GetOptions& get, const Context&) -> Result<void> {
      if (get.offset < 2 * small_range) return {};
      tell("2");
      for (;;) ::pause();
    };
    static_cast<void>(downloader_for(store, {.connections = 1})->to_file("k", target));
  });
  REQUIRE(first.read(1) == "2");
  CHECK(code_of(downloader_for(store)->to_file("k", target)) == "conflict");
  CHECK(code_of(downloader_for(store, {.resume = false})->to_file("k", target)) == "conflict");
  CHECK(store->take_offsets().empty());
  first.kill();
  const auto got = downloader_for(store)->to_file("k", target);
  REQUIRE(got);
  CHECK(got->bytes_resumed == 2 * small_range);
  CHECK(file_text(target) == text);
}
