#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <docupilot/http/transport.h>
#include <docupilot/store/object_store.h>

namespace docupilot::inline v1::s3 {

/// Metadata by which a write knows itself again; hidden from those who read.
inline constexpr std::string_view mark_header = "x-amz-meta-docupilot-write";
inline constexpr std::string_view write_mark = mark_header.substr(mark_header.find("docupilot"));

/// What each attribute takes of the 2 KiB beyond its name and value: servers count the prefix of its header.
inline constexpr std::size_t attribute_cost = 11;

/// What they take in all, as servers count. Errors: too_large beyond 2 KiB.
[[nodiscard]] Result<void> check_metadata(const std::map<std::string, std::string>& attributes);
/// A mark for a write, where the metadata leave room for it; else "".
[[nodiscard]] std::string make_mark(const std::map<std::string, std::string>& attributes);

/// A value as a header can carry it: text that is no plain ASCII, or whose blanks a server may fold, becomes an encoded
/// word (RFC 2047), which is how S3 itself gives such values back.
[[nodiscard]] std::string encode_value(std::string_view value);
/// What `encode_value` or another client wrote. Text that is no encoded word comes back as it is.
[[nodiscard]] std::string decode_value(std::string_view value);

/// Adds x-amz-meta-* fields.
void add_metadata(http::Headers& headers, const std::map<std::string, std::string>& attributes);
/// What the headers of a GET or HEAD say of the object; its key and size are left alone.
void read_metadata(const http::Headers& headers, ObjectInfo& info);
/// The version that a reply tells; empty where the bucket keeps none. Lives as long as the headers.
[[nodiscard]] std::string_view told_version(const http::Headers& headers);
/// The size of the whole object: behind the slash of Content-Range, else Content-Length.
[[nodiscard]] std::optional<std::uint64_t> whole_size(const http::Headers& headers);
/// The time of an HTTP date, or none.
[[nodiscard]] Timestamp read_http_time(std::string_view text);

}  // namespace docupilot::inline v1::s3
