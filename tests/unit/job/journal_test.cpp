#include "job/journal.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/owner_lock.h"
#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

namespace {

std::unique_ptr<Journal> open_in(const TempDir& folder) {
  return open_sqlite_journal({.path = folder / "journal.db"}).value();
}

Job job_for(const std::string& document, JobKind kind = JobKind::ingest) {
  static int number = 0;
  Job job{.id = "job" + std::to_string(++number), .document_id = document, .kind = kind, .started = {number}};
  job.object_key = "documents/" + document + ".t" + std::to_string(number);
  job.options.name = document + ".txt";
  return job;
}

Begun begin(Journal& journal, Job& job) { return journal.begin({&job, 1}, {}).value().front(); }

}  // namespace

TEST_CASE("a job comes back as it was saved") {
  const TempDir folder;
  const auto journal = open_in(folder);
  Job job = job_for("d1");
  job.path = "/tmp/odd \xff name";
  job.options.tags = {"a", "b"};
  job.options.attributes = {{"when", Timestamp{5}}, {"n", 1.0}};
  job.options.summary_length = {.words = 40};
  job.options.extra_hashes = Hashes::md5;
  REQUIRE(begin(*journal, job) == Begun::yes);
  job.stage = Stage::index;
  job.size = 77;
  job.checksums = {.sha256 = "aa", .md5 = "bb"};
  job.object = {"file", job.object_key, "v", "e"};
  job.old_keys = {"documents/d1.old"};
  job.identity = {.uri = job.path, .size = 77, .modified_ns = -1, .changed_ns = 2, .device = UINT64_MAX, .inode = 9};
  const Job* saved = &job;
  REQUIRE(journal->save({&saved, 1}, {}));
  const auto held = journal->pending({}).value();
  REQUIRE(held.size() == 1);
  const Job& back = held[0].job;
  CHECK(held[0].holder == Holder::us);
  CHECK(back.stage == Stage::index);
  CHECK(back.path == job.path);
  CHECK(back.options.tags == job.options.tags);
  CHECK(back.options.attributes == job.options.attributes);
  CHECK(back.options.summary_length.words == 40);
  CHECK(back.options.extra_hashes == Hashes::md5);
  CHECK(back.checksums == job.checksums);
  CHECK(back.object == job.object);
  CHECK(back.old_keys == job.old_keys);
  CHECK(back.identity == job.identity);
  CHECK(back.attempts == 1);
}

TEST_CASE("one document has one job, and only the dead are replaced") {
  const TempDir folder;
  const auto mine = open_in(folder);
  Job first = job_for("d1");
  CHECK(begin(*mine, first) == Begun::yes);
  {
    const auto other = open_in(folder);
    Job second = job_for("d1");
    CHECK(begin(*other, second) == Begun::held);
    Job apart = job_for("d2");
    CHECK(begin(*other, apart) == Begun::yes);
    CHECK(mine->claim(10, {}).value().empty());
  }
  const auto claimed = mine->claim(10, {}).value();  // the other one is gone
  REQUIRE(claimed.size() == 1);
  CHECK(claimed[0].document_id == "d2");
  CHECK(claimed[0].attempts == 2);
  REQUIRE(mine->release({&first, 1}));
  Job next = job_for("d1");
  CHECK(begin(*mine, next) == Begun::yes);
  CHECK(next.old_keys == std::vector{first.object_key});
}

TEST_CASE("a reindex is contained in a pending ingest") {
  const TempDir folder;
  const auto journal = open_in(folder);
  Job ingest = job_for("d1");
  CHECK(begin(*journal, ingest) == Begun::yes);
  REQUIRE(journal->release({&ingest, 1}));
  Job reindex = job_for("d1", JobKind::reindex);
  CHECK(begin(*journal, reindex) == Begun::contained);
  Job removal = job_for("d1", JobKind::remove);
  CHECK(begin(*journal, removal) == Begun::yes);
}

TEST_CASE("a key belongs to the first document that begins with it, until that is given up") {
  const TempDir folder;
  const auto journal = open_in(folder);
  Job first = job_for("d1");
  Job second = job_for("d2");
  first.options.idempotency_key = second.options.idempotency_key = "k";
  CHECK(begin(*journal, first) == Begun::yes);
  CHECK(begin(*journal, second) == Begun::key_taken);
  CHECK(journal->key("k", {}).value()->sha256.empty());
  CHECK(journal->under_way("d2", {}).value().empty());
  REQUIRE(journal->abandon(first));
  CHECK(begin(*journal, second) == Begun::yes);
}

TEST_CASE("where jobs stand can be asked of one document or of all") {
  const TempDir folder;
  const auto journal = open_in(folder);
  Job first = job_for("d1");
  Job second = job_for("d2", JobKind::reindex);
  first.stage = Stage::extract;
  CHECK(begin(*journal, first) == Begun::yes);
  CHECK(begin(*journal, second) == Begun::yes);
  const auto one = journal->under_way("d1", {}).value();
  REQUIRE(one.size() == 1);
  CHECK(one[0].stage == Stage::extract);
  CHECK(one[0].kind == JobKind::ingest);
  CHECK(journal->under_way({}, {}).value().size() == 2);
  CHECK(journal->under_way("d3", {}).value().empty());
}

TEST_CASE("finishing remembers source and key, removing forgets them, tidying forgets old keys") {
  const TempDir folder;
  const auto journal = open_in(folder);
  Job job = job_for("d1");
  job.options.idempotency_key = "k";
  job.checksums.sha256 = "abc";
  job.object = {"file", job.object_key, "", ""};
  job.identity = {.uri = "/a", .size = 1, .modified_ns = 2, .changed_ns = 3, .device = 4, .inode = 5};
  REQUIRE(begin(*journal, job) == Begun::yes);
  const Job* done = &job;
  REQUIRE(journal->finish({&done, 1}, {}));
  CHECK(journal->pending({}).value().empty());
  const auto source = journal->source("d1", {}).value();
  REQUIRE(source.has_value());
  CHECK(source->identity == job.identity);
  CHECK(source->object_key == job.object_key);
  CHECK(journal->key("k", {}).value()->sha256 == "abc");
  REQUIRE(journal->tidy({1}, {}));
  CHECK(journal->key("k", {}).value().has_value());
  REQUIRE(journal->tidy({Timestamp::now().microseconds + 1'000'000}, {}));
  CHECK_FALSE(journal->key("k", {}).value().has_value());
  Job removal = job_for("d1", JobKind::remove);
  REQUIRE(begin(*journal, removal) == Begun::yes);
  done = &removal;
  REQUIRE(journal->finish({&done, 1}, {}));
  CHECK_FALSE(journal->source("d1", {}).value().has_value());
}

TEST_CASE("the lock of a killed process is free, that of a living one is not") {
  const TempDir folder;
  OwnerLock mine(folder / "owners");
  REQUIRE(mine.hold());
  const pid_t child = ::fork();
  if (child == 0) {
    OwnerLock theirs(folder / "owners");
    if (!theirs.hold()) ::_exit(1);
    std::ofstream(folder / "name") << theirs.name() << std::flush;
    for (;;) ::pause();
  }
  std::string name;
  while (name.size() < mine.name().size()) std::ifstream(folder / "name") >> name;
  CHECK(mine.alive(name));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_FALSE(mine.alive(name));
  CHECK(mine.alive(mine.name()));
  mine.tidy();
  CHECK_FALSE(std::filesystem::exists(folder.path() / "owners" / name));
  CHECK(std::filesystem::exists(folder.path() / "owners" / mine.name()));
}

TEST_CASE("a journal is for its owner only") {
  const TempDir folder;
  const auto journal = open_in(folder);
  CHECK((std::filesystem::status(folder / "journal.db").permissions() & std::filesystem::perms(0077)) ==
        std::filesystem::perms::none);
}

TEST_CASE("a journal cut at any place is read or refused, never misread") {
  const TempDir folder;
  {
    const auto journal = open_in(folder);
    for (int i = 0; i < 20; ++i) {
      Job job = job_for("d" + std::to_string(i));
      REQUIRE(begin(*journal, job) == Begun::yes);
    }
  }
  std::ifstream in(folder / "journal.db", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  REQUIRE(whole.size() > 4096);
  int refused = 0;
  const TempDir cut;
  for (std::size_t size = 1; size < whole.size(); size += size < 256 ? 1 : 509) {
    CAPTURE(size);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(cut / ("journal.db" + std::string(suffix)));
    cut.write("journal.db", whole.substr(0, size));
    auto journal = open_sqlite_journal({.path = cut / "journal.db"});
    if (!journal) {
      ++refused;
      CHECK(journal.error().code() == ErrorCode::corrupted);
      continue;
    }
    const auto jobs = (*journal)->pending({});
    if (jobs) CHECK(jobs->size() == 20);
    else CHECK(jobs.error().code() == ErrorCode::corrupted);
  }
  CHECK(refused > 100);
}
