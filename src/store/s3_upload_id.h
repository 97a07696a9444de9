#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/store/object_store.h>

#include "store/s3_endpoint.h"

namespace docupilot::inline v1::s3 {

/// S3 wants a condition when an upload completes, we are given it when it begins; and the mark is to be known then, by
/// another process perhaps. So both travel in our upload id, behind the server's, which has no blanks:
/// "ID if-absent MARK", "ID if-match=ETAG MARK", "ID - MARK" without a condition, and "ID" of uploads that others
/// began. Refers to the text that it was parsed from.
struct UploadId {
  std::string_view id;
  bool if_absent = false;
  std::string_view if_match;
  std::string_view mark;

  [[nodiscard]] static UploadId parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool is_conditional() const { return if_absent || !if_match.empty(); }
};

/// What a request for one part of an upload asks with.
[[nodiscard]] S3Query part_query(int number, const MultipartUpload& upload);
/// The ETag of an object that was made of these parts: the MD5 of their MD5s. Nothing when theirs are none.
[[nodiscard]] std::optional<std::string> joined_etag(const std::vector<PartInfo>& parts);

}  // namespace docupilot::inline v1::s3
