#pragma once

#include "sqlite/database.h"

namespace docupilot::inline v1::search {

/// Makes the tables of the index where they are missing, or only checks them when nothing may be written. Errors:
/// unsupported when a newer version made them, or when they are missing and may not be made.
[[nodiscard]] Result<void> open_schema(sqlite::Connection& connection, bool read_only);

/// What is known of all documents together.
struct IndexState {
  std::int64_t documents = 0;
  std::int64_t tokens = 0;       ///< Of all bodies.
  std::int64_t generation = 0;   ///< One more with every write.
  std::int64_t next_number = 1;  ///< For the next document; see DocumentKey.
  std::int64_t merged = 0;       ///< Generation up to which the table of words has all changes; the log has the others.
  std::int64_t logged = 0;       ///< Changes in the log.

  [[nodiscard]] double average_tokens() const {
    return documents > 0 && tokens > 0 ? static_cast<double>(tokens) / static_cast<double>(documents) : 1;
  }
};
[[nodiscard]] Result<IndexState> read_state(sqlite::Connection& connection);
[[nodiscard]] Result<void> write_state(sqlite::Connection& connection, const IndexState& state);

/// The body of a document is kept in parts of about so many tokens, so that a snippet reads one of them.
inline constexpr std::size_t tokens_per_part = 512;
/// Key of the first part; the others follow it.
[[nodiscard]] constexpr std::int64_t first_part(std::int64_t document_number) noexcept { return document_number << 15; }

}  // namespace docupilot::inline v1::search
