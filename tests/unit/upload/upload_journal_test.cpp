#include "upload/upload_journal.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

namespace {

struct TestClock final : Clock {
  Timestamp time{1'000'000'000};
  Timestamp now() override { return time; }
};

JournalEntry entry_of(const std::string& uri = "/a/file", const std::string& key = "k") {
  return {.location = "s3://bucket at https://host",
          .key = key,
          .source = {.uri = uri, .size = 100, .modified_ns = 1, .changed_ns = 2, .device = 3, .inode = 4},
          .part_size = 8 << 20};
}

std::vector<PartInfo> some_parts() {
  return {{.number = 1, .size = 5, .etag = "e1", .crc64nvme = UINT64_MAX}, {.number = 7, .size = 6, .etag = "e7"}};
}

}  // namespace

TEST_CASE("an upload comes back with its parts as it was written, to the next process too") {
  const TempDir folder;
  TestClock clock;
  JournalEntry entry = entry_of();
  {
    UploadJournal journal(folder / "u.db", clock);
    REQUIRE(journal.add(entry, {}));
    entry.upload_id = "id";
    entry.completing = true;
    REQUIRE(journal.update(entry, {}));
    REQUIRE(journal.acknowledge(entry.id, some_parts(), {}));
  }
  UploadJournal journal(folder / "u.db", clock);
  const auto there = journal.take(entry.location, "k", "/a/file", {}).value();
  REQUIRE(there);
  CHECK(there->upload_id == "id");
  CHECK(there->completing);
  CHECK(there->source == entry.source);
  CHECK(there->part_size == entry.part_size);
  const auto parts = journal.parts(there->id, {}).value();
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].crc64nvme == UINT64_MAX);
  CHECK_FALSE(parts[1].crc64nvme);
  CHECK(parts[1].etag == "e7");
  struct stat status{};
  REQUIRE(::stat((folder / "u.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("what is another source, key or place is not found") {
  const TempDir folder;
  TestClock clock;
  UploadJournal journal(folder / "u.db", clock);
  JournalEntry entry = entry_of();
  REQUIRE(journal.add(entry, {}));
  journal.release(entry.id);
  CHECK_FALSE(journal.take(entry.location, "k", "/another", {}).value());
  CHECK_FALSE(journal.take(entry.location, "l", "/a/file", {}).value());
  CHECK_FALSE(journal.take("elsewhere", "k", "/a/file", {}).value());
  CHECK(journal.take(entry.location, "k", "/a/file", {}).value());
}

TEST_CASE("an entry is held by one at a time, in this process and in others") {
  const TempDir folder;
  TestClock clock;
  UploadJournal journal(folder / "u.db", clock);
  JournalEntry entry = entry_of();
  REQUIRE(journal.add(entry, {}));
  CHECK(journal.take(entry.location, "k", "/a/file", {}).error().code() == ErrorCode::conflict);
  UploadJournal other(folder / "u.db", clock);
  CHECK(other.take(entry.location, "k", "/a/file", {}).error().code() == ErrorCode::conflict);
  CHECK(other.take_stale(entry.location, clock.time, {}).value().empty());
  journal.release(entry.id);
  CHECK(other.take(entry.location, "k", "/a/file", {}).value());  // while the first one lives
  CHECK(journal.take(entry.location, "k", "/a/file", {}).error().code() == ErrorCode::conflict);
  other.release(entry.id);
  CHECK(journal.take(entry.location, "k", "/a/file", {}).value());
}

TEST_CASE("the hold ends with its process") {
  const TempDir folder;
  TestClock clock;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    UploadJournal journal(folder / "u.db", clock);
    JournalEntry entry = entry_of();
    const bool good = journal.add(entry, {}).has_value();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  UploadJournal journal(folder / "u.db", clock);
  CHECK(journal.take(entry_of().location, "k", "/a/file", {}).value());
}

TEST_CASE("only what did not get on for long is stale, and a removed entry is gone with its parts") {
  const TempDir folder;
  TestClock clock;
  UploadJournal journal(folder / "u.db", clock);
  JournalEntry old = entry_of("/old");
  REQUIRE(journal.add(old, {}));
  clock.time.microseconds += 100;
  JournalEntry fresh = entry_of("/fresh");
  REQUIRE(journal.add(fresh, {}));
  REQUIRE(journal.acknowledge(old.id, some_parts(), {}));  // touched at 100
  clock.time.microseconds += 100;
  REQUIRE(journal.acknowledge(fresh.id, some_parts(), {}));
  journal.release(old.id);
  journal.release(fresh.id);
  const Timestamp start{1'000'000'000};
  CHECK(journal.take_stale(old.location, {start.microseconds + 99}, {}).value().empty());
  const auto stale = journal.take_stale(old.location, {start.microseconds + 100}, {}).value();
  REQUIRE(stale.size() == 1);
  CHECK(stale[0].source.uri == "/old");
  REQUIRE(journal.remove(old.id, {}));
  CHECK(journal.parts(old.id, {}).value().empty());
  CHECK(journal.take_stale(old.location, {start.microseconds + 500}, {}).value().size() == 1);
}

TEST_CASE("a row whose bytes were changed counts as not there") {
  const TempDir folder;
  TestClock clock;
  JournalEntry entry = entry_of();
  {
    UploadJournal journal(folder / "u.db", clock);
    REQUIRE(journal.add(entry, {}));
    REQUIRE(journal.acknowledge(entry.id, some_parts(), {}));
  }
  const auto change = [&](const std::string& sql) {
    auto database = sqlite::Connection::open({.path = folder / "u.db"}).value();
    REQUIRE(database->execute(sql));
  };
  SUBCASE("of a part") {
    for (const char* column : {"size = size + 1", "etag = 'e2'", "crc64nvme = 5", "seal = seal + 1", "number = 2"}) {
      change("UPDATE parts SET " + std::string(column) + " WHERE number = 1");
      UploadJournal journal(folder / "u.db", clock);
      const auto parts = journal.parts(entry.id, {}).value();
      REQUIRE(parts.size() == 1);
      CHECK(parts[0].number == 7);
    }
  }
  SUBCASE("of an upload") {
    for (const char* column : {"upload_id = 'x'", "size = 99", "part_size = 5", "completing = 1", "inode = 9"}) {
      CAPTURE(column);
      change("UPDATE uploads SET " + std::string(column));
      UploadJournal journal(folder / "u.db", clock);
      CHECK_FALSE(journal.take(entry.location, "k", "/a/file", {}).value());
      journal.release(entry.id);
      change("UPDATE uploads SET upload_id = '', size = 100, part_size = 8388608, completing = 0, inode = 4");
      CHECK(journal.take(entry.location, "k", "/a/file", {}).value());
      journal.release(entry.id);
    }
  }
}

TEST_CASE("a journal that is no database says what to do, and nothing is lost") {
  const TempDir folder;
  TestClock clock;
  std::ofstream(folder / "u.db") << std::string(5000, 'x');
  UploadJournal journal(folder / "u.db", clock);
  const auto taken = journal.take("l", "k", "u", {});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code() == ErrorCode::corrupted);
  CHECK(taken.error().hint().find("move this file away") != std::string::npos);
  std::ifstream file(folder / "u.db");
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}).size() == 5000);
}

TEST_CASE("nothing is made by looking for what is stale") {
  const TempDir folder;
  TestClock clock;
  UploadJournal journal(folder / "u.db", clock);
  CHECK(journal.take_stale("l", clock.time, {}).value().empty());
  CHECK(::access((folder / "u.db").c_str(), F_OK) != 0);
}
