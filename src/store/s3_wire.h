#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <docupilot/store/object_store.h>

namespace docupilot::inline v1::s3 {

// The XML of S3, in and out. Elements are known by their local names, since servers differ in name spaces and prefixes;
// document types are refused, and what is too long or nested too deeply. Errors of all readers: corrupted.

/// Bytes of a reply in XML that are taken.
inline constexpr std::uint64_t largest_xml = std::uint64_t{4} << 20U;

/// What an error says. Only these parts: some servers repeat the request and its credentials in others. These may hold
/// secrets too, and anything else: whoever shows them cleans them first (http::cleaned).
struct ServerError {
  std::string code;
  std::string message;
  std::string request_id;
  std::string region;    ///< Where the bucket is, when that was the trouble.
  std::string endpoint;  ///< Likewise.
};

/// Nothing when the text is no S3 error. Never fails: an error page of something else is no second failure.
[[nodiscard]] std::optional<ServerError> read_error(std::string_view text);
/// Whether the text looks like a page for a browser.
[[nodiscard]] bool is_html(std::string_view text);

/// Whether the text is XML with this root element. Errors: corrupted.
[[nodiscard]] Result<void> read_root(std::string_view text, std::string_view root);

struct ListPage {
  std::vector<ObjectInfo> objects;
  std::vector<std::string> prefixes;
  bool truncated = false;
  std::string next_token;
};
/// A reply to ListObjectsV2. Names are decoded when the reply says that it encoded them.
[[nodiscard]] Result<ListPage> read_list(std::string_view text);

struct UploadPage {
  std::vector<MultipartUpload> uploads;
  bool truncated = false;
  std::string next_key;
  std::string next_upload_id;
};
[[nodiscard]] Result<UploadPage> read_uploads(std::string_view text);

struct PartPage {
  std::vector<PartInfo> parts;
  bool truncated = false;
  int next_marker = 0;
};
[[nodiscard]] Result<PartPage> read_parts(std::string_view text);

/// The upload id of InitiateMultipartUploadResult.
[[nodiscard]] Result<std::string> read_upload_id(std::string_view text);

/// The result of CompleteMultipartUpload, CopyObject or UploadPartCopy, named by its root element.
struct WriteResult {
  std::string etag;  ///< Without quotes.
  Timestamp modified;
  std::optional<std::uint64_t> crc64nvme;  ///< Of the whole object, when the reply tells it.
};
[[nodiscard]] Result<WriteResult> read_write_result(std::string_view text, std::string_view root);

struct RemoveFailure {
  std::string key;
  std::string code;
  std::string message;
};
[[nodiscard]] Result<std::vector<RemoveFailure>> read_remove_result(std::string_view text);
[[nodiscard]] Result<std::map<std::string, std::string>> read_tags(std::string_view text);

/// With the checksums of the parts, where they are known.
[[nodiscard]] std::string write_complete(const std::vector<PartInfo>& parts);
[[nodiscard]] std::string write_remove(const std::vector<std::string>& keys);
[[nodiscard]] std::string write_tags(const std::map<std::string, std::string>& tags);
[[nodiscard]] std::string write_bucket_location(std::string_view region);

/// An ETag without its quotes and the W/ of a weak one.
[[nodiscard]] std::string bare_etag(std::string_view etag);

}  // namespace docupilot::inline v1::s3
