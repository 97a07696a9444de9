#include "upload/upload_journal.h"

#include <array>
#include <filesystem>

#include <docupilot/source/content_hash.h>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

const std::vector<std::string> migrations = {R"sql(
  CREATE TABLE uploads(
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice
    location TEXT NOT NULL,
    key TEXT NOT NULL,
    upload_id TEXT NOT NULL,      -- empty: about to be begun
    uri TEXT NOT NULL, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
    device INTEGER NOT NULL, inode INTEGER NOT NULL,
    part_size INTEGER NOT NULL,
    completing INTEGER NOT NULL,
    started INTEGER NOT NULL,     -- microseconds since 1970
    touched INTEGER NOT NULL,
    seal INTEGER NOT NULL,        -- CRC-64/NVME of what does not change on the way but by `update`
    owner TEXT NOT NULL           -- of the holder; empty: nobody
  ) STRICT;
  CREATE INDEX uploads_by_source ON uploads(location, key, uri);
  CREATE TABLE parts(
    upload INTEGER NOT NULL REFERENCES uploads(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    crc64nvme INTEGER,
    seal INTEGER NOT NULL,
    PRIMARY KEY(upload, number)
  ) STRICT, WITHOUT ROWID;
)sql"};

constexpr std::string_view columns =
    "id, location, key, upload_id, uri, size, modified_ns, changed_ns, device, inode, part_size, completing, started, "
    "touched, seal, owner";

/// Lengths are hashed too, so that no byte can move from one field into the next.
class Seal {
 public:
  Seal& add(std::int64_t number) {
    std::array<std::byte, sizeof number> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::byte>(static_cast<std::uint64_t>(number) >> (8 * i));
    }
    sum_ = crc64nvme(bytes, sum_);
    return *this;
  }
  Seal& add(std::string_view text) {
    add(static_cast<std::int64_t>(text.size()));
    sum_ = crc64nvme(as_bytes(text), sum_);
    return *this;
  }
  [[nodiscard]] std::int64_t value() const { return static_cast<std::int64_t>(sum_); }

 private:
  std::uint64_t sum_ = 0;
};

std::int64_t as_signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t as_unsigned(std::int64_t value) { return static_cast<std::uint64_t>(value); }

std::int64_t seal_of(const JournalEntry& entry) {
  Seal seal;
  seal.add(entry.id).add(entry.location).add(entry.key).add(entry.upload_id).add(entry.source.uri);
  seal.add(as_signed(entry.source.size)).add(entry.source.modified_ns).add(entry.source.changed_ns);
  seal.add(as_signed(entry.source.device)).add(as_signed(entry.source.inode)).add(as_signed(entry.part_size));
  return seal.add(entry.completing ? 1 : 0).value();
}

std::int64_t seal_of(std::int64_t upload, const PartInfo& part) {
  Seal seal;
  seal.add(upload).add(part.number).add(as_signed(part.size)).add(part.etag);
  return seal.add(part.crc64nvme ? 1 : 0).add(as_signed(part.crc64nvme.value_or(0))).value();
}

JournalEntry read_entry(const sqlite::Statement& row) {
  JournalEntry entry;
  entry.id = row.integer(0);
  entry.location = row.text(1);
  entry.key = row.text(2);
  entry.upload_id = row.text(3);
  entry.source = {.uri = std::string(row.text(4)),
                  .size = as_unsigned(row.integer(5)),
                  .modified_ns = row.integer(6),
                  .changed_ns = row.integer(7),
                  .device = as_unsigned(row.integer(8)),
                  .inode = as_unsigned(row.integer(9))};
  entry.part_size = as_unsigned(row.integer(10));
  entry.completing = row.integer(11) != 0;
  entry.started = {row.integer(12)};
  entry.touched = {row.integer(13)};
  return entry;
}

}  // namespace

UploadJournal::UploadJournal(std::string path, Clock& clock)
    : clock_(clock),
      owner_(path + ".owners"),
      pool_({.path = std::move(path),
             .is_private = true,
             .remedy = "move this file away: uploads that were under way begin anew"}) {}

Result<void> UploadJournal::open() {
  const std::lock_guard lock(opening_);
  if (opened_) return {};
  DOCUPILOT_CHECK(owner_.hold());
  DOCUPILOT_TRY(auto database, pool_.writer({}));
  DOCUPILOT_CHECK(migrate(*database, "uploads", migrations));
  opened_ = true;
  return {};
}

Result<std::vector<JournalEntry>> UploadJournal::select(sqlite::Connection& database, std::string_view where,
                                                        std::span<const std::string> values, const Context& context) {
  std::vector<JournalEntry> entries;
  DOCUPILOT_TRY(auto row, database.prepare("SELECT " + std::string(columns) + " FROM uploads WHERE " +
                                           std::string(where) + " ORDER BY id"));
  for (std::size_t i = 0; i < values.size(); ++i) row.bind(static_cast<int>(i) + 1, values[i]);
  for (;;) {
    DOCUPILOT_TRY(const bool there, row.step(context));
    if (!there) return entries;
    JournalEntry entry = read_entry(row);
    if (seal_of(entry) == row.integer(14)) entries.push_back(std::move(entry));
  }
}

Result<bool> UploadJournal::hold(sqlite::Connection& database, std::int64_t id, const Context& context) {
  std::string owner;
  {
    DOCUPILOT_TRY(auto row, database.prepare("SELECT owner FROM uploads WHERE id = ?"));
    row.bind(1, id);
    DOCUPILOT_TRY(const bool there, row.step(context));
    if (!there) return false;
    owner = row.text(0);
  }
  {
    const std::lock_guard lock(mutex_);
    // A name of our own stands for an upload of this process only as long as it is at it.
    if (owner == owner_.name() ? held_.contains(id) : !owner.empty() && owner_.alive(owner)) return false;
  }
  DOCUPILOT_TRY(auto change, database.prepare("UPDATE uploads SET owner = ? WHERE id = ?"));
  DOCUPILOT_CHECK(change.bind(1, owner_.name()).bind(2, id).run(context));
  return true;
}

Result<std::optional<JournalEntry>> UploadJournal::take(const std::string& location, const std::string& key,
                                                        const std::string& uri, const Context& context) {
  DOCUPILOT_CHECK(open());
  std::optional<JournalEntry> taken;
  DOCUPILOT_TRY(auto database, pool_.writer(context));
  auto done = database->transaction(context, [&]() -> Result<void> {
    DOCUPILOT_TRY(auto entries,
                  select(*database, "location = ? AND key = ? AND uri = ?", std::array{location, key, uri}, context));
    if (entries.empty()) return {};
    // There is one, but for an entry whose end could not be written; the last is then the one that counts.
    DOCUPILOT_TRY(const bool ours, hold(*database, entries.back().id, context));
    if (!ours) {
      return Error(ErrorCode::conflict, "another upload of this file to this key is under way")
          .hint("wait for its end, or stop it");
    }
    taken = std::move(entries.back());
    return {};
  });
  if (!done) return std::move(done).error();
  if (taken) {
    const std::lock_guard lock(mutex_);
    held_.insert(taken->id);
  }
  return taken;
}

Result<void> UploadJournal::add(JournalEntry& entry, const Context& context) {
  DOCUPILOT_CHECK(open());
  entry.started = entry.touched = clock_.now();
  DOCUPILOT_TRY(auto database, pool_.writer(context));
  auto done = database->transaction(context, [&]() -> Result<void> {
    {
      DOCUPILOT_TRY(auto next,
                    database->prepare("SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'uploads'"));
      DOCUPILOT_CHECK(next.step(context));
      entry.id = next.integer(0);
    }
    DOCUPILOT_TRY(auto row, database->prepare("INSERT INTO uploads(" + std::string(columns) +
                                              ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    row.bind(1, entry.id).bind(2, entry.location).bind(3, entry.key).bind(4, entry.upload_id);
    row.bind(5, entry.source.uri).bind(6, as_signed(entry.source.size)).bind(7, entry.source.modified_ns);
    row.bind(8, entry.source.changed_ns).bind(9, as_signed(entry.source.device));
    row.bind(10, as_signed(entry.source.inode)).bind(11, as_signed(entry.part_size));
    row.bind(12, entry.completing ? 1 : 0).bind(13, entry.started.microseconds);
    row.bind(14, entry.touched.microseconds).bind(15, seal_of(entry)).bind(16, owner_.name());
    return row.run(context);
  });
  if (!done) return done;
  const std::lock_guard lock(mutex_);
  held_.insert(entry.id);
  return {};
}

Result<void> UploadJournal::update(const JournalEntry& entry, const Context& context) {
  DOCUPILOT_TRY(auto database, pool_.writer(context));
  DOCUPILOT_TRY(auto row, database->prepare("UPDATE uploads SET upload_id = ?, completing = ?, started = ?, "
                                            "touched = ?, seal = ? WHERE id = ?"));
  row.bind(1, entry.upload_id).bind(2, entry.completing ? 1 : 0).bind(3, entry.started.microseconds);
  return row.bind(4, clock_.now().microseconds).bind(5, seal_of(entry)).bind(6, entry.id).run(context);
}

Result<void> UploadJournal::acknowledge(std::int64_t id, std::span<const PartInfo> parts, const Context& context) {
  DOCUPILOT_TRY(auto database, pool_.writer(context));
  return database->transaction(context, [&]() -> Result<void> {
    DOCUPILOT_TRY(auto row, database->prepare("INSERT OR REPLACE INTO parts(upload, number, size, etag, crc64nvme, "
                                              "seal) VALUES(?, ?, ?, ?, ?, ?)"));
    for (const PartInfo& part : parts) {
      row.reset();
      row.bind(1, id).bind(2, part.number).bind(3, as_signed(part.size)).bind(4, part.etag);
      if (part.crc64nvme) row.bind(5, as_signed(*part.crc64nvme));
      else row.bind_null(5);
      DOCUPILOT_CHECK(row.bind(6, seal_of(id, part)).run(context));
    }
    DOCUPILOT_TRY(auto touch, database->prepare("UPDATE uploads SET touched = ? WHERE id = ?"));
    return touch.bind(1, clock_.now().microseconds).bind(2, id).run(context);
  });
}

Result<std::vector<PartInfo>> UploadJournal::parts(std::int64_t id, const Context& context) {
  std::vector<PartInfo> parts;
  DOCUPILOT_TRY(auto database, pool_.reader(context));
  DOCUPILOT_TRY(
      auto row,
      database->prepare("SELECT number, size, etag, crc64nvme, seal FROM parts WHERE upload = ? ORDER BY number"));
  row.bind(1, id);
  for (;;) {
    DOCUPILOT_TRY(const bool there, row.step(context));
    if (!there) return parts;
    PartInfo part{.number = static_cast<int>(row.integer(0)),
                  .size = as_unsigned(row.integer(1)),
                  .etag = std::string(row.text(2))};
    if (!row.is_null(3)) part.crc64nvme = as_unsigned(row.integer(3));
    if (seal_of(id, part) == row.integer(4)) parts.push_back(std::move(part));
  }
}

Result<void> UploadJournal::forget_parts(std::int64_t id, const Context& context) {
  return change("DELETE FROM parts WHERE upload = ?", id, context);
}

Result<void> UploadJournal::remove(std::int64_t id, const Context& context) {
  auto done = change("DELETE FROM uploads WHERE id = ?", id, context);
  let_go(id);
  return done;
}

void UploadJournal::release(std::int64_t id) {
  // Where this cannot be written, the hold ends with the process.
  static_cast<void>(change("UPDATE uploads SET owner = '' WHERE id = ?", id, {}));
  let_go(id);
}

Result<void> UploadJournal::change(std::string_view sql, std::int64_t id, const Context& context) {
  DOCUPILOT_TRY(auto database, pool_.writer(context));
  DOCUPILOT_TRY(auto row, database->prepare(sql));
  return row.bind(1, id).run(context);
}

void UploadJournal::let_go(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  held_.erase(id);
}

Result<std::vector<JournalEntry>> UploadJournal::take_stale(const std::string& location, Timestamp before,
                                                            const Context& context) {
  if (!std::filesystem::exists(pool_.options().path)) return std::vector<JournalEntry>();
  DOCUPILOT_CHECK(open());
  std::vector<JournalEntry> stale;
  DOCUPILOT_TRY(auto database, pool_.writer(context));
  auto done = database->transaction(context, [&]() -> Result<void> {
    DOCUPILOT_TRY(auto entries, select(*database, "location = ?", std::array{location}, context));
    for (JournalEntry& entry : entries) {
      if (entry.touched > before) continue;
      DOCUPILOT_TRY(const bool ours, hold(*database, entry.id, context));
      if (ours) stale.push_back(std::move(entry));
    }
    return {};
  });
  if (!done) return std::move(done).error();
  const std::lock_guard lock(mutex_);
  for (const JournalEntry& entry : stale) held_.insert(entry.id);
  return stale;
}

Result<std::set<std::string>> UploadJournal::known_ids(const std::string& location, const Context& context) {
  DOCUPILOT_CHECK(open());
  DOCUPILOT_TRY(auto database, pool_.reader(context));
  DOCUPILOT_TRY(auto entries, select(*database, "location = ?", std::array{location}, context));
  std::set<std::string> ids;
  for (JournalEntry& entry : entries) ids.insert(std::move(entry.upload_id));
  return ids;
}

}  // namespace docupilot::inline v1
