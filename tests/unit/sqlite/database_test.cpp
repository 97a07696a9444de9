#include "sqlite/database.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;
using sqlite::Connection;

namespace {

constexpr const char* endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n) SELECT count(*) FROM n";

std::unique_ptr<Connection> in_memory() { return Connection::open({.path = ":memory:"}).value(); }

std::int64_t number(Connection& connection, const std::string& sql) {
  auto row = connection.prepare(sql).value();
  REQUIRE(row.step().value());
  return row.integer(0);
}

int prepared_statements(Connection& connection) {
  int count = 0;
  for (sqlite3_stmt* s = nullptr; (s = sqlite3_next_stmt(connection.handle(), s)) != nullptr;) ++count;
  return count;
}

Result<void> give_up() { return Error(ErrorCode::conflict, "changed my mind"); }

}  // namespace

TEST_CASE("all kinds of values are bound and read") {
  const auto connection = in_memory();
  auto row = connection->prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6").value();
  row.bind(1, INT64_MIN).bind(2, 0.5).bind(3, std::string_view("a\0b", 3)).bind(4, "").bind_null(5);
  row.bind_bytes(6, {});
  REQUIRE(row.step().value());
  CHECK(row.integer(0) == INT64_MIN);
  CHECK(row.number(1) == 0.5);
  CHECK(row.text(2) == std::string_view("a\0b", 3));
  CHECK_FALSE(row.is_null(3));
  CHECK(row.text(3).empty());
  CHECK(row.is_null(4));
  CHECK(row.type(5) == SQLITE_BLOB);
  CHECK_FALSE(row.step().value());
}

TEST_CASE("a bind that fails is told by the next step") {
  const auto connection = in_memory();
  auto row = connection->prepare("SELECT ?1").value();
  row.bind(2, 5);
  CHECK_FALSE(row.step().has_value());
  row.reset();
  CHECK(row.bind(1, 5).step().value());
}

TEST_CASE("statements are prepared once and given back clean") {
  const auto connection = in_memory();
  for (int i = 0; i < 10; ++i) {
    auto row = connection->prepare("SELECT ?1").value();
    REQUIRE(row.step().value());
    CHECK(row.is_null(0));
    row.reset();
    CHECK(row.bind(1, i).step().value());
  }
  CHECK(prepared_statements(*connection) == 1);
  auto first = connection->prepare("SELECT ?1").value();
  auto second = connection->prepare("SELECT ?1").value();
  CHECK(first.bind(1, 1).step().value());
  CHECK(second.bind(1, 2).step().value());
  CHECK(first.integer(0) == 1);
  CHECK(second.integer(0) == 2);
  CHECK(prepared_statements(*connection) == 2);
  auto moved = std::move(first);
  CHECK(moved.integer(0) == 1);
}

TEST_CASE("64 statements are kept, and more while they are used") {
  const auto connection = in_memory();
  for (int i = 0; i < 64; ++i) (void)number(*connection, "SELECT " + std::to_string(i));
  CHECK(prepared_statements(*connection) == 64);
  for (int i = 0; i < 500; ++i) (void)number(*connection, "SELECT " + std::to_string(i));
  CHECK(prepared_statements(*connection) == 64);
  std::vector<sqlite::Statement> held;
  for (int i = 0; i < 100; ++i) held.push_back(connection->prepare("SELECT 1, " + std::to_string(i)).value());
  for (int i = 0; i < 100; ++i) {
    REQUIRE(held[static_cast<std::size_t>(i)].step().value());
    CHECK(held[static_cast<std::size_t>(i)].integer(1) == i);
  }
  held.clear();
  CHECK(number(*connection, "SELECT 7") == 7);
  CHECK(prepared_statements(*connection) <= 100);
}

TEST_CASE("a transaction stays when it succeeds and leaves nothing when it fails") {
  const auto connection = in_memory();
  connection->execute("CREATE TABLE t(x)").value();
  const auto insert = [&] { return connection->execute("INSERT INTO t VALUES(1)"); };
  CHECK(connection->transaction({}, insert).has_value());
  CHECK(number(*connection, "SELECT count(*) FROM t") == 1);
  const auto failed = connection->transaction({}, [&] {
    insert().value();
    return give_up();
  });
  CHECK(failed.error().code() == ErrorCode::conflict);
  CHECK(number(*connection, "SELECT count(*) FROM t") == 1);
  CHECK(connection->transaction({}, insert).has_value());
  CHECK(number(*connection, "SELECT count(*) FROM t") == 2);
}

TEST_CASE("a transaction inside another is a part of it") {
  const auto connection = in_memory();
  connection->execute("CREATE TABLE t(x)").value();
  const auto insert = [&] { return connection->execute("INSERT INTO t VALUES(1)"); };
  const auto failed = connection->transaction({}, [&]() -> Result<void> {
    connection->transaction({}, insert).value();
    return give_up();
  });
  CHECK_FALSE(failed.has_value());
  CHECK(number(*connection, "SELECT count(*) FROM t") == 0);
  CHECK(connection->transaction({}, [&] { return connection->transaction({}, insert); }).has_value());
  CHECK(number(*connection, "SELECT count(*) FROM t") == 1);
}

TEST_CASE("a transaction that is stopped before its end leaves nothing") {
  const auto connection = in_memory();
  connection->execute("CREATE TABLE t(x)").value();
  std::stop_source stop;
  const auto stopped = connection->transaction({.stop = stop.get_token()}, [&] {
    auto done = connection->execute("INSERT INTO t VALUES(1)");
    stop.request_stop();
    return done;
  });
  REQUIRE_FALSE(stopped.has_value());
  CHECK(stopped.error().code() == ErrorCode::cancelled);
  CHECK(number(*connection, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("a writer waits for another as long as it may, and no longer than its caller") {
  const TempDir folder;
  const auto holder = Connection::open({.path = folder / "a.db"}).value();
  holder->execute("CREATE TABLE t(x); BEGIN IMMEDIATE").value();
  const auto write = [&](Duration busy_time, const Context& context) {
    const auto waiter = Connection::open({.path = folder / "a.db", .busy_time = busy_time}).value();
    return waiter->transaction(context, [] { return Result<void>(); }).error().code();
  };
  CHECK(write(Duration(0), {}) == ErrorCode::unavailable);
  CHECK(write(Duration::milliseconds(30), {}) == ErrorCode::unavailable);
  const Duration long_time = Duration::milliseconds(3'600'000);
  CHECK(write(long_time, {.deadline = Deadline::after(Duration::milliseconds(30))}) == ErrorCode::timeout);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  CHECK(write(long_time, {.stop = stop.get_token()}) == ErrorCode::cancelled);
  const auto waiter = Connection::open({.path = folder / "a.db", .busy_time = long_time}).value();
  std::jthread releaser([&] { holder->execute("COMMIT").value(); });
  CHECK(waiter->transaction({}, [&] { return waiter->execute("INSERT INTO t VALUES(1)"); }).has_value());
}

TEST_CASE("a new database may be opened many times at once") {
  for (int round = 0; round < 30; ++round) {
    const TempDir folder;
    std::atomic<int> failed = 0;
    {
      std::vector<std::jthread> openers;
      for (int i = 0; i < 4; ++i) {
        openers.emplace_back([&] { failed += Connection::open({.path = folder / "a.db"}) ? 0 : 1; });
      }
    }
    CHECK(failed == 0);
  }
}

TEST_CASE("a long query ends at its deadline or when it is stopped") {
  const auto connection = in_memory();
  auto query = connection->prepare(endless).value();
  const auto late = query.step({.deadline = Deadline::after(Duration::milliseconds(20))});
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code() == ErrorCode::timeout);
  query.reset();
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  CHECK(query.step({.stop = stop.get_token()}).error().code() == ErrorCode::cancelled);
  CHECK(connection->execute(endless, {.deadline = Deadline::after(Duration::milliseconds(20))}).error().code() ==
        ErrorCode::timeout);
  CHECK(number(*connection, "SELECT 5") == 5);
}

TEST_CASE("a full disk is told as such, and what was there stays") {
  const TempDir folder;
  const auto connection = Connection::open({.path = folder / "a.db"}).value();
  connection->execute("CREATE TABLE t(x); INSERT INTO t VALUES(1); PRAGMA max_page_count=10").value();
  const auto full = connection->execute("INSERT INTO t VALUES(zeroblob(1000000))");
  REQUIRE_FALSE(full.has_value());
  CHECK(full.error().code() == ErrorCode::exhausted);
  CHECK(full.error().target() == folder / "a.db");
  CHECK_FALSE(full.error().hint().empty());
  CHECK(number(*connection, "SELECT count(*) FROM t") == 1);
}

TEST_CASE("a value of more than 256 MiB is too large") {
  const auto connection = in_memory();
  CHECK(number(*connection, "SELECT length(zeroblob(268435456))") == 268'435'456);
  const auto large = connection->execute("SELECT length(zeroblob(268435457))");
  REQUIRE_FALSE(large.has_value());
  CHECK(large.error().code() == ErrorCode::too_large);
}

TEST_CASE("errors of SQL say what SQLite says") {
  const auto connection = in_memory();
  const auto wrong = connection->prepare("SELEKT 1");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code() == ErrorCode::internal);
  CHECK(wrong.error().message().find("SELEKT") != std::string::npos);
  connection->execute("CREATE TABLE t(x PRIMARY KEY); INSERT INTO t VALUES(1)").value();
  CHECK(connection->execute("INSERT INTO t VALUES(1)").error().code() == ErrorCode::already_exists);
}

TEST_CASE("a connection does not do what a hostile file could ask for") {
  const auto connection = in_memory();
  connection->execute("CREATE TABLE t(x)").value();
  CHECK_FALSE(connection->execute("SELECT load_extension('x')").has_value());
  CHECK_FALSE(connection->execute("ATTACH ':memory:' AS other").has_value());
  (void)connection->execute("PRAGMA writable_schema=ON");
  CHECK_FALSE(connection->execute("UPDATE sqlite_schema SET sql='x'").has_value());
}

TEST_CASE("versions of a schema are made one after another, once") {
  const TempDir folder;
  const auto connection = Connection::open({.path = folder / "a.db"}).value();
  const std::string first = "CREATE TABLE a(x); INSERT INTO a VALUES(1)";
  const std::string second = "ALTER TABLE a ADD y; UPDATE a SET y=x+1";
  for (int i = 0; i < 2; ++i) CHECK(sqlite::migrate(*connection, "s", {first}).has_value());
  for (int i = 0; i < 2; ++i) CHECK(sqlite::migrate(*connection, "s", {first, second}).has_value());
  CHECK(number(*connection, "SELECT y FROM a") == 2);
  const auto newer = sqlite::migrate(*connection, "s", {first});
  REQUIRE_FALSE(newer.has_value());
  CHECK(newer.error().code() == ErrorCode::unsupported);
  CHECK(sqlite::migrate(*connection, "other", {"CREATE TABLE b(x)"}).has_value());
  CHECK_FALSE(sqlite::migrate(*connection, "bad", {"CREATE TABLE c(x)", "CREATE TABLE c(x)"}).has_value());
  CHECK(number(*connection, "SELECT count(*) FROM sqlite_schema WHERE name='c'") == 0);
  CHECK(sqlite::migrate(*connection, "bad", {"CREATE TABLE c(x)"}).has_value());
}

TEST_CASE("many that open a new file at once make its schema once") {
  const TempDir folder;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto connection = Connection::open({.path = folder / "a.db"}).value();
      CHECK(sqlite::migrate(*connection, "s", {"CREATE TABLE a(x); INSERT INTO a VALUES(1)"}).has_value());
    });
  }
  threads.clear();
  const auto connection = Connection::open({.path = folder / "a.db"}).value();
  CHECK(number(*connection, "SELECT count(*) FROM a") == 1);
}

TEST_CASE("a schema that is older or missing cannot be used by a reader") {
  const TempDir folder;
  Connection::open({.path = folder / "a.db"}).value()->execute("CREATE TABLE x(y)").value();
  const auto reader = Connection::open({.path = folder / "a.db", .read_only = true}).value();
  const auto missing = sqlite::migrate(*reader, "s", {"CREATE TABLE a(x)"});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code() == ErrorCode::unsupported);
}

TEST_CASE("a pool lends one writer at a time and readers beside it") {
  const TempDir folder;
  int prepared = 0;
  sqlite::Pool pool({.path = folder / "a.db"}, [&](Connection&) {
    ++prepared;
    return Result<void>();
  });
  {
    const auto writer = pool.writer({}).value();
    writer->execute("CREATE TABLE t(x)").value();
    const auto late = pool.writer({.deadline = Deadline::after(Duration::milliseconds(20))});
    CHECK(late.error().code() == ErrorCode::timeout);
    const auto reader = pool.reader({}).value();
    CHECK(number(*reader, "SELECT count(*) FROM t") == 0);
  }
  CHECK(pool.writer({}).has_value());
  CHECK(pool.reader({}).has_value());
  CHECK(prepared == 2);
}

TEST_CASE("a pool in memory has one database for all") {
  sqlite::Pool pool({.path = ":memory:"});
  pool.writer({}).value()->execute("CREATE TABLE t(x)").value();
  CHECK(number(*pool.reader({}).value(), "SELECT count(*) FROM t") == 0);
}
