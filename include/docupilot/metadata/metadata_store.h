#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <docupilot/base/cancel.h>
#include <docupilot/base/document.h>
#include <docupilot/base/filter.h>

namespace docupilot::inline v1 {

/// What must be true for a write to happen.
struct WriteCondition {
  enum class Kind { any, absent, revision };
  Kind kind = Kind::any;
  std::string revision = {};

  [[nodiscard]] static WriteCondition absent() { return {Kind::absent, {}}; }  ///< Else already_exists.
  [[nodiscard]] static WriteCondition unchanged(std::string revision) {        ///< Else precondition_failed.
    return {Kind::revision, std::move(revision)};
  }
};

/// Members to change; those not set stay. Attributes are merged by name: a null value removes one.
struct DocumentPatch {
  std::optional<std::string> title = {};
  std::optional<std::string> content_type = {};
  std::optional<std::vector<std::string>> tags = {};
  std::optional<std::string> summary = {};
  Value::Map attributes = {};
  std::vector<std::pair<Stage, StageStatus>> stages = {};
};

struct OrderBy {
  std::string field;  ///< As in Filter; not tags.
  bool descending = false;
};

struct DocumentQuery {
  Filter filter = {};
  /// At most 4. Missing values come first, then numbers (NaN before all others), then text, times last; values of other
  /// kinds count as missing. Ties go by id, in the direction of the last field. Default: by id.
  std::vector<OrderBy> order = {};
  std::size_t limit = 100;      ///< Documents a page, 1 to 10,000.
  std::string page_token = {};  ///< From the page before, with the same filter and order, else invalid_argument.
};

/// A page says where the next begins by the last document's own values (keyset): documents added or removed
/// meanwhile make no other document appear twice or not at all.
struct DocumentPage {
  std::vector<Document> documents;
  std::string next_page_token;  ///< Empty on the last page.
};

struct MetadataCapabilities {
  bool conditional_write = false;  ///< WriteCondition is atomic.
  bool atomic_batch = false;       ///< put_many writes all or none.
  bool negation = false;           ///< Filters with negate over any child.
  bool any_of_ranges = false;      ///< any_of over comparisons on several fields.
};

/// Keeps what is known of documents. Calls may come from any thread at any time; several processes may use one
/// database. Errors all calls share: invalid_argument (a bad id, filter or token), unavailable, timeout,
/// cancelled, corrupted (the database is damaged), permission_denied, exhausted.
///
/// A document is taken only as a whole: all text UTF-8 without NUL, the size below 2^63, times from 1970 to 9999, tags
/// and counter names of 1 to 256 bytes without controls, attributes at most 32 deep and, counting 8 bytes for what is
/// not text or bytes, 1 MiB at most (too_large).
class DOCUPILOT_EXPORT MetadataStore {
 public:
  virtual ~MetadataStore();

  [[nodiscard]] virtual std::string scheme() const = 0;
  [[nodiscard]] virtual MetadataCapabilities capabilities() const = 0;

  /// Writes the whole document; its `revision` member is ignored. Returns it with the new revision.
  [[nodiscard]] virtual Result<Document> put(const Document& document, const WriteCondition& condition = {},
                                             const Context& context = {}) = 0;
  /// Writes many, in one transaction where the backend has them; returns the new revisions in the same order.
  /// `conditions`: one for each document, or none at all. Default: one put after another, stopping at the first error.
  [[nodiscard]] virtual Result<std::vector<std::string>> put_many(std::span<const Document> documents,
                                                                  std::span<const WriteCondition> conditions = {},
                                                                  const Context& context = {});
  /// Errors: not_found.
  [[nodiscard]] virtual Result<Document> get(const std::string& id, const Context& context = {}) = 0;
  /// Changes members in place, atomically, and sets `updated` to `when`. Returns the whole document. Errors: not_found.
  [[nodiscard]] virtual Result<Document> patch(const std::string& id, const DocumentPatch& patch, Timestamp when,
                                               const WriteCondition& condition = {}, const Context& context = {}) = 0;
  /// Removes the document; no error when there is none, unless the condition asks for a revision.
  [[nodiscard]] virtual Result<void> remove(const std::string& id, const WriteCondition& condition = {},
                                            const Context& context = {}) = 0;
  [[nodiscard]] virtual Result<DocumentPage> query(const DocumentQuery& query = {}, const Context& context = {}) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> count(const Filter& filter = {}, const Context& context = {}) = 0;
  /// Adds to a named counter, which begins at 0, and returns the new value; atomic across threads and processes.
  /// Errors: invalid_argument when it would leave the range of 64 bits (the counter stays).
  [[nodiscard]] virtual Result<std::int64_t> increment(const std::string& counter, std::int64_t by = 1,
                                                       const Context& context = {}) = 0;
};

/// The document that `patch` makes of `before`; shared by the backends. Errors: invalid_argument.
[[nodiscard]] DOCUPILOT_EXPORT Result<Document> apply_patch(Document before, const DocumentPatch& patch,
                                                            Timestamp when);

}  // namespace docupilot::inline v1
