#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/document.h>
#include <docupilot/base/error.h>
#include <docupilot/base/finding.h>
#include <docupilot/ingest.h>

namespace docupilot::inline v1 {

enum class JobKind { ingest, reindex, remove };
[[nodiscard]] DOCUPILOT_EXPORT std::string_view to_string(JobKind kind) noexcept;

/// A job that has begun and not ended.
struct PendingJob {
  std::string id;  ///< Unique across machines.
  std::string document_id;
  std::string name;
  JobKind kind = JobKind::ingest;
  Stage stage = Stage::store;  ///< The stage that is next.
  Timestamp started;
  bool in_progress = false;  ///< A living process works on it now.
  int attempts = 0;          ///< How often it was begun.
  std::string error;         ///< Why it stopped last; empty when its process was killed.
};

/// How much there is. The three are the same when every document is findable and nothing is under way.
struct LibraryStatus {
  std::uint64_t documents = 0;  ///< Rows of the metadata store.
  std::uint64_t objects = 0;    ///< Objects that hold the bytes of documents. Counted by listing them.
  std::uint64_t entries = 0;    ///< Entries of the search index.
  std::uint64_t pending = 0;    ///< Jobs that have begun and not ended.
};

struct DrainOptions {
  std::function<void(const IngestProgress&)> on_progress = {};  ///< As in IngestManyOptions.
};

struct DrainReport {
  std::uint64_t finished = 0;
  std::uint64_t in_progress = 0;  ///< Left alone: another living process has them.
  /// Jobs that failed again, with the reason. Those whose source is gone for good, such as standard input, are given
  /// up.
  std::vector<std::pair<PendingJob, Error>> failed;
};

struct SweepOptions {
  bool dry_run = true;  ///< Only report. Default: yes.
  /// Goes on when there is not one document left and objects are: these are removed. Default: precondition_failed,
  /// since the metadata may have been lost and their bytes would be lost as well.
  bool allow_no_documents = false;
  /// Temporary files and multipart uploads without a living owner are kept for so long. Default: 1 hour.
  Duration keep_temporary = Duration::milliseconds(3'600'000);
};

/// What a sweep found and, unless dry_run, put right.
struct SweepReport {
  std::vector<std::string> orphan_objects;      ///< Keys that no document refers to: removed.
  std::vector<std::string> dangling_documents;  ///< Ids whose bytes are gone: reported, never removed.
  std::vector<std::string> missing_entries;     ///< Ids that should be in the index: indexed again.
  std::vector<std::string> orphan_entries;      ///< Ids in the index without a document: removed from it.
  std::vector<std::string> temporary;           ///< Left-over temporary files and uploads: removed.
  bool dry_run = true;

  /// True when everything fits together.
  [[nodiscard]] bool clean() const noexcept {
    return orphan_objects.empty() && dangling_documents.empty() && missing_entries.empty() && orphan_entries.empty() &&
           temporary.empty();
  }
};

}  // namespace docupilot::inline v1
