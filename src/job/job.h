#pragma once

#include <string>
#include <vector>

#include <docupilot/ingest.h>
#include <docupilot/maintenance.h>

namespace docupilot::inline v1 {

/// What the journal knows of a document's way: enough to go on from the last stage that was finished, in another
/// process, without anything but the backends. Bytes are never in it, and no secret is.
struct Job {
  std::string id;           ///< 32 random hexadecimal digits: unique across machines.
  std::string document_id;  ///< At most one job a document.
  JobKind kind = JobKind::ingest;
  Stage stage = Stage::store;  ///< The stage that is next. Stages before it are done.
  Timestamp started;
  int attempts = 0;
  std::string error;  ///< Of the last attempt; empty when none failed.

  std::string path;        ///< Source file, absolute; empty for memory and streams, which cannot be read again.
  IngestOptions options;   ///< As asked for, with id and name filled in.
  std::string object_key;  ///< Where the bytes go. Fixed when the job begins, so storing them again changes nothing.
  bool replaces = false;   ///< It began in the place of a job that had not ended.
  std::vector<std::string> old_keys;  ///< Objects of earlier revisions, to be removed when the job is through.

  // Known once the store stage is done.
  ObjectRef object;
  std::uint64_t size = 0;
  Checksums checksums;
  SourceIdentity identity;  ///< Of the source while it was read.

  /// Whether a later process can finish it.
  [[nodiscard]] bool resumable() const noexcept {
    return kind != JobKind::ingest || stage != Stage::store || !path.empty();
  }
};

/// How a source looked when it was ingested last, to pass over it quickly while it looks the same.
struct SourceRecord {
  std::string document_id;
  std::string object_key;
  SourceIdentity identity;
};

/// What an idempotency key was used for.
struct KeyRecord {
  std::string document_id;
  std::string sha256;  ///< Empty until the first request with this key has ended.
};

/// The part of a Job below its columns as text, for journals that keep it so, and back. Errors: corrupted.
[[nodiscard]] std::string encode_job_body(const Job& job);
[[nodiscard]] Result<void> decode_job_body(std::string_view text, Job& job);

}  // namespace docupilot::inline v1
