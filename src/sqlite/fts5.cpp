#include "sqlite/fts5.h"

#include <new>

#include <sqlite3.h>

#include "base/try.h"

namespace docupilot::inline v1::sqlite {

namespace {

constexpr const char* visitor_type = "docupilot_visitor";

class Row final : public Fts5Row {
 public:
  Row(const Fts5ExtensionApi& api, Fts5Context* context) : api_(api), context_(context) {}

  [[nodiscard]] std::int64_t key() const override { return api_.xRowid(context_); }

  void hits(int phrase, std::size_t most, std::vector<Fts5Hit>& out) const override {
    Fts5PhraseIter place{};
    int column = -1;
    int offset = -1;
    if (api_.xPhraseFirst(context_, phrase, &place, &column, &offset) != SQLITE_OK) return;
    for (; column >= 0 && most > 0; --most) {
      out.push_back({column, offset});
      api_.xPhraseNext(context_, &place, &column, &offset);
    }
  }

 private:
  const Fts5ExtensionApi& api_;
  Fts5Context* context_;
};

void visit(const Fts5ExtensionApi* api, Fts5Context* context, sqlite3_context* result, int count,
           sqlite3_value** arguments) {
  auto* visitor = count == 1 ? static_cast<Fts5Visitor*>(sqlite3_value_pointer(arguments[0], visitor_type)) : nullptr;
  if (visitor == nullptr) return sqlite3_result_error(result, "docupilot_visit needs a visitor", -1);
  try {
    sqlite3_result_int(result, visitor->visit(Row(*api, context)) ? 1 : 0);
  } catch (const std::exception&) {
    sqlite3_result_error_nomem(result);
  }
}

// How SQLite hands out the interface of FTS5: through a pointer bound to a query.
fts5_api* api_of(sqlite3* handle) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  return api;
}

}  // namespace

Fts5Visitor::~Fts5Visitor() = default;

Result<void> add_fts5_visit(Connection& connection) {
  fts5_api* api = api_of(connection.handle());
  if (api == nullptr) {
    return Error(ErrorCode::unsupported, "this SQLite was built without full text search")
        .operation("open")
        .backend("sqlite")
        .hint("use an SQLite with FTS5");
  }
  const int result = api->xCreateFunction(api, "docupilot_visit", nullptr, &visit, nullptr);
  if (result != SQLITE_OK) return connection.error(result, "open");
  return {};
}

void bind_visitor(Statement& statement, int position, Fts5Visitor& visitor) {
  statement.bind_pointer(position, &visitor, visitor_type);
}

}  // namespace docupilot::inline v1::sqlite
