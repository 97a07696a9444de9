#pragma once

#include <cstdint>
#include <vector>

#include "sqlite/database.h"

namespace docupilot::inline v1::sqlite {

/// A word of a row that belongs to a phrase of the MATCH expression.
struct Fts5Hit {
  int column = 0;
  int offset = 0;  ///< Of the phrase's first token in the column, counted in tokens.
};

/// One row that a MATCH expression has found, as a function on the full text table sees it.
class Fts5Row {
 public:
  /// The row's key in the full text table.
  [[nodiscard]] virtual std::int64_t key() const = 0;
  /// Appends the hits of one phrase, counted from 0 in the order of the expression's text; `most` at the most.
  virtual void hits(int phrase, std::size_t most, std::vector<Fts5Hit>& out) const = 0;

 protected:
  ~Fts5Row() = default;
};

/// Gets every row that a statement with `fts5_visit` finds.
class Fts5Visitor {
 public:
  virtual ~Fts5Visitor();
  /// True to count the row. May throw only what the standard library throws for lack of memory.
  virtual bool visit(const Fts5Row& row) = 0;
};

/// Adds the function `docupilot_visit(TABLE, VISITOR)` to a connection: 1 for each row that the visitor counts, else 0.
/// The visitor is bound by `bind_visitor`. Errors: unsupported when SQLite was built without FTS5.
[[nodiscard]] Result<void> add_fts5_visit(Connection& connection);
/// The visitor must outlive the statement's steps.
void bind_visitor(Statement& statement, int position, Fts5Visitor& visitor);

}  // namespace docupilot::inline v1::sqlite
