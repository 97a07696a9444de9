#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <docupilot/base/cancel.h>

#include "job/job.h"

namespace docupilot::inline v1 {

/// Who works on a job now.
enum class Holder {
  nobody,  ///< Free, or held by a process that is dead.
  us,      ///< This journal object.
  other,   ///< Another living process or client.
};

struct HeldJob {
  Job job;
  Holder holder = Holder::nobody;
};

/// Where the job of a document stands.
struct UnderWay {
  std::string document_id;
  JobKind kind = JobKind::ingest;
  Stage stage = Stage::store;
};

enum class Begun {
  yes,
  held,       ///< Somebody living holds another job of this document.
  key_taken,  ///< Its idempotency key belongs to another document.
  contained,  ///< A reindex was asked for, and a pending ingest of the document will do that anyway.
};

/// Remembers what is under way, durably: a call that returned survives a loss of power. A job is held by the journal
/// object that began or claimed it until it is finished, released, or its process dies. Interfaces of this shape carry
/// over to a database shared by many machines: the lease is part of it.
///
/// Calls may come from any thread at any time. Errors all calls share: unavailable, permission_denied, exhausted,
/// corrupted, cancelled, timeout.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Begins jobs, in one transaction; on return each is held by us. A job of the same document that nobody living
  /// holds is replaced: its object becomes one of the new job's old keys. Returns what became of each.
  [[nodiscard]] virtual Result<std::vector<Begun>> begin(std::span<Job> jobs, const Context& context) = 0;
  /// Writes down how far held jobs have come, in one transaction.
  [[nodiscard]] virtual Result<void> save(std::span<const Job* const> jobs, const Context& context) = 0;
  /// Ends held jobs, in one transaction. Jobs of kind ingest leave behind how their source looked and what their
  /// idempotency key was used for; those of kind remove take both away.
  [[nodiscard]] virtual Result<void> finish(std::span<const Job* const> jobs, const Context& context) = 0;
  /// Lets go of held jobs, which stay pending with their errors, in one transaction.
  [[nodiscard]] virtual Result<void> release(std::span<const Job> jobs) = 0;
  /// Forgets a held job as if it had never begun.
  [[nodiscard]] virtual Result<void> abandon(const Job& job) = 0;

  /// All jobs, oldest first.
  [[nodiscard]] virtual Result<std::vector<HeldJob>> pending(const Context& context) = 0;
  /// All jobs, or that of one document: no more than where each stands.
  [[nodiscard]] virtual Result<std::vector<UnderWay>> under_way(const std::string& document_id,
                                                                const Context& context) = 0;
  /// Takes over at most `limit` jobs that nobody living holds and counts the attempt.
  [[nodiscard]] virtual Result<std::vector<Job>> claim(std::size_t limit, const Context& context) = 0;

  /// How the source of a document looked when it was ingested last; nothing while a job of the document has not ended.
  [[nodiscard]] virtual Result<std::optional<SourceRecord>> source(const std::string& document_id,
                                                                   const Context& context) = 0;
  [[nodiscard]] virtual Result<std::optional<KeyRecord>> key(const std::string& idempotency_key,
                                                             const Context& context) = 0;
  /// Removes what only dead processes left behind and keys not used since `before`.
  [[nodiscard]] virtual Result<void> tidy(Timestamp before, const Context& context) = 0;
};

struct SqliteJournalOptions {
  std::string path;        ///< ":memory:" for a journal that ends with the process.
  bool read_only = false;  ///< For pending, source and key only.
  Clock* clock = nullptr;  ///< Not owned.
};

/// The journal in one SQLite file of mode 0600. A folder PATH.owners beside it has one locked file for each living
/// holder: the operating system lets go of the lock when the process dies, however it dies.
[[nodiscard]] Result<std::unique_ptr<Journal>> open_sqlite_journal(SqliteJournalOptions options);

}  // namespace docupilot::inline v1
