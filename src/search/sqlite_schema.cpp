#include "search/sqlite_schema.h"

#include "base/try.h"

namespace docupilot::inline v1::search {

namespace {

std::vector<std::string> migrations() {
  return {R"sql(
    CREATE TABLE docupilot_search_state(
      one INTEGER PRIMARY KEY CHECK (one = 1),
      documents INTEGER NOT NULL,
      tokens INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      next_number INTEGER NOT NULL,
      merged INTEGER NOT NULL,
      logged INTEGER NOT NULL) STRICT;
    INSERT INTO docupilot_search_state VALUES (1, 0, 0, 0, 1, 0, 0);
    CREATE TABLE docupilot_search_document(
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      title TEXT NOT NULL,
      name TEXT NOT NULL,
      size INTEGER NOT NULL,
      content_type TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      tags TEXT NOT NULL,
      attributes TEXT NOT NULL) STRICT;
    CREATE INDEX docupilot_search_newest ON docupilot_search_document(created DESC, id);
    CREATE TABLE docupilot_search_text(
      part INTEGER PRIMARY KEY,
      first_token INTEGER NOT NULL,
      body TEXT NOT NULL) STRICT;
    CREATE TABLE docupilot_search_word(
      word TEXT PRIMARY KEY,
      spelled INTEGER NOT NULL,
      stemmed INTEGER NOT NULL,
      added INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX docupilot_search_new_word ON docupilot_search_word(added);
    CREATE TABLE docupilot_search_word_log(
      generation INTEGER PRIMARY KEY,
      changes BLOB NOT NULL) STRICT;
    CREATE VIRTUAL TABLE docupilot_search_fts USING fts5(
      title, name, tags, body, content='', columnsize=0, tokenize="ascii tokenchars '#+'");
    INSERT INTO docupilot_search_fts(docupilot_search_fts, rank) VALUES ('automerge', 8);
  )sql"};
}

}  // namespace

Result<void> open_schema(sqlite::Connection& connection, bool read_only) {
  if (!read_only) return sqlite::migrate(connection, "search", migrations());
  DOCUPILOT_TRY(auto table, connection.prepare("SELECT 1 FROM sqlite_schema WHERE name='docupilot_search_state'"));
  DOCUPILOT_TRY(const bool is_there, table.step());
  if (is_there) return sqlite::migrate(connection, "search", migrations());  // writes nothing but an error
  return Error(ErrorCode::unsupported, "there is no search index in this database")
      .hint("open it for writing once, or name another file");
}

Result<IndexState> read_state(sqlite::Connection& connection) {
  DOCUPILOT_TRY(auto row, connection.prepare("SELECT documents, tokens, generation, next_number, merged, logged FROM "
                                             "docupilot_search_state WHERE one = 1"));
  DOCUPILOT_TRY(const bool is_there, row.step());
  if (!is_there) {
    return Error(ErrorCode::corrupted, "the search index has lost its state")
        .operation("read")
        .backend("sqlite")
        .hint("remove the tables docupilot_search_* and index the documents again");
  }
  return IndexState{row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4), row.integer(5)};
}

Result<void> write_state(sqlite::Connection& connection, const IndexState& state) {
  DOCUPILOT_TRY(auto row, connection.prepare("UPDATE docupilot_search_state SET documents=?1, tokens=?2, "
                                             "generation=?3, next_number=?4, merged=?5, logged=?6 WHERE one = 1"));
  row.bind(1, state.documents).bind(2, state.tokens).bind(3, state.generation).bind(4, state.next_number);
  return row.bind(5, state.merged).bind(6, state.logged).run();
}

}  // namespace docupilot::inline v1::search
