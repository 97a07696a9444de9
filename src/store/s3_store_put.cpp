#include <algorithm>

#include "base/try.h"
#include "http/percent.h"
#include "store/s3_body.h"
#include "store/s3_errors.h"
#include "store/s3_metadata.h"
#include "store/s3_object_store.h"
#include "store/s3_wire.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

bool is_conditional(const PutOptions& options) { return options.if_absent || !options.if_match.empty(); }

}  // namespace

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

void S3ObjectStore::add_object_headers(http::Headers& headers, const PutOptions& options,
                                       const std::string& mark) const {
  // Without one, servers make up different types of their own.
  headers.set("content-type", options.content_type.empty() ? "application/octet-stream" : options.content_type);
  s3::add_metadata(headers, options.attributes);
  if (!mark.empty()) headers.set("x-amz-meta-" + std::string(s3::write_mark), mark);
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

Result<void> S3ObjectStore::check_condition(const std::string& key, const PutOptions& options, const StoreCall& call) {
  if (!is_conditional(options)) return {};
  const auto there = head_of(key, call);
  if (!there && there.error().code() != ErrorCode::not_found) return there.error();
  if (options.if_absent && there) return call.already_exists();
  if (!options.if_match.empty() && (!there || there->etag != options.if_match)) return call.precondition_failed();
  return {};
}

Result<std::optional<ObjectInfo>> S3ObjectStore::find_marked(const std::string& key, const std::string& mark,
                                                             const StoreCall& call) {
  if (mark.empty()) return std::optional<ObjectInfo>();
  DOCUPILOT_TRY(std::string full, full_key(key, call));
  const auto reply = client_->call(
      {.operation = call.operation, .target = key, .method = "HEAD", .key = std::move(full)}, call.context);
  if (!reply) {
    if (reply.error().http_status() == 404) return std::optional<ObjectInfo>();
    return reply.error();
  }
  if (reply->headers.get("x-amz-meta-" + std::string(s3::write_mark)) != mark) return std::optional<ObjectInfo>();
  ObjectInfo info;
  info.key = key;
  s3::read_metadata(reply->headers, info);
  return std::optional<ObjectInfo>(std::move(info));
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
  if (is_conditional(options)) write.mark = s3::make_mark(options.attributes);
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
  request.conditional = is_conditional(options) && client_->features().conditional;
  if (request.conditional) {
    if (options.if_absent) request.headers.set("if-none-match", "*");
    else request.headers.set("if-match", '"' + options.if_match + '"');
  } else {
    DOCUPILOT_CHECK(check_condition(write.key, options, call));
  }
  auto reply = client_->call(request, call.context);
  if (!reply && request.conditional && !client_->features().conditional &&
      (!request.repeatable || request.repeatable())) {
    // The server has just said that it knows no conditions: look first, then write.
    request.conditional = false;
    request.headers.remove("if-none-match").remove("if-match");
    DOCUPILOT_CHECK(check_condition(write.key, options, call));
    reply = client_->call(request, call.context);
  }
  if (reply) {
    ObjectInfo info{.key = write.key,
                    .size = size,
                    .etag = s3::bare_etag(reply->headers.get("etag")),
                    .version = {},
                    .modified = s3::read_http_time(reply->headers.get("date")),
                    .content_type = options.content_type,
                    .attributes = with_lower_names(options.attributes)};
    const std::string_view version = reply->headers.get("x-amz-version-id");
    if (version != "null") info.version = version;
    if (info.etag.empty()) {
      return call.error(ErrorCode::corrupted, "the server's reply has no ETag", "check that the endpoint speaks S3");
    }
    return info;
  }
  Error error = std::move(reply).error();
  const bool refused = error.code() == ErrorCode::precondition_failed || error.code() == ErrorCode::conflict ||
                       (!options.if_match.empty() && error.code() == ErrorCode::not_found);
  if (request.conditional && (refused || error.code() == ErrorCode::outcome_unknown)) {
    // An attempt whose reply was lost may have been the one that made the object.
    if (error.attempts() > 1 || error.code() == ErrorCode::outcome_unknown) {
      auto ours = find_marked(write.key, write.mark, call);
      if (ours && *ours) {
        (*ours)->size = size;
        return **std::move(ours);
      }
    }
    // Whoever else is at it has not won yet.
    if (refused && error.service_code() != "NoSuchBucket" && !s3::is_contested(error)) {
      return call.instead(options.if_absent ? call.already_exists() : call.precondition_failed(), error);
    }
  }
  return call.name(std::move(error));
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
    return complete(upload, parts, call);
  };
  auto done = all();
  if (!done && done.error().code() != ErrorCode::outcome_unknown) abort_quietly(upload);
  return done;
}

}  // namespace docupilot::inline v1
