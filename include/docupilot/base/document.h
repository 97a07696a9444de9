#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/export.h>
#include <docupilot/base/time.h>
#include <docupilot/base/value.h>

namespace docupilot::inline v1 {

/// Where the bytes of a document rest.
struct ObjectRef {
  std::string store;    ///< Scheme of the object store that has them, for example "file".
  std::string key;      ///< Key in that store.
  std::string version;  ///< The store's version id; empty when it keeps none.
  std::string etag;     ///< The store's entity tag (RFC 9110, 8.8.3) without quotes; opaque.

  bool operator==(const ObjectRef&) const = default;
};

/// Digests of a document's bytes in lower-case hexadecimal, big-endian; empty when not computed.
struct Checksums {
  std::string sha256;     ///< FIPS 180-4, 64 digits. Always there once bytes rest.
  std::string crc32c;     ///< Castagnoli, 8 digits, as x-amz-checksum-crc32c (which is base64).
  std::string crc64nvme;  ///< CRC-64/NVME, 16 digits.
  std::string md5;        ///< RFC 1321, 32 digits; on demand.

  bool operator==(const Checksums&) const = default;
};

/// The stages of the way, in their order.
enum class Stage { store, extract, metadata, index, summary };
inline constexpr int stage_count = 5;
[[nodiscard]] DOCUPILOT_EXPORT std::string_view to_string(Stage stage) noexcept;

enum class StageState {
  pending,  ///< Not done yet; a job will do it.
  done,     ///< Done.
  skipped,  ///< Does not apply: no text in the document, or not asked for.
  failed,   ///< Cannot be done as things are; `StageStatus::error` says why. The document is kept without it.
};
[[nodiscard]] DOCUPILOT_EXPORT std::string_view to_string(StageState state) noexcept;

struct StageStatus {
  StageState state = StageState::pending;
  std::string error;  ///< Error::to_string() of a failed stage, else empty.

  bool operator==(const StageStatus&) const = default;
};

/// What is known of one document. A plain value.
struct Document {
  /// Names the document for ever. 1 to 128 of the characters A-Z a-z 0-9 _ -, the first a letter or digit,
  /// so that every backend accepts it. Made from the absolute path when a file is ingested without an id.
  std::string id;
  std::string title;                ///< From the document itself, else its file name. UTF-8, as all text here.
  std::string name;                 ///< File name, with `/` the path relative to the folder that was ingested.
  ObjectRef object;                 ///< Where its bytes rest.
  std::uint64_t size = 0;           ///< Bytes.
  std::string content_type;         ///< Media type (RFC 6838) such as "text/html".
  Checksums checksums;              ///< Of the bytes.
  Timestamp created;                ///< When it was ingested first.
  Timestamp updated;                ///< When this revision was written.
  std::vector<std::string> tags;    ///< In the order given, without duplicates.
  Value::Map attributes;            ///< Free attributes; names have no '.', no leading '$' and at most 128 bytes.
  std::string summary;              ///< Empty until the summary stage is done.
  StageStatus stages[stage_count];  ///< Indexed by Stage; see `stage()`.
  /// Opaque; changes with every write. Hand it back to write only if nobody else has.
  std::string revision;

  [[nodiscard]] const StageStatus& stage(Stage s) const noexcept { return stages[static_cast<int>(s)]; }
  [[nodiscard]] StageStatus& stage(Stage s) noexcept { return stages[static_cast<int>(s)]; }

  bool operator==(const Document&) const = default;
};

/// Checks the id against the rule above. Errors: invalid_argument.
[[nodiscard]] DOCUPILOT_EXPORT Result<void> check_document_id(std::string_view id);

/// The members of Document as one JSON object on one line: id, title, name, object, size, content_type, sha256,
/// crc32c, crc64nvme and md5 (those that are known), created, updated (RFC 3339), tags, attributes, summary,
/// stages, revision. The schema is docs/formats/document.md.
[[nodiscard]] DOCUPILOT_EXPORT std::string to_json(const Document& document);

}  // namespace docupilot::inline v1
