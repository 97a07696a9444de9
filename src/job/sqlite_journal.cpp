#include <algorithm>
#include <mutex>
#include <set>

#include "base/owner_lock.h"
#include "base/try.h"
#include "job/journal.h"
#include "sqlite/database.h"

namespace docupilot::inline v1 {

namespace {

const std::vector<std::string> migrations = {R"sql(
  CREATE TABLE jobs(
    id TEXT PRIMARY KEY,
    document_id TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    owner TEXT NOT NULL,          -- of the holder; empty: nobody
    started INTEGER NOT NULL,     -- microseconds since 1970
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    object_key TEXT NOT NULL,
    body TEXT NOT NULL            -- the rest, tagged JSON
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sources(
    document_id TEXT PRIMARY KEY,
    object_key TEXT NOT NULL,
    path TEXT NOT NULL, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
    device INTEGER NOT NULL, inode INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE keys(
    key TEXT PRIMARY KEY, document_id TEXT NOT NULL, sha256 TEXT NOT NULL, used INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
)sql"};

constexpr std::string_view job_columns =
    "id, document_id, kind, stage, started, attempts, error, object_key, body, owner";

JobKind kind_of(std::int64_t number) { return static_cast<JobKind>(std::clamp<std::int64_t>(number, 0, 2)); }
Stage stage_of(std::int64_t number) { return static_cast<Stage>(std::clamp<std::int64_t>(number, 0, stage_count - 1)); }

Result<Job> read_job(const sqlite::Statement& row) {
  Job job;
  job.id = row.text(0);
  job.document_id = row.text(1);
  job.kind = kind_of(row.integer(2));
  job.stage = stage_of(row.integer(3));
  job.started = {row.integer(4)};
  job.attempts = static_cast<int>(row.integer(5));
  job.error = row.text(6);
  job.object_key = row.text(7);
  DOCUPILOT_CHECK(decode_job_body(row.text(8), job));
  return job;
}

class SqliteJournal final : public Journal {
 public:
  explicit SqliteJournal(const SqliteJournalOptions& options)
      : clock_(options.clock != nullptr ? *options.clock : Clock::system()),
        owner_(options.path == ":memory:" ? std::string() : options.path + ".owners"),
        pool_({.path = options.path, .read_only = options.read_only, .is_private = true}) {}

  Result<void> open() {
    if (pool_.options().read_only) {
      DOCUPILOT_TRY(auto database, pool_.reader({}));
      return migrate(*database, "journal", migrations);
    }
    DOCUPILOT_TRY(auto database, pool_.writer({}));
    return migrate(*database, "journal", migrations);
  }

  Result<std::vector<Begun>> begin(std::span<Job> jobs, const Context& context) override {
    DOCUPILOT_CHECK(owner_.hold());
    std::vector<Begun> begun(jobs.size());
    DOCUPILOT_TRY(auto database, pool_.writer(context));
    auto done = database->transaction(context, [&]() -> Result<void> {
      for (std::size_t i = 0; i < jobs.size(); ++i) {
        DOCUPILOT_TRY(begun[i], begin_one(*database, jobs[i], context));
      }
      return {};
    });
    if (!done) return std::move(done).error();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (begun[i] == Begun::yes) activate(jobs[i].id);
    }
    return begun;
  }

  Result<void> save(std::span<const Job* const> jobs, const Context& context) override {
    DOCUPILOT_TRY(auto database, pool_.writer(context));
    return database->transaction(context, [&]() -> Result<void> {
      for (const Job* job : jobs) DOCUPILOT_CHECK(write(*database, *job, owner_.name(), context));
      return {};
    });
  }

  Result<void> finish(std::span<const Job* const> jobs, const Context& context) override {
    DOCUPILOT_TRY(auto database, pool_.writer(context));
    auto done = database->transaction(context, [&]() -> Result<void> {
      for (const Job* job : jobs) DOCUPILOT_CHECK(finish_one(*database, *job, context));
      return {};
    });
    if (!done) return done;
    for (const Job* job : jobs) deactivate(job->id);
    return {};
  }

  Result<void> release(std::span<const Job> jobs) override {
    for (const Job& job : jobs) deactivate(job.id);
    DOCUPILOT_TRY(auto database, pool_.writer({}));
    return database->transaction({}, [&]() -> Result<void> {
      for (const Job& job : jobs) DOCUPILOT_CHECK(write(*database, job, {}, {}));
      return {};
    });
  }

  Result<void> abandon(const Job& job) override {
    deactivate(job.id);
    DOCUPILOT_TRY(auto database, pool_.writer({}));
    return database->transaction({}, [&]() -> Result<void> {
      DOCUPILOT_CHECK(erase(*database, "DELETE FROM keys WHERE document_id=?1 AND sha256=''", job.document_id, {}));
      return erase(*database, "DELETE FROM jobs WHERE id=?1", job.id, {});
    });
  }

  Result<std::vector<HeldJob>> pending(const Context& context) override {
    DOCUPILOT_TRY(auto database, pool_.reader(context));
    DOCUPILOT_TRY(auto rows,
                  database->prepare("SELECT " + std::string(job_columns) + " FROM jobs ORDER BY started, id"));
    std::vector<HeldJob> jobs;
    for (;;) {
      DOCUPILOT_TRY(const bool more, rows.step(context));
      if (!more) return jobs;
      DOCUPILOT_TRY(Job job, read_job(rows));
      const Holder holder = holder_of(std::string(rows.text(9)), job.id);
      jobs.push_back({std::move(job), holder});
    }
  }

  Result<std::vector<UnderWay>> under_way(const std::string& document_id, const Context& context) override {
    DOCUPILOT_TRY(auto database, pool_.reader(context));
    const bool all = document_id.empty();  // apart, since one statement for both could not use the index
    DOCUPILOT_TRY(auto rows, database->prepare(all ? "SELECT document_id, kind, stage FROM jobs"
                                                   : "SELECT document_id, kind, stage FROM jobs WHERE document_id=?1"));
    if (!all) rows.bind(1, document_id);
    std::vector<UnderWay> found;
    for (;;) {
      DOCUPILOT_TRY(const bool more, rows.step(context));
      if (!more) return found;
      found.push_back({std::string(rows.text(0)), kind_of(rows.integer(1)), stage_of(rows.integer(2))});
    }
  }

  Result<std::vector<Job>> claim(std::size_t limit, const Context& context) override {
    DOCUPILOT_CHECK(owner_.hold());
    std::vector<Job> claimed;
    DOCUPILOT_TRY(auto database, pool_.writer(context));
    auto done = database->transaction(context, [&]() -> Result<void> {
      {
        DOCUPILOT_TRY(auto rows,
                      database->prepare("SELECT " + std::string(job_columns) + " FROM jobs ORDER BY started, id"));
        while (claimed.size() < limit) {
          DOCUPILOT_TRY(const bool more, rows.step(context));
          if (!more) break;
          if (holder_of(std::string(rows.text(9)), std::string(rows.text(0))) != Holder::nobody) continue;
          DOCUPILOT_TRY(Job job, read_job(rows));
          ++job.attempts;
          claimed.push_back(std::move(job));
        }
      }
      for (const Job& job : claimed) DOCUPILOT_CHECK(write(*database, job, owner_.name(), context));
      return {};
    });
    if (!done) return std::move(done).error();
    for (const Job& job : claimed) activate(job.id);
    return claimed;
  }

  Result<std::optional<SourceRecord>> source(const std::string& document_id, const Context& context) override {
    DOCUPILOT_TRY(auto database, pool_.reader(context));
    DOCUPILOT_TRY(auto row, database->prepare("SELECT object_key, path, size, modified_ns, changed_ns, device, inode "
                                              "FROM sources WHERE document_id=?1 "
                                              "AND NOT EXISTS(SELECT 1 FROM jobs WHERE jobs.document_id=?1)"));
    DOCUPILOT_TRY(const bool found, row.bind(1, document_id).step(context));
    if (!found) return std::optional<SourceRecord>();
    return std::optional(SourceRecord{.document_id = document_id,
                                      .object_key = std::string(row.text(0)),
                                      .identity = {.uri = std::string(row.text(1)),
                                                   .size = static_cast<std::uint64_t>(row.integer(2)),
                                                   .modified_ns = row.integer(3),
                                                   .changed_ns = row.integer(4),
                                                   .device = static_cast<std::uint64_t>(row.integer(5)),
                                                   .inode = static_cast<std::uint64_t>(row.integer(6))}});
  }

  Result<std::optional<KeyRecord>> key(const std::string& idempotency_key, const Context& context) override {
    DOCUPILOT_TRY(auto database, pool_.reader(context));
    DOCUPILOT_TRY(auto row, database->prepare("SELECT document_id, sha256 FROM keys WHERE key=?1"));
    DOCUPILOT_TRY(const bool found, row.bind(1, idempotency_key).step(context));
    if (!found) return std::optional<KeyRecord>();
    return std::optional(KeyRecord{std::string(row.text(0)), std::string(row.text(1))});
  }

  Result<void> tidy(Timestamp before, const Context& context) override {
    owner_.tidy();
    DOCUPILOT_TRY(auto database, pool_.writer(context));
    DOCUPILOT_TRY(auto statement, database->prepare("DELETE FROM keys WHERE used < ?1"));
    return statement.bind(1, before.microseconds).run(context);
  }

 private:
  Holder holder_of(const std::string& owner, const std::string& job) {
    if (owner != owner_.name()) return owner_.alive(owner) ? Holder::other : Holder::nobody;
    const std::lock_guard lock(active_mutex_);
    return active_.contains(job) ? Holder::us : Holder::nobody;
  }
  void activate(const std::string& job) {
    const std::lock_guard lock(active_mutex_);
    active_.insert(job);
  }
  // Whatever becomes of the row: a job that we gave up is free for everybody.
  void deactivate(const std::string& job) {
    const std::lock_guard lock(active_mutex_);
    active_.erase(job);
  }

  Result<Begun> begin_one(sqlite::Connection& database, Job& job, const Context& context) {
    {
      DOCUPILOT_TRY(auto rows,
                    database.prepare("SELECT " + std::string(job_columns) + " FROM jobs WHERE document_id=?1"));
      DOCUPILOT_TRY(const bool found, rows.bind(1, job.document_id).step(context));
      if (found) {
        if (holder_of(std::string(rows.text(9)), std::string(rows.text(0))) != Holder::nobody) return Begun::held;
        DOCUPILOT_TRY(const Job before, read_job(rows));
        if (job.kind == JobKind::reindex && before.kind == JobKind::ingest) return Begun::contained;
        // What that job had written need not be finished: nothing may be passed over as unchanged.
        job.replaces = true;
        job.options.force = job.options.force || job.kind == JobKind::ingest;
        job.old_keys = before.old_keys;
        const bool is_same_way = job.kind == JobKind::ingest && before.kind == JobKind::ingest && !job.path.empty() &&
                                 job.path == before.path && before.stage == Stage::store;
        // Nothing names that key yet, and what an upload of the same file has sent is known by it.
        if (is_same_way) job.object_key = before.object_key;
        else if (!before.object_key.empty()) job.old_keys.push_back(before.object_key);
      }
    }
    DOCUPILOT_TRY(const bool key_is_ours, take_key(database, job, context));
    if (!key_is_ours) return Begun::key_taken;
    DOCUPILOT_CHECK(erase(database, "DELETE FROM jobs WHERE document_id=?1", job.document_id, context));
    job.attempts = 1;
    DOCUPILOT_CHECK(write(database, job, owner_.name(), context));
    return Begun::yes;
  }

  // A key that is new is the document's from now on, without a digest until the job ends.
  Result<bool> take_key(sqlite::Connection& database, const Job& job, const Context& context) {
    const std::string& key = job.options.idempotency_key;
    if (key.empty()) return true;
    {
      DOCUPILOT_TRY(auto row, database.prepare("SELECT document_id FROM keys WHERE key=?1"));
      DOCUPILOT_TRY(const bool found, row.bind(1, key).step(context));
      if (found) return row.text(0) == job.document_id;
    }
    DOCUPILOT_TRY(auto statement, database.prepare("INSERT INTO keys VALUES(?1, ?2, '', ?3)"));
    DOCUPILOT_CHECK(statement.bind(1, key).bind(2, job.document_id).bind(3, clock_.now().microseconds).run(context));
    return true;
  }

  static Result<void> write(sqlite::Connection& database, const Job& job, std::string_view owner,
                            const Context& context) {
    DOCUPILOT_TRY(auto statement,
                  database.prepare("INSERT OR REPLACE INTO jobs(id, document_id, kind, stage, started, attempts, "
                                   "error, object_key, body, owner) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"));
    return statement.bind(1, job.id)
        .bind(2, job.document_id)
        .bind(3, static_cast<int>(job.kind))
        .bind(4, static_cast<int>(job.stage))
        .bind(5, job.started.microseconds)
        .bind(6, job.attempts)
        .bind(7, job.error)
        .bind(8, job.object_key)
        .bind(9, encode_job_body(job))
        .bind(10, owner)
        .run(context);
  }

  static Result<void> erase(sqlite::Connection& database, std::string_view sql, const std::string& what,
                            const Context& context) {
    DOCUPILOT_TRY(auto statement, database.prepare(sql));
    return statement.bind(1, what).run(context);
  }

  Result<void> finish_one(sqlite::Connection& database, const Job& job, const Context& context) {
    DOCUPILOT_CHECK(erase(database, "DELETE FROM jobs WHERE id=?1", job.id, context));
    if (job.kind == JobKind::remove) {
      DOCUPILOT_CHECK(erase(database, "DELETE FROM keys WHERE document_id=?1", job.document_id, context));
      return erase(database, "DELETE FROM sources WHERE document_id=?1", job.document_id, context);
    }
    if (job.kind != JobKind::ingest) return {};
    if (!job.options.idempotency_key.empty()) {
      DOCUPILOT_TRY(auto statement, database.prepare("INSERT OR REPLACE INTO keys VALUES(?1, ?2, ?3, ?4)"));
      DOCUPILOT_CHECK(statement.bind(1, job.options.idempotency_key)
                          .bind(2, job.document_id)
                          .bind(3, job.checksums.sha256)
                          .bind(4, clock_.now().microseconds)
                          .run(context));
    }
    const SourceIdentity& seen = job.identity;
    if (!seen.is_set()) return erase(database, "DELETE FROM sources WHERE document_id=?1", job.document_id, context);
    DOCUPILOT_TRY(auto statement,
                  database.prepare("INSERT OR REPLACE INTO sources VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    return statement.bind(1, job.document_id)
        .bind(2, job.object.key)
        .bind(3, seen.uri)
        .bind(4, static_cast<std::int64_t>(seen.size))
        .bind(5, seen.modified_ns)
        .bind(6, seen.changed_ns)
        .bind(7, static_cast<std::int64_t>(seen.device))
        .bind(8, static_cast<std::int64_t>(seen.inode))
        .run(context);
  }

  Clock& clock_;
  OwnerLock owner_;
  std::mutex active_mutex_;
  std::set<std::string> active_;  // ids of the jobs that we hold and work on; guarded by active_mutex_
  sqlite::Pool pool_;
};

}  // namespace

Result<std::unique_ptr<Journal>> open_sqlite_journal(SqliteJournalOptions options) {
  auto journal = std::make_unique<SqliteJournal>(options);
  DOCUPILOT_CHECK(journal->open());
  return std::unique_ptr<Journal>(std::move(journal));
}

}  // namespace docupilot::inline v1
