#include <algorithm>

#include "base/try.h"
#include "crypto/sha256_many.h"
#include "http/percent.h"
#include "store/s3_body.h"
#include "store/s3_errors.h"
#include "store/s3_metadata.h"
#include "store/s3_object_store.h"
#include "store/s3_part_body.h"
#include "store/s3_upload_id.h"
#include "store/s3_wire.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

constexpr std::size_t largest_chunk = std::size_t{16} << 20U;  // that MinIO takes

/// Whether a write failed because its condition does not hold.
bool is_refused(const PutOptions& condition, const Error& error) {
  return error.code() == ErrorCode::precondition_failed || error.code() == ErrorCode::conflict ||
         (!condition.if_match.empty() && error.code() == ErrorCode::not_found);
}

}  // namespace

Result<std::string> s3::written_etag(const StoreCall& call, const http::Headers& reply) {
  std::string etag = bare_etag(reply.get("etag"));
  if (!etag.empty()) return etag;
  return call.error(ErrorCode::corrupted, "the server's reply has no ETag", "check that the endpoint speaks S3");
}

Result<ObjectInfo> s3::written_object(const StoreCall& call, const http::Headers& reply, std::uint64_t size,
                                      const PutOptions& options) {
  DOCUPILOT_TRY(std::string etag, written_etag(call, reply));
  return ObjectInfo{.key = std::string(call.target),
                    .size = size,
                    .etag = std::move(etag),
                    .version = std::string(told_version(reply)),
                    .modified = read_http_time(reply.get("date")),
                    .content_type = options.content_type,
                    .attributes = with_lower_names(options.attributes),
                    .crc64nvme = told_checksum(reply)};
}

Result<std::string> read_up_to(Reader& body, std::uint64_t most, bool& ended, const StoreCall& call) {
  std::string bytes;
  ended = false;
  while (bytes.size() < most) {
    DOCUPILOT_CHECK(call.check());
    const std::size_t filled = bytes.size();
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(store_block, most - filled));
    bytes.resize(filled + room);
    DOCUPILOT_TRY(const std::size_t count,
                  body.read({reinterpret_cast<std::byte*>(bytes.data()) + filled, room}, call.context));
    if (count > room) {
      return call.error(ErrorCode::corrupted, "the reader gave more than there was room for", "mend the reader");
    }
    bytes.resize(filled + count);
    ended = count == 0;
    if (ended) break;
  }
  return bytes;
}

void S3ObjectStore::add_object_headers(http::Headers& headers, const PutOptions& options, std::string_view mark) const {
  // Without one, servers make up different types of their own.
  const std::string_view type = options.content_type;
  headers.set("content-type", type.empty() ? "application/octet-stream" : type);
  s3::add_metadata(headers, options.attributes);
  if (!mark.empty()) headers.set(s3::mark_header, mark);
  add_rest_headers(headers);
  std::string tags;
  for (const auto& [name, value] : client_->options().tags) {
    tags += (tags.empty() ? "" : "&") + http::percent_encode(name) + '=' + http::percent_encode(value);
  }
  if (!tags.empty()) headers.set("x-amz-tagging", tags);
}

void S3ObjectStore::add_rest_headers(http::Headers& headers) const {
  const S3Options& own = client_->options();
  if (!own.storage_class.empty()) headers.set("x-amz-storage-class", own.storage_class);
  if (own.encryption.kind != S3Encryption::Kind::bucket_default) {
    const bool kms = own.encryption.kind == S3Encryption::Kind::kms;
    headers.set("x-amz-server-side-encryption", kms ? "aws:kms" : "AES256");
    if (kms && !own.encryption.kms_key_id.empty()) {
      headers.set("x-amz-server-side-encryption-aws-kms-key-id", own.encryption.kms_key_id);
    }
  }
}

Result<void> S3ObjectStore::add_condition(S3Request& request, const std::string& key, const PutOptions& options,
                                          const StoreCall& call) {
  request.headers.remove("if-none-match").remove("if-match");
  request.conditional = options.is_conditional() && client_->features().conditional;
  if (!request.conditional) return check_condition(key, options, call);
  if (options.if_absent) request.headers.set("if-none-match", "*");
  else request.headers.set("if-match", '"' + options.if_match + '"');
  return {};
}

Result<void> S3ObjectStore::check_condition(const std::string& key, const PutOptions& options, const StoreCall& call) {
  if (!options.is_conditional()) return {};
  const auto there = head_of(key, call);
  if (!there && there.error().code() != ErrorCode::not_found) return there.error();
  if (options.if_absent && there) return call.already_exists();
  if (!options.if_match.empty() && (!there || there->etag != options.if_match)) return call.precondition_failed();
  return {};
}

Result<ObjectInfo> S3ObjectStore::put(const std::string& key, Reader& body, const PutOptions& options,
                                      const Context& context) {
  const StoreCall call{"s3", "put", key, context};
  DOCUPILOT_CHECK(full_key(key, call));
  DOCUPILOT_CHECK(call.named(check_put_options(options)));
  DOCUPILOT_CHECK(call.named(s3::check_metadata(options.attributes)));
  DOCUPILOT_CHECK(call.check());
  const std::optional<std::uint64_t> size = body.size();
  if (size > client_->quirks().maximum_object) {
    return call.error(ErrorCode::too_large, "the object is larger than this store takes", "split it");
  }
  Write write{.key = key, .options = options};
  if (options.is_conditional()) write.mark = s3::make_mark(options.attributes);
  const std::uint64_t part = client_->options().part_size;
  if (size && *size > part) {
    if (*size <= client_->options().single_put) return put_stream(write, body, *size, call);
    return put_in_parts(write, {}, body, call);
  }
  bool ended = false;
  // One byte more than was said or fits, so that a longer body is noticed.
  DOCUPILOT_TRY(std::string bytes, read_up_to(body, size ? *size + 1 : part, ended, call));
  if (size && bytes.size() != *size) {
    return call.error(ErrorCode::corrupted,
                      "the reader said " + std::to_string(*size) + " bytes and gave another number",
                      "the data changed while they were read: try again");
  }
  if (size || ended) return put_memory(write, as_bytes(bytes), call);
  return put_in_parts(write, std::move(bytes), body, call);
}

Result<ObjectInfo> S3ObjectStore::put_memory(const Write& write, ByteView bytes, const StoreCall& call) {
  S3Request request{.operation = call.operation, .target = write.key};
  request.body = bytes;
  return put_once(write, std::move(request), bytes.size(), call);
}

Result<ObjectInfo> S3ObjectStore::put_stream(const Write& write, Reader& body, std::uint64_t size,
                                             const StoreCall& call) {
  // Over plain http a stream must be signed piece by piece; a server that cannot take that gets parts.
  if (!client_->quirks().streaming && !client_->place()->endpoint.is_https())
    return put_in_parts(write, {}, body, call);
  s3::TappedReader tapped(body);
  S3Request request{.operation = call.operation, .target = write.key};
  request.streamed = true;
  request.reader = &tapped;
  request.length = size;
  request.repeatable = [&] { return !tapped.begun(); };
  auto put = put_once(write, std::move(request), size, call);
  if (tapped.error()) return *tapped.error();
  return put;
}

Result<ObjectInfo> S3ObjectStore::put_once(const Write& write, S3Request request, std::uint64_t size,
                                           const StoreCall& call) {
  DOCUPILOT_TRY(request.key, full_key(write.key, call));
  const PutOptions& options = write.options;
  request.method = "PUT";
  request.checksum = true;
  add_object_headers(request.headers, options, write.mark);
  DOCUPILOT_CHECK(add_condition(request, write.key, options, call));
  auto reply = client_->call(request, call.context);
  if (!reply && request.conditional && !client_->features().conditional &&
      (!request.repeatable || request.repeatable())) {
    DOCUPILOT_CHECK(add_condition(request, write.key, options, call));  // it has just said that it knows none
    reply = client_->call(request, call.context);
  }
  if (reply) return s3::written_object(call, reply->headers, size, options);
  Error error = std::move(reply).error();
  const bool refused = is_refused(options, error);
  if (request.conditional && (refused || error.code() == ErrorCode::outcome_unknown)) {
    // An attempt whose reply was lost may have been the one that made the object.
    if (error.attempts() > 1 || error.code() == ErrorCode::outcome_unknown) {
      const auto there = marked_head(write.key, call);
      if (there && !write.mark.empty() && there->mark == write.mark && there->object.size == size) return there->object;
    }
  }
  return request.conditional ? told_condition(options, std::move(error), call) : call.name(std::move(error));
}

Error S3ObjectStore::told_condition(const PutOptions& condition, Error error, const StoreCall& call) {
  // Whoever else is at it has not won yet.
  if (!is_refused(condition, error) || error.service_code() == "NoSuchBucket" || s3::is_contested(error)) {
    return call.name(std::move(error));
  }
  return call.instead(condition.if_absent ? call.already_exists() : call.precondition_failed(), error);
}

Result<S3Request> S3ObjectStore::part_request(const PartRequest& part, const StoreCall& call) {
  S3Request request{.operation = call.operation, .target = part.key(), .method = "PUT"};
  DOCUPILOT_TRY(request.key, full_key(part.key(), call));
  request.streamed = true;
  request.length = part.body->size();
  request.unsigned_chunk = largest_chunk;
  request.signed_chunk = s3::signed_chunk(crypto::sha256_lanes());
  const auto& [upload, options] = *part.target;
  if (part.number != 0) {
    DOCUPILOT_CHECK(call.named(check_part_number(part.number)));
    request.query = s3::part_query(part.number, upload);
    return request;
  }
  DOCUPILOT_CHECK(call.named(check_put_options(options)));
  DOCUPILOT_CHECK(call.named(s3::check_metadata(options.attributes)));
  add_object_headers(request.headers, options, s3::UploadId::parse(upload.upload_id).mark);
  DOCUPILOT_CHECK(add_condition(request, upload.key, options, call));
  return request;
}

Result<ObjectInfo> S3ObjectStore::put_in_parts(const Write& write, std::string first, Reader& body,
                                               const StoreCall& call) {
  std::uint64_t part_size = client_->options().part_size;
  if (const auto size = body.size()) {
    const std::uint64_t least = (*size + most_parts - 1) / most_parts;
    part_size = std::max(part_size, (least + mebibyte - 1) / mebibyte * mebibyte);
  }
  DOCUPILOT_TRY(const MultipartUpload upload, begin_multipart(write.key, write.options, call.context));
  const auto all = [&]() -> Result<ObjectInfo> {
    BodyCounter counter(body);
    std::vector<PartInfo> parts;
    std::string bytes = std::move(first);
    DOCUPILOT_CHECK(call.named(counter.add(bytes.size(), bytes.size())));
    for (bool ended = false; !ended;) {
      if (bytes.empty()) {
        DOCUPILOT_TRY(bytes, read_up_to(body, part_size, ended, call));
        DOCUPILOT_CHECK(call.named(counter.add(bytes.size(), bytes.size())));
        if (bytes.empty() && !parts.empty()) break;
      }
      if (parts.size() == most_parts) {
        return call.error(ErrorCode::too_large, "the body goes on behind 10,000 parts",
                          "open the store with a larger part_size");
      }
      S3Request request{.operation = call.operation, .target = write.key};
      request.body = as_bytes(bytes);
      const int number = static_cast<int>(parts.size()) + 1;
      DOCUPILOT_TRY(PartInfo part, send_part(upload, number, std::move(request), bytes.size(), call));
      parts.push_back(std::move(part));
      bytes.clear();
    }
    DOCUPILOT_CHECK(call.named(counter.finish()));
    return complete(upload, parts, write.options, call);
  };
  auto done = all();
  if (!done && done.error().code() != ErrorCode::outcome_unknown) abort_quietly(upload);
  return done;
}

}  // namespace docupilot::inline v1
