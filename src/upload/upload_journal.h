#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <docupilot/source/source.h>
#include <docupilot/store/object_store.h>

#include "base/owner_lock.h"
#include "sqlite/database.h"

namespace docupilot::inline v1 {

/// One multipart upload as the journal knows it.
struct JournalEntry {
  std::int64_t id = 0;   ///< Given by the journal.
  std::string location;  ///< ObjectStore::location
  std::string key;
  std::string upload_id;        ///< Empty: it was about to be begun. There may be an upload of this key or none.
  SourceIdentity source;        ///< Without a uri: a stream, which cannot go on after its process.
  std::uint64_t part_size = 0;  ///< As PartScheduleOptions::part_size, so that the parts are the same again.
  bool completing = false;      ///< The completion was sent, or was about to be.
  Timestamp started;
  Timestamp touched;  ///< When it got on for the last time.
};

/// Uploads under way, in a SQLite file (write-ahead log, synchronous=FULL) that several processes share: what was
/// written survives the process and the machine. An entry is held by one upload of one process at a time; the hold ends
/// with the process, whatever ends it.
///
/// Each row carries a checksum of its content: one that does not fit counts as not there. So a damaged row costs an
/// upload or a part, and never makes one be skipped. Holds no credentials. Any thread.
class UploadJournal {
 public:
  /// The file is made by the first write. `clock` must outlive the journal.
  UploadJournal(std::string path, Clock& clock);

  /// The entry for this source, key and place, which the caller holds from now on; nothing when there is none. Errors:
  /// conflict when another upload of this or another living process holds it.
  [[nodiscard]] Result<std::optional<JournalEntry>> take(const std::string& location, const std::string& key,
                                                         const std::string& uri, const Context& context);
  /// Writes a new entry, which the caller holds.
  [[nodiscard]] Result<void> add(JournalEntry& entry, const Context& context);
  /// Writes upload id, `started` and `completing`.
  [[nodiscard]] Result<void> update(const JournalEntry& entry, const Context& context);
  [[nodiscard]] Result<void> acknowledge(std::int64_t id, std::span<const PartInfo> parts, const Context& context);
  [[nodiscard]] Result<std::vector<PartInfo>> parts(std::int64_t id, const Context& context);
  /// Forgets that parts were acknowledged: the upload begins anew under another upload id.
  [[nodiscard]] Result<void> forget_parts(std::int64_t id, const Context& context);
  /// It is over: the entry goes. When that cannot be written, it is let go of.
  [[nodiscard]] Result<void> remove(std::int64_t id, const Context& context);
  /// It is no longer held, and goes on another time, by any process.
  void release(std::int64_t id);
  /// Entries of this place that nobody living is at and that did not get on since `before`. They are held by the
  /// caller.
  [[nodiscard]] Result<std::vector<JournalEntry>> take_stale(const std::string& location, Timestamp before,
                                                             const Context& context);
  /// Upload ids of this place that the journal knows, held or not.
  [[nodiscard]] Result<std::set<std::string>> known_ids(const std::string& location, const Context& context);

 private:
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<std::vector<JournalEntry>> select(sqlite::Connection& database, std::string_view where,
                                                         std::span<const std::string> values, const Context& context);
  [[nodiscard]] Result<void> change(std::string_view sql, std::int64_t id, const Context& context);
  void let_go(std::int64_t id);
  /// Takes hold of an entry inside a transaction. False: somebody living has it.
  [[nodiscard]] Result<bool> hold(sqlite::Connection& database, std::int64_t id, const Context& context);

  Clock& clock_;
  OwnerLock owner_;
  sqlite::Pool pool_;
  std::mutex opening_;  // taken before the writer's turn, mutex_ after it
  bool opened_ = false;
  std::mutex mutex_;             // of what follows
  std::set<std::int64_t> held_;  // by this object
};

}  // namespace docupilot::inline v1
