#include "sqlite/database.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"

namespace docupilot::inline v1::sqlite {

namespace {

constexpr off_t smallest_database = 512;      // bytes: one page of the smallest size
constexpr int largest_value = 256 << 20;      // bytes of one text or blob
constexpr int steps_between_checks = 20'000;  // virtual machine steps, well under 10 ms
constexpr std::size_t kept_statements = 64;   // filters make statements without end

bool is_writable_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return ::access(folder.c_str(), W_OK) == 0;
}

// Where SQLite is built to take names such as "file:x?mode=memory" as URIs, a relative path must not look like one.
std::string file_name_of(const std::string& path) { return path.starts_with("file:") ? "./" + path : path; }

std::string immutable_uri_of(const std::string& path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string uri = path.starts_with('/') ? "file://" : "file:";  // "//x" must not be taken for a host
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#' || byte < 0x20) uri += {'%', digits[byte >> 4], digits[byte & 15]};
    else uri += c;
  }
  return uri + "?immutable=1";
}

}  // namespace

// ---- Statement

Statement::~Statement() {
  if (handle_ == nullptr) return;
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  connection_->statements_[slot_].on_loan = false;
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      slot_(other.slot_),
      handle_(std::exchange(other.handle_, nullptr)),
      bind_error_(other.bind_error_) {}

Statement& Statement::note(int result) {
  if (result != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = result;
  return *this;
}

Statement& Statement::bind(int position, std::int64_t v) { return note(sqlite3_bind_int64(handle_, position, v)); }
Statement& Statement::bind(int position, double v) { return note(sqlite3_bind_double(handle_, position, v)); }
Statement& Statement::bind(int position, std::string_view text) {
  return note(sqlite3_bind_text64(handle_, position, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                                  SQLITE_UTF8));
}
Statement& Statement::bind_bytes(int position, ByteView bytes) {
  return note(sqlite3_bind_blob64(handle_, position, bytes.empty() ? static_cast<const void*>("") : bytes.data(),
                                  bytes.size(), SQLITE_TRANSIENT));
}
Statement& Statement::bind_null(int position) { return note(sqlite3_bind_null(handle_, position)); }
Statement& Statement::bind_pointer(int position, void* pointer, const char* type) {
  return note(sqlite3_bind_pointer(handle_, position, pointer, type, nullptr));
}

Result<bool> Statement::step(const Context& context) {
  if (bind_error_ != SQLITE_OK) return connection_->error(bind_error_, "bind");
  DOCUPILOT_CHECK(context.check("sqlite"));
  connection_->context_ = &context;
  const int result = sqlite3_step(handle_);
  connection_->context_ = nullptr;
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  if (result == SQLITE_INTERRUPT || result == SQLITE_BUSY) DOCUPILOT_CHECK(context.check("sqlite"));
  return connection_->error(result, "run a statement");
}

Result<void> Statement::run(const Context& context) {
  for (;;) {
    DOCUPILOT_TRY(const bool row, step(context));
    if (!row) break;
  }
  reset();
  return {};
}

void Statement::reset() noexcept {
  sqlite3_reset(handle_);
  bind_error_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
double Statement::number(int column) const { return sqlite3_column_double(handle_, column); }
std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return {text == nullptr ? "" : text, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}
bool Statement::is_null(int column) const { return type(column) == SQLITE_NULL; }
int Statement::type(int column) const { return sqlite3_column_type(handle_, column); }

// ---- Connection

Result<std::unique_ptr<Connection>> Connection::open(const OpenOptions& options) {
  std::unique_ptr<Connection> connection(new Connection(options));
  DOCUPILOT_CHECK(connection->open_file());
  DOCUPILOT_CHECK(connection->configure());
  return connection;
}

Connection::~Connection() {
  for (const Cached& cached : statements_) sqlite3_finalize(cached.handle);
  sqlite3_close_v2(handle_);
}

Result<void> Connection::open_file() {
  const std::string& path = options_.path;
  const bool in_memory = path == ":memory:";
  if (path.empty() || path.find('\0') != std::string::npos) {
    return Error(ErrorCode::invalid_argument, "this is not a file name")
        .operation("open")
        .backend("sqlite")
        .target(path);
  }
  const auto not_file = [&] {
    return Error(ErrorCode::invalid_argument, "this is not a regular file")
        .operation("open")
        .backend("sqlite")
        .target(path);
  };
  struct stat status{};
  const bool there = !in_memory && ::stat(path.c_str(), &status) == 0;
  if (there && !S_ISREG(status.st_mode)) return not_file();
  // SQLite takes the first bytes of a cut file for an empty database.
  if (there && status.st_size > 0 && status.st_size < smallest_database) return error(SQLITE_CORRUPT, "open");
  if (options_.read_only && !in_memory && !there) {
    return Error(ErrorCode::not_found, "there is no such database").operation("open").backend("sqlite").target(path);
  }
  if (!there && !in_memory && options_.is_private) {
    // SQLite gives its -wal and -shm files the mode of the database file.
    if (const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_CLOEXEC | O_RDWR, 0600); fd >= 0) ::close(fd);
  }
  const int access = options_.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  constexpr int threading = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  if (const int result = sqlite3_open_v2(file_name_of(path).c_str(), &handle_, access | threading, nullptr);
      result != SQLITE_OK) {
    return error(result, "open");
  }
  // SQLite opens a file it may not write read-only, without a word.
  if (!options_.read_only && sqlite3_db_readonly(handle_, "main") == 1) return error(SQLITE_READONLY, "open");
  if (!options_.read_only || in_memory || ::access((path + "-shm").c_str(), R_OK) == 0) return {};
  // A write-ahead log cannot be used where nothing may be written. Nobody writes there, so once nothing is in the log
  // the file can be read as it stands.
  if (is_writable_folder_of(path)) return {};
  if (struct stat wal{}; ::stat((path + "-wal").c_str(), &wal) == 0 && wal.st_size > 0) return {};
  sqlite3_close_v2(handle_);
  handle_ = nullptr;
  const int result =
      sqlite3_open_v2(immutable_uri_of(path).c_str(), &handle_, access | threading | SQLITE_OPEN_URI, nullptr);
  return result == SQLITE_OK ? Result<void>() : error(result, "open");
}

Result<void> Connection::configure() {
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, largest_value);
  sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_busy_handler(handle_, &Connection::on_busy, this);
  sqlite3_progress_handler(handle_, steps_between_checks, &Connection::on_progress, this);
  DOCUPILOT_CHECK(execute("PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096;"));
  if (options_.read_only) return execute("SELECT count(*) FROM sqlite_schema");
  // Where another process makes the same change of mode, SQLite gives up at once and leaves the waiting to us.
  int result = SQLITE_BUSY;
  for (int tries = 0; (result & 0xff) == SQLITE_BUSY && (tries == 0 || on_busy(this, tries - 1) != 0); ++tries) {
    result = sqlite3_exec(handle_, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
  }
  if (result != SQLITE_OK) return error(result, "open");
  return execute("PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;");
}

int Connection::on_busy(void* self, int count) {
  auto& me = *static_cast<Connection*>(self);
  if (count == 0) me.busy_until_ = Deadline::after(me.options_.busy_time);
  if (me.busy_until_.expired() || on_progress(self) != 0) return 0;
  std::this_thread::sleep_for(std::chrono::microseconds(std::min(20'000, 500 << std::min(count, 10))));
  return 1;
}

int Connection::on_progress(void* self) {
  const Context* context = static_cast<Connection*>(self)->context_;
  return context != nullptr && !context->check({}) ? 1 : 0;
}

Result<Statement> Connection::prepare(std::string_view sql) {
  for (std::size_t i = 0; i < statements_.size(); ++i) {
    Cached& cached = statements_[i];
    if (!cached.on_loan && cached.sql == sql) {
      cached.on_loan = true;
      cached.last_use = ++uses_;
      return Statement(*this, i, cached.handle);
    }
  }
  sqlite3_stmt* handle = nullptr;
  const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &handle, nullptr);
  if (result != SQLITE_OK) return error(result, "prepare");
  const std::size_t slot = free_slot();
  sqlite3_finalize(statements_[slot].handle);
  statements_[slot] = {std::string(sql), handle, true, ++uses_};
  return Statement(*this, slot, handle);
}

// A new one, or that of the statement unused for longest.
std::size_t Connection::free_slot() {
  auto oldest = statements_.end();
  if (statements_.size() >= kept_statements) {
    for (auto i = statements_.begin(); i != statements_.end(); ++i) {
      if (!i->on_loan && (oldest == statements_.end() || i->last_use < oldest->last_use)) oldest = i;
    }
  }
  if (oldest == statements_.end()) oldest = statements_.emplace(statements_.end());
  return static_cast<std::size_t>(oldest - statements_.begin());
}

Result<void> Connection::execute(const std::string& sql, const Context& context) {
  DOCUPILOT_CHECK(context.check("sqlite"));
  context_ = &context;
  const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  context_ = nullptr;
  if (result == SQLITE_OK) return {};
  if (result == SQLITE_INTERRUPT || result == SQLITE_BUSY) DOCUPILOT_CHECK(context.check("sqlite"));
  return error(result, "run a statement");
}

Result<void> Connection::transaction(const Context& context, const std::function<Result<void>()>& body) {
  if (sqlite3_get_autocommit(handle_) == 0) return body();
  DOCUPILOT_CHECK(execute("BEGIN IMMEDIATE", context));
  auto done = body();
  if (done) done = execute("COMMIT", context);
  if (!done && sqlite3_get_autocommit(handle_) == 0) (void)execute("ROLLBACK");  // SQLite may have done it itself
  return done;
}

std::int64_t Connection::changes() const { return sqlite3_changes64(handle_); }

Error Connection::error(int code, std::string_view operation) const {
  const auto make = [&](ErrorCode mapped, std::string_view hint) {
    const bool said = handle_ != nullptr && sqlite3_extended_errcode(handle_) == code;
    return Error(mapped, said ? sqlite3_errmsg(handle_) : sqlite3_errstr(code))
        .operation(operation)
        .backend("sqlite")
        .target(options_.path)
        .hint(hint);
  };
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return make(ErrorCode::corrupted, options_.remedy);
    case SQLITE_FULL: return make(ErrorCode::exhausted, "free some space on this disk, then go on");
    case SQLITE_NOMEM: return make(ErrorCode::exhausted, "free some memory, then go on");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return make(ErrorCode::permission_denied, "make the file and its folder writable");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return make(ErrorCode::unavailable, "another process holds the database; try again when it is done");
    case SQLITE_TOOBIG: return make(ErrorCode::too_large, "store less in one document");
    case SQLITE_CONSTRAINT: return make(ErrorCode::already_exists, {});
    case SQLITE_INTERRUPT: return make(ErrorCode::cancelled, {});
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: {
      const int system = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
      if (system == ENOSPC || system == EDQUOT)
        return make(ErrorCode::exhausted, "free some space on this disk, then go on");
      if (system == EACCES || system == EROFS || system == EPERM) {
        return make(ErrorCode::permission_denied, "make the file and its folder readable and writable");
      }
      if (system == ENOENT) return make(ErrorCode::not_found, "make the folder first");
      return make((code & 0xff) == SQLITE_IOERR ? ErrorCode::internal : ErrorCode::permission_denied,
                  "check that the folder exists and can be written");
    }
    default: return make(ErrorCode::internal, {});
  }
}

Result<void> migrate(Connection& connection, std::string_view schema, const std::vector<std::string>& migrations) {
  const auto newest = static_cast<std::int64_t>(migrations.size());
  const auto version = [&]() -> Result<std::int64_t> {
    DOCUPILOT_TRY(auto table, connection.prepare("SELECT 1 FROM sqlite_schema WHERE name='docupilot_schema'"));
    DOCUPILOT_TRY(const bool there, table.step());
    if (!there) return 0;
    DOCUPILOT_TRY(auto row, connection.prepare("SELECT version FROM docupilot_schema WHERE name=?1"));
    DOCUPILOT_TRY(const bool found, row.bind(1, schema).step());
    return found ? row.integer(0) : 0;
  };
  DOCUPILOT_TRY(const std::int64_t seen, version());
  if (seen > newest) {
    return Error(ErrorCode::unsupported, "a newer version of DocuPilot made this database")
        .operation("open")
        .backend("sqlite")
        .hint("use that version, or another library");
  }
  if (seen == newest) return {};
  if (connection.read_only()) {
    return Error(ErrorCode::unsupported, "this database is not one of DocuPilot, or of an older version")
        .operation("open")
        .backend("sqlite")
        .hint("open it for writing once, to make or renew its tables");
  }
  return connection.transaction({}, [&]() -> Result<void> {
    DOCUPILOT_CHECK(connection.execute(
        "CREATE TABLE IF NOT EXISTS docupilot_schema(name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT"));
    DOCUPILOT_TRY(const std::int64_t now, version());  // another process may have been first
    for (std::int64_t v = now; v < newest; ++v) {
      DOCUPILOT_CHECK(connection.execute(migrations[static_cast<std::size_t>(v)]));
    }
    DOCUPILOT_TRY(auto write, connection.prepare("INSERT OR REPLACE INTO docupilot_schema VALUES(?1, ?2)"));
    return write.bind(1, schema).bind(2, newest).run();
  });
}

}  // namespace docupilot::inline v1::sqlite
