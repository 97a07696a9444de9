#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/document.h>
#include <docupilot/source/content_hash.h>
#include <docupilot/source/source.h>
#include <docupilot/summary/summarizer.h>

namespace docupilot::inline v1 {

/// What to make of a document on its way. Everything has a sensible default.
struct IngestOptions {
  /// The document's id. Default: made from the absolute path of a file, from the idempotency key, else at random.
  std::string id = {};
  std::string name = {};          ///< Default: the file name.
  std::string title = {};         ///< Default: what the document says, else its name.
  std::string content_type = {};  ///< Default: found out from bytes and name.
  std::vector<std::string> tags = {};
  Value::Map attributes = {};
  /// Makes a request that is sent twice happen once: the same key and bytes give the same document, the same key and
  /// other bytes are refused with `conflict`. At most 256 bytes; remembered for 7 days or longer.
  std::string idempotency_key = {};
  Hashes extra_hashes = Hashes::crc64nvme;  ///< Digests besides SHA-256.
  bool index = true;                        ///< Make it findable.
  bool summarize = true;                    ///< Write a summary.
  SummaryLength summary_length = {};
  bool force = false;        ///< Go the whole way even when nothing has changed.
  bool allow_empty = false;  ///< An empty document is an error (invalid_argument) unless this is set.
};

/// One document to be ingested: a file, or any other source.
struct IngestRequest {
  std::string path = {};                ///< A regular file; or
  std::shared_ptr<Source> source = {};  ///< a source, read once and not kept after the call.
  IngestOptions options = {};
};

enum class IngestOutcome {
  created,    ///< New.
  updated,    ///< The bytes or what is known of them changed: a new revision.
  unchanged,  ///< Nothing to do.
};
[[nodiscard]] DOCUPILOT_EXPORT std::string_view to_string(IngestOutcome outcome) noexcept;

struct IngestResult {
  Document document;
  IngestOutcome outcome = IngestOutcome::created;
  /// Stages that failed for good, for example a damaged PDF without text. The document is kept without them, and
  /// ingesting it again tries them again.
  std::vector<Error> warnings;
};

/// How far a long call has come.
struct IngestProgress {
  std::uint64_t documents_done = 0;  ///< Finished, whether well, unchanged or failed.
  std::uint64_t documents_total = 0;
  std::uint64_t documents_failed = 0;
  std::uint64_t bytes_done = 0;   ///< Read from sources so far, or seen not to have changed.
  std::uint64_t bytes_total = 0;  ///< Of all sources whose size is known.
  std::string_view current;       ///< Name of a document under way; valid during the call.
};

struct IngestManyOptions {
  /// Documents prepared side by side. 0: one for each processor, at most 8; 16 where the store is remote.
  unsigned concurrency = 0;
  std::size_t group = 256;  ///< Documents committed together at the most, 1 to 10,000. Default 256.
  // Neither function may throw.
  /// Called a few times a second and once at the end, from any thread but never two at a time.
  std::function<void(const IngestProgress&)> on_progress = {};
  /// Called once a document, in the order they finish; the result is also in what the call returns.
  std::function<void(std::size_t index, const Result<IngestResult>&)> on_result = {};
};

}  // namespace docupilot::inline v1
