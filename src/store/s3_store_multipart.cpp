#include <algorithm>

#include "base/try.h"
#include "crypto/crc64nvme.h"
#include "store/s3_body.h"
#include "store/s3_errors.h"
#include "store/s3_metadata.h"
#include "store/s3_object_store.h"
#include "store/s3_upload_id.h"
#include "store/s3_wire.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr int most_pages = 10'000;  // of a list: one that goes on for ever is a server's trick or mistake
constexpr int most_aborts = 3;
constexpr Duration joining_time = Duration::milliseconds(300'000);  // some servers copy all parts, without a word
constexpr std::uint64_t largest_part = std::uint64_t{5} << 30U;

/// Whether this attempt may have had its effect; for "slow down", whether an earlier one may.
bool may_have_been_done(const Error& error) {
  if (error.code() == ErrorCode::rate_limited) return error.cause() != nullptr && may_have_been_done(*error.cause());
  return error.code() == ErrorCode::outcome_unknown || error.code() == ErrorCode::unavailable ||
         error.code() == ErrorCode::timeout || error.http_status() >= 500 ||
         (error.code() == ErrorCode::corrupted && error.service_code().empty());
}

/// Whether an object that was completed has the bytes of the parts, whose sizes are all known.
bool shows_bytes(const s3::WriteResult& result, const std::vector<PartInfo>& parts) {
  if (std::ranges::find(parts, 0U, &PartInfo::size) != parts.end()) return false;
  return (result.crc64nvme && result.crc64nvme == joined_crc64nvme(parts)) || result.etag == s3::joined_etag(parts);
}

}  // namespace

Result<MultipartUpload> S3ObjectStore::begin_multipart(const std::string& key, const PutOptions& options,
                                                       const Context& context) {
  return begin_upload(key, options, Parts::sent, {"s3", "begin_multipart", key, context});
}

Result<MultipartUpload> S3ObjectStore::begin_upload(const std::string& key, const PutOptions& options, Parts parts,
                                                    const StoreCall& call) {
  DOCUPILOT_TRY(std::string full, full_key(key, call));
  DOCUPILOT_CHECK(call.named(check_put_options(options)));
  DOCUPILOT_CHECK(call.named(s3::check_metadata(options.attributes)));
  const std::string mark = s3::make_mark(options.attributes);
  S3Request request{.operation = call.operation, .target = key, .method = "POST", .key = std::move(full)};
  request.query = {{"uploads", ""}};
  request.idempotent = false;  // twice leaves an upload that nobody completes
  request.checksum = parts == Parts::sent;
  request.checksum_headers = {{"x-amz-checksum-algorithm", "CRC64NVME"}, {"x-amz-checksum-type", "FULL_OBJECT"}};
  request.root = "InitiateMultipartUploadResult";
  add_object_headers(request.headers, options, mark);
  DOCUPILOT_TRY(const http::Response reply, client_->call(request, call.context));
  DOCUPILOT_TRY(const std::string id, call.named(s3::read_upload_id(reply.body)));
  const s3::UploadId made{.id = id, .if_absent = options.if_absent, .if_match = options.if_match, .mark = mark};
  return MultipartUpload{.key = key, .upload_id = made.to_string(), .started = client_->now()};
}

Result<PartInfo> S3ObjectStore::send_part(const MultipartUpload& upload, int number, S3Request request,
                                          std::uint64_t size, const StoreCall& call) {
  DOCUPILOT_TRY(request.key, full_key(upload.key, call));
  request.method = "PUT";
  request.query = s3::part_query(number, upload);
  PartInfo part{.number = number, .size = size, .etag = {}};
  request.checksum = true;
  std::uint64_t streamed = 0;
  request.read_crc64nvme = &streamed;
  if (!request.streamed && client_->features().checksums) {
    part.crc64nvme = crc::crc64nvme(request.body);
    request.body_crc64nvme = part.crc64nvme;
  }
  auto reply = client_->call(request, call.context);
  if (!reply) {
    if (s3::is_unknown_upload(reply.error())) return call.instead(call.no_upload(), reply.error());
    return call.name(std::move(reply).error());
  }
  if (!client_->features().checksums) part.crc64nvme.reset();
  else if (request.streamed) part.crc64nvme = streamed;
  DOCUPILOT_TRY(part.etag, s3::written_etag(call, reply->headers));
  return part;
}

Result<PartInfo> S3ObjectStore::put_part(const MultipartUpload& upload, int number, Reader& body,
                                         const Context& context) {
  const StoreCall call{"s3", "put_part", upload.key, context};
  DOCUPILOT_CHECK(call.named(check_part_number(number)));
  DOCUPILOT_CHECK(call.check());
  const auto size = body.size();
  const std::uint64_t kept = client_->options().part_size;
  if (size > largest_part || (size > kept && !client_->quirks().streaming && !client_->place()->endpoint.is_https())) {
    return call.error(ErrorCode::too_large, "the part is larger than can be sent", "send smaller parts");
  }
  S3Request request{.operation = call.operation, .target = upload.key};
  if (size > kept) {
    s3::TappedReader tapped(body);
    request.streamed = true;
    request.reader = &tapped;
    request.length = *size;
    request.repeatable = [&] { return !tapped.begun(); };
    auto part = send_part(upload, number, std::move(request), *size, call);
    if (tapped.error()) return *tapped.error();
    return part;
  }
  bool ended = false;
  DOCUPILOT_TRY(const std::string bytes, read_up_to(body, size.value_or(kept) + 1, ended, call));
  if (size && bytes.size() != *size) {
    return call.error(ErrorCode::corrupted,
                      "the reader said " + std::to_string(*size) + " bytes and gave another number",
                      "the data changed while they were read: try again");
  }
  if (!ended && !size) {
    return call.error(ErrorCode::too_large, "a part of unknown size is larger than part_size",
                      "say the part's size, or send smaller parts");
  }
  request.body = as_bytes(bytes);
  return send_part(upload, number, std::move(request), bytes.size(), call);
}

Result<std::vector<PartInfo>> S3ObjectStore::list_parts(const MultipartUpload& upload, const Context& context) {
  return parts_of(upload, {"s3", "list_parts", upload.key, context});
}

Result<std::vector<PartInfo>> S3ObjectStore::parts_of(const MultipartUpload& upload, const StoreCall& call) {
  DOCUPILOT_TRY(const std::string full, full_key(upload.key, call));
  std::vector<PartInfo> parts;
  int marker = 0;
  for (int pages = 1;; ++pages) {
    S3Request request{.operation = call.operation, .target = upload.key, .key = full};
    request.query = {{"uploadId", std::string(s3::UploadId::parse(upload.upload_id).id)}};
    if (marker > 0) request.query.emplace_back("part-number-marker", std::to_string(marker));
    auto reply = client_->call(request, call.context);
    if (!reply) {
      if (s3::is_unknown_upload(reply.error())) return call.instead(call.no_upload(), reply.error());
      return call.name(std::move(reply).error());
    }
    DOCUPILOT_TRY(s3::PartPage page, call.named(s3::read_parts(reply->body)));
    parts.insert(parts.end(), std::move_iterator(page.parts.begin()), std::move_iterator(page.parts.end()));
    if (!page.truncated) break;
    if (page.next_marker <= marker || pages == most_pages) {
      return call.error(ErrorCode::corrupted, "the list of parts does not go on", "check that the endpoint speaks S3");
    }
    marker = page.next_marker;
  }
  std::ranges::sort(parts, {}, &PartInfo::number);
  return parts;
}

Result<ObjectInfo> S3ObjectStore::complete_multipart(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                                     const Context& context) {
  const StoreCall call{"s3", "complete_multipart", upload.key, context};
  DOCUPILOT_TRY(auto ordered, call.named(parts_in_order(parts)));
  return complete(upload, std::move(ordered), {}, call);
}

Result<void> S3ObjectStore::add_checksums(const MultipartUpload& upload, std::vector<PartInfo>& parts,
                                          const StoreCall& call) {
  const bool wanted = client_->features().checksums;
  if (!wanted) {
    for (PartInfo& part : parts) part.crc64nvme.reset();
  }
  // An upload that was announced with checksums completes only with all of them, which the server has kept. And where
  // completing what is not there is no error, somebody has to look.
  if (!client_->replays_complete() && (!wanted || joined_crc64nvme(parts))) return {};
  DOCUPILOT_TRY(const auto listed, parts_of(upload, call));
  for (const PartInfo& has : listed) {
    const auto part = std::ranges::find(parts, has.number, &PartInfo::number);
    if (!wanted || part == parts.end() || part->crc64nvme || part->etag != has.etag) continue;
    part->crc64nvme = has.crc64nvme;
    part->size = has.size;
  }
  return {};
}

Error S3ObjectStore::unknown_outcome(Error why, const StoreCall& call) {
  return call.name(Error(ErrorCode::outcome_unknown, "whether the upload was completed is not known")
                       .hint("complete it again; when there is no such upload, look at the object")
                       .service(why.http_status(), why.service_code(), why.request_id())
                       .attempts(why.attempts())
                       .cause(std::move(why)));
}

Result<ObjectInfo> S3ObjectStore::complete(const MultipartUpload& upload, std::vector<PartInfo> parts,
                                           const PutOptions& begun_with, const StoreCall& call) {
  const s3::UploadId id = s3::UploadId::parse(upload.upload_id);
  const PutOptions condition{.if_absent = id.if_absent, .if_match = std::string(id.if_match)};
  DOCUPILOT_CHECK(add_checksums(upload, parts, call));
  const std::string body = s3::write_complete(parts);
  S3Request request{.operation = call.operation, .target = upload.key, .method = "POST"};
  DOCUPILOT_TRY(request.key, full_key(upload.key, call));
  request.query = {{"uploadId", std::string(id.id)}};
  request.headers.set("content-type", "application/xml");
  request.body = as_bytes(body);
  request.root = "CompleteMultipartUploadResult";
  request.stall = joining_time;
  if (const auto whole = joined_crc64nvme(parts)) {
    request.checksum = true;
    request.checksum_headers = {{s3::checksum_header, s3::to_checksum(*whole)},
                                {"x-amz-checksum-type", "FULL_OBJECT"},
                                {"x-amz-mp-object-size", std::to_string(total_size(parts))}};
  }
  DOCUPILOT_CHECK(add_condition(request, upload.key, condition, call));
  auto reply = client_->call(request, call.context);
  if (!reply && request.conditional && !client_->features().conditional) {
    DOCUPILOT_CHECK(add_condition(request, upload.key, condition, call));
    reply = client_->call(request, call.context);
  }
  if (!reply) return reconcile(upload, parts, std::move(reply).error(), call);
  DOCUPILOT_TRY(const s3::WriteResult result, call.named(s3::read_write_result(reply->body, request.root)));
  if (client_->replays_complete()) {
    // An attempt that is still at work is told as done, too, and may fail.
    auto there = marked_head(upload.key, call);
    if (there && is_result(*there, id.mark, parts)) return std::move(there->object);
    return unknown_outcome(there ? Error(ErrorCode::internal, "the object there is another one") : there.error(), call);
  }
  // The reply says neither type nor time, but looking costs a request, and more rights than an upload needs: that is
  // left out where the reply shows that the object has the bytes of the parts. Else who replaced the object meanwhile
  // does not speak for ours.
  if (!shows_bytes(result, parts)) {
    auto there = head_of(upload.key, call);
    if (there && there->etag == result.etag) return there;
  }
  const std::string_view date = reply->headers.get("date");
  return ObjectInfo{.key = upload.key,
                    .size = total_size(parts),
                    .etag = result.etag,
                    .version = std::string(s3::told_version(reply->headers)),
                    .modified = date.empty() ? client_->now() : s3::read_http_time(date),
                    .content_type = begun_with.content_type,
                    .attributes = with_lower_names(begun_with.attributes),
                    .crc64nvme = result.crc64nvme};
}

Result<ObjectInfo> S3ObjectStore::reconcile(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                            Error error, const StoreCall& call) {
  const s3::UploadId id = s3::UploadId::parse(upload.upload_id);
  const bool no_upload = s3::is_unknown_upload(error);
  const bool refused = error.code() == ErrorCode::precondition_failed || error.code() == ErrorCode::conflict;
  // A completion that breaks off in the middle may also have cost the upload its parts.
  const bool tells_of_another = no_upload || refused || error.service_code() == "InvalidPart";
  const bool lost =
      may_have_been_done(error) || (tells_of_another && error.cause() != nullptr && may_have_been_done(*error.cause()));
  // The reply of an attempt that succeeded may have been lost: only then is the object of these very parts ours.
  if (lost) {
    auto there = marked_head(upload.key, call);
    if (there && is_result(*there, id.mark, parts)) return there->object;
    // A condition that failed, and an object that carries no mark of ours: then it was somebody else's.
    const bool is_known = there || there.error().code() == ErrorCode::not_found;
    const bool somebodys =
        refused && id.is_conditional() && is_known && !id.mark.empty() && (!there || there->mark != id.mark);
    if (!somebodys) {
      return unknown_outcome(std::move(error), call);
    }
  }
  if (no_upload) return call.instead(call.no_upload(), error);
  if (error.service_code() == "InvalidPart" || error.service_code() == "EntityTooSmall") {
    // Servers differ in what they look at first: whether there is such an upload, such a part, or its size.
    const auto listed = parts_of(upload, call);
    if (!listed && listed.error().code() == ErrorCode::not_found) return call.instead(call.no_upload(), error);
    for (const PartInfo& part : parts) {
      const auto is_this = [&](const PartInfo& has) { return has.number == part.number && has.etag == part.etag; };
      if (listed && std::ranges::none_of(*listed, is_this)) {
        return call.instead(call.wrong_part(part.number), error);
      }
    }
  }
  // Whoever else is at it has not won yet.
  if (refused && id.is_conditional() && !s3::is_contested(error)) {
    return call.instead(id.if_absent ? call.already_exists() : call.precondition_failed(), error);
  }
  return call.name(std::move(error));
}

bool S3ObjectStore::is_result(const Marked& there, std::string_view mark, const std::vector<PartInfo>& parts) {
  if (there.object.size != total_size(parts) || there.mark != mark) return false;
  return is_made_of(there.object, parts) || there.object.etag == s3::joined_etag(parts);
}

Result<std::optional<ObjectInfo>> S3ObjectStore::find_completed(const MultipartUpload& upload,
                                                                const std::vector<PartInfo>& parts,
                                                                const Context& context) {
  const StoreCall call{"s3", "find_completed", upload.key, context};
  const s3::UploadId id = s3::UploadId::parse(upload.upload_id);
  DOCUPILOT_TRY(const auto ordered, call.named(parts_in_order(parts)));
  auto there = marked_head(upload.key, call);
  if (!there && there.error().code() != ErrorCode::not_found) return std::move(there).error();
  if (!there) return std::optional<ObjectInfo>();
  // A whole object that was sent in one request has its own ETag, which is that of no parts. Its mark is as random.
  const bool is_whole = id.id.empty() && !id.mark.empty() && there->mark == id.mark;
  const bool same_size = there->object.size == total_size(ordered);
  const auto crc = joined_crc64nvme(ordered);
  const bool differs = crc && there->object.crc64nvme && there->object.crc64nvme != crc;
  if (is_whole ? same_size && !differs : is_result(*there, id.mark, ordered)) return std::optional(there->object);
  return std::optional<ObjectInfo>();
}

Result<void> S3ObjectStore::abort_multipart(const MultipartUpload& upload, const Context& context) {
  const StoreCall call{"s3", "abort_multipart", upload.key, context};
  S3Request request{.operation = call.operation, .target = upload.key, .method = "DELETE"};
  DOCUPILOT_TRY(request.key, full_key(upload.key, call));
  request.query = {{"uploadId", std::string(s3::UploadId::parse(upload.upload_id).id)}};
  // A part that was on its way arrives after the upload is gone, and is kept and paid for: so S3's own documentation
  // of AbortMultipartUpload asks to look, and to abort again.
  for (int times = 0; times < most_aborts; ++times) {
    const auto reply = client_->call(request, context);
    if (!reply) return s3::is_unknown_upload(reply.error()) ? Result<void>() : call.name(reply.error());
    const auto left = parts_of(upload, call);
    if (!left) return left.error().code() == ErrorCode::not_found ? Result<void>() : left.error();
  }
  return call.error(ErrorCode::unavailable, "parts of the upload still arrive", "abort it again later");
}

void S3ObjectStore::abort_quietly(const MultipartUpload& upload) {
  // An upload that cannot be aborted now is found by list_multipart later.
  static_cast<void>(abort_multipart(upload, {.deadline = Deadline::after(Duration::milliseconds(2'000)), .stop = {}}));
}

Result<std::vector<MultipartUpload>> S3ObjectStore::list_multipart(const std::string& prefix, const Context& context) {
  const StoreCall call{"s3", "list_multipart", prefix, context};
  const std::string& before = client_->options().prefix;
  std::vector<MultipartUpload> uploads;
  std::string key_marker;
  std::string id_marker;
  for (int pages = 1;; ++pages) {
    S3Request request{.operation = call.operation, .target = prefix, .root = "ListMultipartUploadsResult"};
    request.query = {{"uploads", ""}, {"encoding-type", "url"}};
    request.encoding_type = true;
    if (!client_->sifts_uploads() && !(before + prefix).empty()) request.query.emplace_back("prefix", before + prefix);
    if (!key_marker.empty()) request.query.emplace_back("key-marker", key_marker);
    if (!id_marker.empty()) request.query.emplace_back("upload-id-marker", id_marker);
    DOCUPILOT_TRY(const http::Response reply, client_->call(request, context));
    DOCUPILOT_TRY(s3::UploadPage page, call.named(s3::read_uploads(reply.body)));
    for (MultipartUpload& upload : page.uploads) {
      if (!upload.key.starts_with(before + prefix)) continue;
      upload.key.erase(0, before.size());
      uploads.push_back(std::move(upload));
    }
    if (!page.truncated) break;
    if ((page.next_key == key_marker && page.next_upload_id == id_marker) || pages == most_pages) {
      return call.error(ErrorCode::corrupted, "the list of uploads does not go on",
                        "check that the endpoint speaks S3");
    }
    key_marker = std::move(page.next_key);
    id_marker = std::move(page.next_upload_id);
  }
  std::ranges::sort(
      uploads, [](const auto& a, const auto& b) { return a.key != b.key ? a.key < b.key : a.upload_id < b.upload_id; });
  return uploads;
}

}  // namespace docupilot::inline v1
