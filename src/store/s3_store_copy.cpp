#include <algorithm>

#include "base/try.h"
#include "http/percent.h"
#include "store/s3_metadata.h"
#include "store/s3_object_store.h"
#include "store/s3_upload_id.h"
#include "store/s3_wire.h"

namespace docupilot::inline v1 {

namespace {

std::string source_of(const S3Options& options, const std::string& key) {
  return '/' + options.bucket + '/' + http::percent_encode_path(options.prefix + key);
}

}  // namespace

Result<ObjectInfo> S3ObjectStore::copy(const std::string& from, const std::string& to, const Context& context) {
  const StoreCall call{"s3", "copy", from, context};
  DOCUPILOT_CHECK(full_key(from, call));
  S3Request request{.operation = call.operation, .target = from, .method = "PUT"};
  DOCUPILOT_TRY(request.key, full_key(to, call));
  DOCUPILOT_TRY(const ObjectInfo source, head_of(from, call));
  if (source.size > client_->tuning().largest_copy) return copy_in_parts(source, to, call);
  request.headers.set("x-amz-copy-source", source_of(client_->options(), from));
  request.headers.set("x-amz-copy-source-if-match", '"' + source.etag + '"');
  add_rest_headers(request.headers);
  if (from == to) {
    // Onto itself nothing may stay as it was, or the server takes it for a mistake.
    request.headers.set("x-amz-metadata-directive", "REPLACE");
    add_object_headers(request.headers, {.content_type = source.content_type, .attributes = source.attributes}, {});
    request.headers.remove("x-amz-tagging");  // stay by themselves
  }
  request.root = "CopyObjectResult";
  auto reply = client_->call(request, context);
  if (!reply) {
    if (reply.error().code() == ErrorCode::not_found && reply.error().service_code() != "NoSuchBucket") {
      return call.instead(call.not_found(), reply.error());
    }
    if (reply.error().code() == ErrorCode::precondition_failed) {
      const Error replaced =
          Error(ErrorCode::conflict, "the object was replaced while it was copied").hint("copy it again");
      return call.instead(replaced, reply.error());
    }
    return call.name(std::move(reply).error());
  }
  DOCUPILOT_TRY(const s3::WriteResult result, call.named(s3::read_write_result(reply->body, request.root)));
  ObjectInfo info = source;
  info.key = to;
  info.etag = result.etag;
  info.modified = result.modified;
  info.version = s3::told_version(reply->headers);
  return info;
}

Result<ObjectInfo> S3ObjectStore::copy_in_parts(const ObjectInfo& source, const std::string& to,
                                                const StoreCall& call) {
  const PutOptions options{.content_type = source.content_type, .attributes = source.attributes};
  DOCUPILOT_TRY(const MultipartUpload upload, begin_upload(to, options, Parts::copied, call));
  auto parts = copy_parts(upload, source, call);
  if (!parts) {
    abort_quietly(upload);
    return std::move(parts).error();
  }
  auto done = complete(upload, *parts, options, call);
  if (!done) {
    if (done.error().code() != ErrorCode::outcome_unknown) abort_quietly(upload);
    return done;
  }
  // Tags are not copied with parts. Who may not read or write them has an object without.
  const auto kept = tags(source.key, call.context);
  if (kept && *kept != client_->options().tags) static_cast<void>(set_tags(to, *kept, call.context));
  return done;
}

Result<std::vector<PartInfo>> S3ObjectStore::copy_parts(const MultipartUpload& upload, const ObjectInfo& source,
                                                        const StoreCall& call) {
  std::vector<PartInfo> parts;
  const std::uint64_t copied_part = client_->tuning().copied_part;
  for (std::uint64_t at = 0; at < source.size; at += copied_part) {
    const std::uint64_t size = std::min(copied_part, source.size - at);
    const int number = static_cast<int>(parts.size()) + 1;
    S3Request request{.operation = call.operation, .target = source.key, .method = "PUT"};
    DOCUPILOT_TRY(request.key, full_key(upload.key, call));
    request.query = s3::part_query(number, upload);
    request.headers.set("x-amz-copy-source", source_of(client_->options(), source.key));
    request.headers.set("x-amz-copy-source-if-match", '"' + source.etag + '"');
    request.headers.set("x-amz-copy-source-range", "bytes=" + std::to_string(at) + '-' + std::to_string(at + size - 1));
    request.root = "CopyPartResult";
    DOCUPILOT_TRY(const http::Response reply, client_->call(request, call.context));
    DOCUPILOT_TRY(const s3::WriteResult result, call.named(s3::read_write_result(reply.body, request.root)));
    parts.push_back({.number = number, .size = size, .etag = result.etag});
  }
  return parts;
}

}  // namespace docupilot::inline v1
