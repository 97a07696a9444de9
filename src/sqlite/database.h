#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/bytes.h>
#include <docupilot/base/cancel.h>

struct sqlite3;
struct sqlite3_stmt;

namespace docupilot::inline v1::sqlite {

struct OpenOptions {
  std::string path;  ///< ":memory:" for none.
  bool read_only = false;
  Duration busy_time = Duration::milliseconds(30'000);  ///< How long a call waits for another writer.
  bool is_private = false;                              ///< A new file is for its owner only (mode 0600).
  /// What to do when the file is damaged.
  std::string_view remedy = "restore this file from a backup, or move it away to begin a new one";
};

class Connection;

/// One prepared statement on loan from its Connection, reset and given back when this handle goes. Bind by position
/// from 1; a failed bind is reported by the next step.
class Statement {
 public:
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int position, std::int64_t v);
  Statement& bind(int position, int v) { return bind(position, std::int64_t{v}); }
  Statement& bind(int position, double v);
  Statement& bind(int position, std::string_view text);  ///< Copied.
  Statement& bind(int position, const char* text) { return bind(position, std::string_view(text)); }
  Statement& bind_bytes(int position, ByteView bytes);  ///< Copied.
  Statement& bind_null(int position);
  /// For a function written in C++ that knows `type`, which must live for ever; nobody else can read it.
  Statement& bind_pointer(int position, void* pointer, const char* type);

  /// True while there is a row to read. Looks at the context before and during the step.
  [[nodiscard]] Result<bool> step(const Context& context = {});
  /// Steps to the end, for statements without rows.
  [[nodiscard]] Result<void> run(const Context& context = {});
  /// Makes it ready to be bound and run again.
  void reset() noexcept;

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double number(int column) const;
  [[nodiscard]] std::string_view text(int column) const;  ///< Valid until the next step.
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] int type(int column) const;  ///< SQLITE_INTEGER and so on.

 private:
  friend class Connection;
  Statement(Connection& connection, std::size_t slot, sqlite3_stmt* handle)
      : connection_(&connection), slot_(slot), handle_(handle) {}
  Statement& note(int result);
  Connection* connection_;
  std::size_t slot_;
  sqlite3_stmt* handle_;  // null: moved from
  int bind_error_ = 0;
};

/// One connection, used by one thread at a time (see Pool). Write-ahead log, synchronous=FULL, foreign keys on,
/// DEFENSIVE, trusted_schema off, no extension loading, small limits: a hostile file gives an error.
class Connection {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const OpenOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] bool read_only() const noexcept { return options_.read_only; }
  /// A statement for this text, prepared once and kept for the next time; the 64 used last are.
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// Runs one or more statements without parameters.
  [[nodiscard]] Result<void> execute(const std::string& sql, const Context& context = {});
  /// Runs `body` in a transaction: BEGIN IMMEDIATE, COMMIT when it succeeds, ROLLBACK when it fails. Inside another
  /// transaction it joins that one.
  [[nodiscard]] Result<void> transaction(const Context& context, const std::function<Result<void>()>& body);
  /// Rows changed by the last statement.
  [[nodiscard]] std::int64_t changes() const;
  /// The raw handle, for what has no wrapper (custom functions). Never closed by the caller.
  [[nodiscard]] sqlite3* handle() noexcept { return handle_; }
  /// An Error for a result code of SQLite: code mapped, the file as target, with a hint.
  [[nodiscard]] Error error(int code, std::string_view operation) const;

 private:
  friend class Statement;
  explicit Connection(OpenOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Result<void> open_file();
  [[nodiscard]] Result<void> configure();
  static int on_busy(void* self, int count);
  static int on_progress(void* self);

  struct Cached {
    std::string sql = {};
    sqlite3_stmt* handle = nullptr;
    bool on_loan = false;
    std::uint64_t last_use = 0;
  };
  [[nodiscard]] std::size_t free_slot();
  OpenOptions options_;
  sqlite3* handle_ = nullptr;
  std::vector<Cached> statements_;
  std::uint64_t uses_ = 0;
  const Context* context_ = nullptr;  // of the call in progress, for the two handlers
  Deadline busy_until_;
};

/// Keeps application schemas apart in one file: table `docupilot_schema(name, version)`. Runs `migrations[v]` for each
/// version the file does not have yet, in one transaction. Errors: unsupported when the file is newer, or older and
/// only to be read.
[[nodiscard]] Result<void> migrate(Connection& connection, std::string_view schema,
                                   const std::vector<std::string>& migrations);

/// Hands out connections to one file: any number of readers, one writer at a time in this process (others wait in
/// line instead of spinning on SQLITE_BUSY). A private in-memory database has one connection for all.
class Pool {
 public:
  /// `prepare` runs once on every new connection (custom functions, pragmas).
  explicit Pool(OpenOptions options, std::function<Result<void>(Connection&)> prepare = {});
  ~Pool();
  [[nodiscard]] const OpenOptions& options() const noexcept { return options_; }

  /// A borrowed connection, given back when it goes.
  class Lease {
   public:
    ~Lease();
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    Connection& operator*() const noexcept { return *connection_; }
    Connection* operator->() const noexcept { return connection_.get(); }

   private:
    friend class Pool;
    Lease(Pool& pool, std::unique_ptr<Connection> connection, std::unique_lock<std::timed_mutex> writer);
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
    std::unique_lock<std::timed_mutex> writer_;
  };
  [[nodiscard]] Result<Lease> reader(const Context& context);
  [[nodiscard]] Result<Lease> writer(const Context& context);

 private:
  [[nodiscard]] Result<std::unique_ptr<Connection>> take();
  OpenOptions options_;
  std::function<Result<void>(Connection&)> prepare_;
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<Connection>> idle_;
  std::timed_mutex writer_;
};

}  // namespace docupilot::inline v1::sqlite
