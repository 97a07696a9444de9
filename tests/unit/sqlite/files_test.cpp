#include <fstream>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite/database.h"
#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;
using sqlite::Connection;

namespace {

ErrorCode open_code(const sqlite::OpenOptions& options) {
  const auto opened = Connection::open(options);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().backend() == "sqlite");
  CHECK(opened.error().operation() == "open");
  return opened.error().code();
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A closed database of some pages, its log gone.
std::string database(const TempDir& folder, const std::string& name) {
  const std::string path = folder / name;
  const auto connection = Connection::open({.path = path}).value();
  connection
      ->execute(
          "CREATE TABLE t(x PRIMARY KEY, y);"
          "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<300)"
          " INSERT INTO t SELECT x, printf('%0100d', x) FROM n")
      .value();
  return path;
}

Result<std::int64_t> read_through(const std::string& path, bool read_only) {
  auto connection = Connection::open({.path = path, .read_only = read_only});
  if (!connection) return std::move(connection).error();
  auto row = (*connection)->prepare("SELECT sum(length(y)), max(x) FROM t ORDER BY y");
  if (!row) return std::move(row).error();
  const auto stepped = row->step();
  if (!stepped) return Error(stepped.error());
  return row->integer(0);
}

// Runs `body` in a process that may not read or write what is not its own.
int as_nobody(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(99);
    _exit(body());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("what cannot be a database is refused when it is opened") {
  const TempDir folder;
  CHECK(open_code({.path = ""}) == ErrorCode::invalid_argument);
  CHECK(open_code({.path = std::string("a\0b", 3)}) == ErrorCode::invalid_argument);
  CHECK(open_code({.path = folder.path().string()}) == ErrorCode::invalid_argument);
  CHECK(open_code({.path = folder / "missing.db", .read_only = true}) == ErrorCode::not_found);
  CHECK(open_code({.path = folder / "missing/a.db"}) == ErrorCode::not_found);
  CHECK_FALSE(std::filesystem::exists(folder / "missing.db"));
}

TEST_CASE("a file that is no database is corrupted, and left as it is") {
  const TempDir folder;
  const std::string text(10'000, 'x');
  const std::string path = folder.write("a.db", text);
  for (const bool read_only : {false, true}) {
    const auto opened = Connection::open({.path = path, .read_only = read_only});
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code() == ErrorCode::corrupted);
    CHECK(opened.error().target() == path);
    CHECK_FALSE(opened.error().hint().empty());
  }
  CHECK(contents(path) == text);
}

TEST_CASE("an empty file is an empty database") {
  const TempDir folder;
  const auto connection = Connection::open({.path = folder.write("a.db", "")}).value();
  CHECK(connection->execute("CREATE TABLE t(x)").has_value());
}

TEST_CASE("a database cut off anywhere is corrupted") {
  const TempDir folder;
  const std::string whole = contents(database(folder, "whole.db"));
  REQUIRE(whole.size() > 40'000);
  for (const std::size_t size : {whole.size() - 8'192, whole.size() / 2, std::size_t{9'000}, std::size_t{4'096}}) {
    CAPTURE(size);
    const auto read = read_through(folder.write(std::to_string(size), whole.substr(0, size)), false);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code() == ErrorCode::corrupted);
  }
}

TEST_CASE("a database with bytes changed gives rows or an error, and does not crash") {
  const TempDir folder;
  const std::string whole = contents(database(folder, "whole.db"));
  std::mt19937 random(3);
  int errors = 0;
  for (int i = 0; i < 300; ++i) {
    std::string damaged = whole;
    for (int j = 0; j < 8; ++j) {
      const std::size_t end = i % 2 == 0 ? 200 : damaged.size();  // half of them in the header and the schema
      damaged[random() % end] = static_cast<char>(random());
    }
    const auto read = read_through(folder.write("damaged.db", damaged), i % 3 == 0);
    if (read) continue;
    ++errors;
    CHECK(read.error().code() != ErrorCode::cancelled);
  }
  CHECK(errors > 50);
}

TEST_CASE("a new private database is for its owner only, with its log") {
  const TempDir folder;
  const auto connection = Connection::open({.path = folder / "a.db", .is_private = true}).value();
  connection->execute("CREATE TABLE t(x)").value();
  for (const char* name : {"a.db", "a.db-wal", "a.db-shm"}) {
    struct stat status{};
    REQUIRE(stat((folder / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a relative name that looks like a URI is a name") {
  const TempDir folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto opened = Connection::open({.path = "file:x?mode=memory"});
  std::filesystem::current_path(before);
  CHECK(opened.has_value());
  CHECK(std::filesystem::exists(folder / "file:x?mode=memory"));
}

TEST_CASE("a reader sees what is written after it was opened") {
  const TempDir folder;
  const std::string path = database(folder, "a.db");
  const auto reader = Connection::open({.path = path, .read_only = true}).value();
  const auto writer = Connection::open({.path = path}).value();
  writer->execute("INSERT INTO t VALUES(1000, 'x')").value();
  auto row = reader->prepare("SELECT count(*) FROM t").value();
  REQUIRE(row.step().value());
  CHECK(row.integer(0) == 301);
  const auto refused = reader->execute("DELETE FROM t");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == ErrorCode::permission_denied);
}

TEST_CASE("a database is read where nothing may be written") {
  const TempDir folder;
  folder.write("locked/odd#name?%41", "");
  const std::string path = folder / "locked/a#b?c%41.db";
  std::filesystem::rename(database(folder, "a.db"), path);
  chmod(folder.path().c_str(), 0755);
  chmod((folder / "locked").c_str(), 0555);
  chmod(path.c_str(), 0444);
  CHECK(as_nobody([&] {
          const auto read = read_through(path, true);
          return read && *read == 30'000 ? 0 : 1;
        }) == 0);
  CHECK(as_nobody([&] {
          const auto opened = Connection::open({.path = path});
          return !opened && opened.error().code() == ErrorCode::permission_denied ? 0 : 1;
        }) == 0);
  chmod(path.c_str(), 0000);
  CHECK(as_nobody([&] {
          const auto opened = Connection::open({.path = path, .read_only = true});
          return !opened && opened.error().code() == ErrorCode::permission_denied ? 0 : 1;
        }) == 0);
  chmod((folder / "locked").c_str(), 0755);
}
